/**
 * The options of `[oomnitza]` and of every section, and the sources, as parts of a docs page.
 *
 * @module
 */

import { oomnitzaOptions } from "../../src/oomnitza/options.ts";
import type { Options } from "../../src/sdk/option.ts";
import { tlsOptions } from "../../src/sdk/tls/options.ts";
import {
  deliveryOptions,
  limitOptions,
  secretOptions,
} from "../../src/settings/section_options.ts";
import { alertOptions } from "../../src/settings/alert_options.ts";
import { serveOptions } from "../../src/settings/serve_options.ts";
import { stateOptions } from "../../src/settings/state_options.ts";
import type { Limits } from "../../src/sdk/http/rate_limiter.ts";
import type { Source } from "../../src/sdk/source.ts";
import { cyberarkOptions, vaultOptions } from "../../src/secrets/mod.ts";
import { code, prose, table } from "./markdown.ts";
import { optionTable } from "./option_table.ts";

const shared: Options = { ...tlsOptions, ...secretOptions };

/** The options that only `[oomnitza]` has, as a table. */
export function oomnitzaTable(): string {
  return optionTable(Object.entries(oomnitzaOptions).filter(([key]) => !(key in shared)));
}

/** The options that only `[serve]` has, as a table. */
export function serveTable(): string {
  return optionTable(Object.entries(serveOptions).filter(([key]) => !(key in secretOptions)));
}

/** The options that only `[state]` has, as a table. */
export function stateTable(): string {
  return optionTable(Object.entries(stateOptions).filter(([key]) => !(key in secretOptions)));
}

/** The options that only `[alerts]` has, as a table. */
export function alertTable(): string {
  return optionTable(Object.entries(alertOptions).filter(([key]) => !(key in secretOptions)));
}

/** The options of every section that reads from a source, as a table. */
export function deliveryTable(): string {
  return optionTable(Object.entries(deliveryOptions));
}

/** The options that `[oomnitza]` and every other section have, as a table. */
export function sharedTable(): string {
  return optionTable(Object.entries(shared));
}

/** The options of sections that read over HTTP, as a table. */
export function limitTable(): string {
  return optionTable(Object.entries(limitOptions));
}

/** The options that only the section of a server of secrets has, as a table. */
export function serverTable(server: "vault" | "cyberark"): string {
  const options: Options = server === "vault" ? vaultOptions : cyberarkOptions;
  return optionTable(Object.entries(options).filter(([key]) => !(key in shared)));
}

/** The sources by name, with links to their pages. */
export function sourceTable(sources: readonly Source[]): string {
  const byName = sources.toSorted((a, b) => a.name < b.name ? -1 : 1);
  return table(
    ["Section", "Page", "What it uploads"],
    byName.map(({ name, title, summary }) => [
      code(`[${name}]`),
      `[${prose(title)}](sources/${name}.md)`,
      prose(summary),
    ]),
  );
}

function describePace({ requests, perSeconds = 60 }: Limits): string {
  if (requests === undefined) return "";
  const unit = { 60: "a minute", 3600: "an hour" }[perSeconds] ?? `in ${perSeconds} seconds`;
  return `${requests.toLocaleString("en")} ${unit}`;
}

/** What vendors end, the earliest first, as a table. */
export function deadlineTable(sources: readonly Source[]): string {
  const rows = sources.flatMap(({ name, title, deadlines = [] }) =>
    deadlines.map((deadline) => ({ name, title, ...deadline }))
  );
  const undated = "9999";
  return table(
    ["Ends", "What", "Section", "Takes its place", "What to do", "Vendor's notice"],
    rows.toSorted((a, b) => (a.ends ?? undated) < (b.ends ?? undated) ? -1 : 1)
      .map(({ name, title, ends, what, successor, todo, notice }) => [
        ends ?? "not announced",
        prose(`${title}: ${what}`),
        `[\`[${name}]\`](sources/${name}.md)`,
        prose(successor),
        prose(todo),
        prose(notice),
      ]),
  );
}

/** What sources over HTTP begin with, as a table. */
export function presetTable(sources: readonly Source[]): string {
  const limited = sources.filter(({ http, limits }) => http !== undefined && limits !== undefined)
    .toSorted((a, b) => a.name < b.name ? -1 : 1);
  return table(
    ["Section", "Requests at once", "Pace"],
    limited.map(({ name, limits = {} }) => [
      `[\`[${name}]\`](sources/${name}.md)`,
      `${limits.concurrency ?? ""}${limits.adaptive === true ? ", fewer when it is slow" : ""}`,
      describePace(limits),
    ]),
  );
}
