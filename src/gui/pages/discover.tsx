/**
 * What a source gives: the paths of its records, what is mapped of them, and what could be.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
// deno-lint-ignore-file jsx-key -- written out once as text: there is nothing to keep apart
import { type DiscoveredPath, discoverSection, type Discovery } from "../../app/discover.ts";
import { mostDistinct } from "../../app/distinct.ts";
import { describeTypes, shareOf } from "../../app/source_paths.ts";
import { ConfigError } from "../../base/errors.ts";
import { retryPolicies } from "../../sdk/http/retry.ts";
import { toSectionError } from "../../sync/report.ts";
import { EmptyPaths, ErrorNotice, Unreadable } from "../account.tsx";
import { type Call, goTo, type GuiContext, type Page, sectionPath } from "../context.ts";
import { withQuery } from "../format.ts";
import { show } from "../layout.tsx";
import { withSection } from "../section_config.ts";

/** How many records are read unless somebody says otherwise, and what can be chosen. */
const usualCount = 1000;
const counts = [100, usualCount, 10_000];

/** Paths that one page shows. */
const listed = 50;
/** Fields that are named; there may be thousands. */
const namedFields = 300;
const shownSuggestions = 50;

/** Which paths are listed. */
const kinds = [
  ["", "All paths"],
  ["open", "Not mapped"],
  ["mapped", "Mapped"],
  ["empty", "Without a value"],
] as const;

/** What was asked for, and what came of it: an error as it is shown. */
interface Shown {
  readonly count: number;
  readonly found?: Discovery;
  readonly problem?: unknown;
}

/** What the address says of the list of paths. */
interface View {
  readonly search: string;
  readonly kind: string;
  readonly page: number;
}

/** The tab that shows what a source gives. */
export const discoverPage: Page = {
  path: "discover",
  label: "Discover",
  navigation: "section",
  routes(app, gui) {
    const shown = new Map<string, Shown>();
    app.get("/section/:name/discover", (c) => {
      const section = c.req.param("name");
      return page(c, gui, section, shown.get(section));
    });
    app.post("/section/:name/discover", async (c) => {
      const section = c.req.param("name");
      const wanted = Number((await c.req.formData()).get("count"));
      const count = counts.includes(wanted) ? wanted : usualCount;
      shown.set(section, await discover(gui, section, count));
      return goTo(c, gui, sectionPath(section, "discover"));
    });
  },
};

async function discover(gui: GuiContext, section: string, count: number): Promise<Shown> {
  const request = { section, count, retry: retryPolicies.interactive };
  try {
    const found = await withSection(
      gui,
      section,
      (app, config) => discoverSection(app, config, request),
    );
    return { count, found };
  } catch (problem) {
    return { count, problem };
  }
}

function readView(query: Readonly<Record<string, string>>): View {
  const { search = "", kind = "", page = "1" } = query;
  return { search: search.trim(), kind, page: Math.max(Math.trunc(Number(page)) || 1, 1) };
}

function page(c: Call, gui: GuiContext, section: string, shown: Shown | undefined) {
  const { document } = gui.read();
  const view = readView(c.req.query());
  return show(c, gui, {
    title: section,
    path: "discover",
    section,
    document,
    children: (
      <>
        <Form section={section} count={shown?.count ?? usualCount} />
        {shown === undefined ? null : <Result gui={gui} shown={shown} view={view} />}
      </>
    ),
  });
}

function Form({ section, count }: { section: string; count: number }) {
  return (
    <form method="post" action={sectionPath(section, "discover")} class="actions">
      <label for="count">Records to read</label>
      <select id="count" name="count" class="short">
        {counts.map((each) => (
          <option value={String(each)} selected={each === count}>
            {each.toLocaleString("en")}
          </option>
        ))}
      </select>
      <button type="submit">Read and look</button>
      <span class="note">Nothing is sent, and no record is kept.</span>
    </form>
  );
}

interface ResultProps {
  readonly gui: GuiContext;
  readonly shown: Shown;
  readonly view: View;
}

