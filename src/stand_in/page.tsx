/**
 * The web page of a stand-in: what it got, read only.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
// deno-lint-ignore-file jsx-key -- written out once as text: there is nothing to keep apart
import type { Child, FC } from "hono/jsx";
import { raw } from "hono/html";
import { createHash } from "node:crypto";
import type { Kind } from "../base/record.ts";
import { toText } from "./batch.ts";
import type { Instance } from "./instance.ts";
import { style } from "./page_style.ts";
import type { StoredRecord } from "./records.ts";
import type { Store } from "./store.ts";

const title = "Stand-in Oomnitza";
const refreshSeconds = 5;
const fieldsShown = 8;
const charactersShown = 60;

const styleHash = createHash("sha256").update(style).digest("base64");

/** Headers that go with the page: nothing but its own style may be loaded, nobody may frame it. */
export const pageHeaders: Record<string, string> = {
  "content-security-policy":
    `default-src 'none'; style-src 'sha256-${styleHash}'; img-src data:; base-uri 'none'; ` +
    "form-action 'none'; frame-ancestors 'none'",
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** The page as HTML; with `refresh` it loads itself anew every five seconds. */
export function page(instance: Instance, { refresh }: { refresh: boolean }): string {
  const { store } = instance;
  const html = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        {refresh ? <meta http-equiv="refresh" content={String(refreshSeconds)} /> : null}
        <title>{title}</title>
        <link rel="icon" href="data:," />
        <style>{raw(style)}</style>
      </head>
      <body>
        <header>
          <h1>{title}</h1>
          <p>
            Takes uploads on this machine and keeps them in memory. <Refreshing on={refresh} />
          </p>
        </header>
        <main>
          <Counts store={store} />
          <Facts instance={instance} />
          <Mappings store={store} />
          <Records store={store} kind="assets" heading="Latest assets" />
          <Records store={store} kind="users" heading="Latest people" />
        </main>
      </body>
    </html>
  );
  return `<!doctype html>${html}`;
}

const Refreshing: FC<{ on: boolean }> = ({ on }) =>
  on
    ? (
      <>
        Refreshed every {refreshSeconds} seconds. <a href="/?refresh=off">Stop refreshing</a>
      </>
    )
    : (
      <>
        Not refreshed. <a href="/">Refresh every {refreshSeconds} seconds</a>
      </>
    );

const Counts: FC<{ store: Store }> = ({ store }) => {
  const { received, created, updated, skipped } = store.counters;
  const figures: [string, number][] = [
    ["Records received", received],
    ["Created", created],
    ["Updated", updated],
    ["Skipped", skipped],
  ];
  return (
    <dl class="counts">
      {figures.map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{formatNumber(value)}</dd>
        </div>
      ))}
    </dl>
  );
};

const Facts: FC<{ instance: Instance }> = ({ instance: { apiVersions, startedAt } }) => (
  <p class="facts">
    Up since <Clock at={startedAt} /> (UTC). Upload protocols:{" "}
    {[...apiVersions].sort().join(" and ")}.
  </p>
);

const Mappings: FC<{ store: Store }> = ({ store }) => {
  const open = (name: string, kind: Kind) =>
    store.portions.filter((p) => p.name === name && p.kind === kind && !p.finalized).length;
  return (
    <Table
      heading="By mapping name"
      empty="Nothing was uploaded yet."
      columns={["Mapping", "Kind", "Distinct", "Received", "Created", "Updated", "Skipped", "Open"]}
      rows={store.mappings.map((m) => [
        m.name,
        m.kind === "users" ? "people" : m.kind,
        ...[m.distinct, m.received, m.created, m.updated, m.skipped].map(formatNumber),
        formatNumber(open(m.name, m.kind)),
      ])}
      numeric={2}
      note="Open: portions of the v3 protocol that were not finalized yet."
    />
  );
};

const Records: FC<{ store: Store; kind: Kind; heading: string }> = ({ store, kind, heading }) => {
  const latest = store.latest(kind);
  const { fields, more } = chooseFields(latest);
  return (
    <Table
      heading={heading}
      empty={`No ${kind === "users" ? "people" : kind} yet.`}
      columns={["Time (UTC)", "Mapping", ...fields]}
      rows={latest.map(({ at, name, record }) => [
        <Clock at={at} />,
        name,
        ...fields.map((field) =>
          Object.hasOwn(record, field) ? shorten(toText(record[field])) : ""
        ),
      ])}
      note={more === 0 ? undefined : `${more} more ${more === 1 ? "field" : "fields"} not shown.`}
    />
  );
};

interface TableProps {
  heading: string;
  /** What to say when there are no rows. */
  empty: string;
  columns: string[];
  rows: Child[][];
  /** Column from which on everything is a number. */
  numeric?: number | undefined;
  note?: string | undefined;
}

const Table: FC<TableProps> = ({ heading, empty, columns, rows, numeric, note }) => {
  const id = heading.toLowerCase().replaceAll(" ", "-");
  const look = (column: number) => ({ class: column >= (numeric ?? Infinity) ? "number" : "" });
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{heading}</h2>
      {rows.length === 0 ? <p class="empty">{empty}</p> : (
        // A region that can be scrolled must be reachable with the keyboard.
        <div class="scroll" role="region" aria-labelledby={id} tabindex={0}>
          <table>
            <thead>
              <tr>
                {columns.map((name, i) => <th scope="col" {...look(i)}>{name}</th>)}
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => <tr>{row.map((cell, i) => <td {...look(i)}>{cell}</td>)}</tr>)}
            </tbody>
          </table>
        </div>
      )}
      {note === undefined || rows.length === 0 ? null : <p class="note">{note}</p>}
    </section>
  );
};

const Clock: FC<{ at: number }> = ({ at }) => {
  const iso = new Date(at).toISOString();
  return <time datetime={iso}>{iso.slice(11, 19)}</time>;
};

/** The fields that get a column, in the order they are met. */
function chooseFields(records: readonly StoredRecord[]): { fields: string[]; more: number } {
  const all = new Set(records.flatMap(({ record }) => Object.keys(record)));
  const fields = [...all].slice(0, fieldsShown);
  return { fields, more: all.size - fields.length };
}

function shorten(text: string): string {
  const characters = Array.from(text.slice(0, 2 * charactersShown));
  if (characters.length <= charactersShown) return text;
  return `${characters.slice(0, charactersShown - 1).join("")}…`;
}

function formatNumber(value: number): string {
  return value.toLocaleString("en-GB");
}