function Result({ gui, shown: { found, problem }, view }: ResultProps) {
  if (found === undefined) {
    const findings = problem instanceof ConfigError ? problem.findings : [];
    return <ErrorNotice gui={gui} {...toSectionError(problem)} findings={findings} />;
  }
  const { count, paths, hasMore, unreadable, skipped, emptyPaths, hint, section } = found;
  const mapped = paths.filter(({ fields }) => fields.length > 0).length;
  const failed = unreadable === 0 ? "" : `, ${unreadable} could not be read`;
  return (
    <>
      <p class="notice" role="status">
        {count} records read{failed}: {paths.length} paths, {mapped} of them mapped.
        {hasMore ? " There are more paths than can be listed." : ""}
      </p>
      <Unreadable gui={gui} skipped={skipped} total={unreadable} />
      <EmptyPaths gui={gui} paths={emptyPaths} hint={hint} />
      <Suggestions gui={gui} found={found} />
      <Paths gui={gui} section={section} paths={paths} count={count} view={view} />
      <Fields gui={gui} found={found} />
    </>
  );
}

/** The address of the editor, with a new mapping begun. */
function mapAddress(section: string, begun: Readonly<Record<string, string>>): string {
  return withQuery(sectionPath(section, "mappings"), begun);
}

function Suggestions({ gui: { redactor }, found }: { gui: GuiContext; found: Discovery }) {
  const { suggestions, section } = found;
  if (suggestions.length === 0) return null;
  const more = suggestions.length - shownSuggestions;
  return (
    <section aria-labelledby="suggestions">
      <h2 id="suggestions">Suggestions</h2>
      <div class="scroll" tabindex={0} role="region" aria-label="Suggestions">
        <table class="cards">
          <thead>
            <tr>
              {["Oomnitza field", "Path", "Because", "Map"].map((title) => (
                <th scope="col">{title}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {suggestions.slice(0, shownSuggestions).map(({ field, path, reasons }) => (
              <tr>
                <th scope="row">{redactor.redact(field)}</th>
                <td data-label="Path">
                  <code>{redactor.redact(path)}</code>
                </td>
                <td data-label="Because">{reasons.join("; ")}</td>
                <td class="tight">
                  <a class="button quiet" href={mapAddress(section, { field, source: path })}>
                    Map <span class="heard">{field}</span>
                  </a>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {more > 0 ? <p class="note">and {more} more</p> : null}
    </section>
  );
}

interface PathsProps {
  readonly gui: GuiContext;
  readonly section: string;
  readonly paths: readonly DiscoveredPath[];
  /** Records that were read. */
  readonly count: number;
  readonly view: View;
}

function isOfKind({ fields, filled }: DiscoveredPath, kind: string): boolean {
  if (kind === "open") return fields.length === 0;
  if (kind === "mapped") return fields.length > 0;
  return kind === "empty" ? filled === 0 : true;
}

/** Whether a path has all words of a search, in its name, its meaning or its fields. */
function matches({ path, meaning, fields }: DiscoveredPath, search: string): boolean {
  const text = [path, meaning, ...fields].join(" ").toLowerCase();
  return search.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function Paths({ gui, section, paths, count, view }: PathsProps) {
  const { search, kind, page } = view;
  const fitting = paths.filter((path) => isOfKind(path, kind) && matches(path, search));
  const first = Math.min(page - 1, Math.max(0, Math.ceil(fitting.length / listed) - 1)) * listed;
  const here = fitting.slice(first, first + listed);
  return (
    <section aria-labelledby="paths">
      <h2 id="paths">Paths</h2>
      <p class="note">Examples show the shape of a value, not the value.</p>
      <form method="get" action={sectionPath(section, "discover")} class="row" role="search">
        <label>
          Search <input type="text" name="search" value={search} />
        </label>
        <label>
          Show{" "}
          <select name="kind">
            {kinds.map(([value, label]) => (
              <option value={value} selected={value === kind}>{label}</option>
            ))}
          </select>
        </label>
        <button type="submit" class="quiet">Search</button>
      </form>
      {here.length === 0
        ? <p class="notice">No path is like that.</p>
        : <PathTable gui={gui} section={section} paths={here} count={count} />}
      <Pages section={section} view={view} first={first} total={fitting.length} />
    </section>
  );
}

function PathTable({ gui, section, paths, count }: Omit<PathsProps, "view">) {
  const titles = ["Path", "Type", "Filled", "Different", "Examples", "Mapped to"];
  const numbers = new Set(["Filled", "Different"]);
  return (
    <div class="scroll" tabindex={0} role="region" aria-label="Paths of the source">
      <table class="cards">
        <thead>
          <tr>
            {titles.map((title) => (
              <th scope="col" class={numbers.has(title) ? "number" : ""}>{title}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {paths.map((path) => <PathRow gui={gui} section={section} path={path} count={count} />)}
        </tbody>
      </table>
    </div>
  );
}

function describeDistinct({ distinct, hasMoreDistinct, filled }: DiscoveredPath): string {
  if (hasMoreDistinct) return `more than ${mostDistinct.toLocaleString("en")}`;
  return distinct === undefined || filled === 0 ? "" : String(distinct);
}

function PathRow(
  { gui: { redactor }, section, path, count }: Pick<PathsProps, "gui" | "section" | "count"> & {
    readonly path: DiscoveredPath;
  },
) {
  const name = redactor.redact(path.path);
  return (
    <tr>
      <th scope="row">
        <code>{name}</code>
        {path.meaning === "" ? null : <div class="note">{path.meaning}</div>}
      </th>
      <td data-label="Type">{describeTypes(path)}</td>
      <td data-label="Filled" class="number">{shareOf(path, count)}</td>
      <td data-label="Different" class="number">{describeDistinct(path)}</td>
      <td data-label="Examples">
        {path.examples.map((example) => <code class="example">{redactor.redact(example)}</code>)}
      </td>
      <td class="tight">
        {path.fields.length > 0
          ? path.fields.join(", ")
          : (
            <a class="button quiet" href={mapAddress(section, { source: path.path })}>
              Map <span class="heard">{name}</span>
            </a>
          )}
      </td>
    </tr>
  );
}

interface PagesProps {
  readonly section: string;
  readonly view: View;
  /** Index of the first path that is shown. */
  readonly first: number;
  readonly total: number;
}

function Pages({ section, view: { search, kind }, first, total }: PagesProps) {
  if (total <= listed) return null;
  const address = (page: number) =>
    withQuery(sectionPath(section, "discover"), { search, kind, page: String(page) }) + "#paths";
  const page = first / listed + 1;
  const last = Math.min(first + listed, total);
  return (
    <nav class="actions" aria-label="Pages of paths">
      {page > 1 ? <a class="button quiet" href={address(page - 1)}>Previous</a> : null}
      <span>{first + 1} to {last} of {total}</span>
      {last < total ? <a class="button quiet" href={address(page + 1)}>Next</a> : null}
    </nav>
  );
}

/** The fields of Oomnitza that nothing is mapped to. */
function Fields({ gui: { redactor }, found }: { gui: GuiContext; found: Discovery }) {
  const { oomnitza } = found;
  if (!oomnitza.isTold) {
    return (
      <p class="notice warning">
        Which fields of Oomnitza are not mapped is not known: {redactor.redact(oomnitza.reason)}
      </p>
    );
  }
  const { unmapped } = oomnitza;
  const names = unmapped.slice(0, namedFields)
    .map(({ field, label }) => label === "" ? field : `${field} (${label})`);
  const more = unmapped.length - names.length;
  return (
    <details>
      <summary>{unmapped.length} fields of Oomnitza are not mapped</summary>
      <p class="names">{redactor.redact(names.join(", "))}{more > 0 ? ` and ${more} more` : ""}</p>
    </details>
  );
}
