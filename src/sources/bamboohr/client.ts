/**
 * BambooHR's two lists of employees, as records with the names of the directory.
 *
 * @module
 */

import { z } from "zod";
import {
  type Log,
  ownEntry,
  pages,
  readCountedList,
  type SourceContext,
  type SourceRecord,
  type Wanted,
} from "../../sdk/mod.ts";

/** The largest page ("List Employees", parameter `page[limit]`). */
export const pageSize = 2500;

const employee = z.record(z.string(), z.unknown());

/** "Get Employees Directory". */
export const directory = z.object({
  fields: z.array(z.object({ id: z.string() })).optional(),
  employees: z.array(employee),
});

/** "List Employees". */
export const employees = z.object({
  data: z.array(employee),
  meta: z.object({
    total: z.number().optional(),
    page: z.object({ nextCursor: z.string().nullish() }).nullish(),
  }),
});

/** Name in the directory → name in the list of employees, where they differ. */
const listNames: Readonly<Record<string, string>> = {
  id: "employeeId",
  jobTitle: "jobTitleName",
  department: "departmentName",
  division: "divisionName",
  location: "locationName",
  supervisor: "reportsToName",
};

/** The company's own host has the API under `/api`, the gateway has it under the company's name. */
export function buildBase({ url, system_name }: { url: string; system_name: string }): string {
  return url.endsWith("/api") ? `${url}/v1` : `${url}/${encodeURIComponent(system_name)}/v1`;
}

/** What the directory shows, in the names of the list. */
const usual = ["displayName", "workEmail", "workPhone", "workPhoneExtension", "mobilePhone"]
  .concat("departmentName", "divisionName", "locationName", "reportsToName", "pronouns");

/** Fields that one request may ask for ("Get Employee": "up to 400 fields"). */
const mostFields = 400;

/** The `fields` to ask for, one text a request: names unknown to BambooHR are ignored there. */
export function chooseFields({ everything, paths }: Wanted): readonly string[] {
  const wanted = paths.map((path) => path.split(".", 1)[0] ?? path)
    .map((name) => ownEntry(listNames, name) ?? name);
  const all = [...new Set([...(everything ? usual : []), ...wanted])];
  const requests = Math.max(1, Math.ceil(all.length / mostFields));
  return Array.from(
    { length: requests },
    (_, at) => all.slice(at * mostFields, (at + 1) * mostFields).join(","),
  );
}

function withDirectoryNames(record: SourceRecord): SourceRecord {
  const added = Object.entries(listNames).filter(([, name]) => name in record)
    .map(([directoryName, name]) => [directoryName, record[name]]);
  return { ...Object.fromEntries(added), ...record };
}

/** Says which mapped fields the company keeps out of its directory. */
function warnOfHidden(
  { fields = [], employees: [first] }: z.infer<typeof directory>,
  { paths }: Wanted,
  log: Log,
): void {
  if (first === undefined) return;
  const shown = new Set([...fields.map(({ id }) => id), ...Object.keys(first)]);
  const hidden = paths.filter((path) => !shown.has(path.split(".", 1)[0] ?? path));
  if (hidden.length === 0) return;
  log.warning(
    `The company directory does not show ${hidden.join(", ")}. ` +
      "Share it in BambooHR under Settings > Company Directory, or set endpoint = employees.",
  );
}

/** "Technical Overview": this header has additional information about an error. */
export function readErrorMessage(headers: Headers): string | undefined {
  return headers.get("x-bamboohr-error-message") ?? undefined;
}

/** Asks for the directory; nothing when BambooHR says that nobody is in it. */
export async function loadDirectory({ http, log }: SourceContext<unknown>, base: string) {
  const { body, headers } = await http.page({
    path: `${base}/employees/directory`,
    what: "the employee directory",
    // "Get Employees Directory": an empty directory is a 404.
    allow: [404],
    hints: {
      403:
        "Share the directory with the owner of the API key under Settings > Company Directory, " +
        "or set endpoint = employees.",
    },
  }, directory);
  if (body === undefined) {
    const reason = readErrorMessage(headers) ?? "404 Not Found";
    log.warning(
      `BambooHR reports an empty directory (${reason}). ` +
        "If that is wrong, check url and system_name.",
    );
  }
  return body;
}

/** The company directory, which comes in one piece. */
export async function* listDirectory(context: SourceContext<unknown>, base: string) {
  const found = await loadDirectory(context, base);
  if (found === undefined) return;
  warnOfHidden(found, context.wanted, context.log);
  yield* found.employees;
}

/** A page of the list of employees. */
interface Page {
  readonly items: readonly SourceRecord[];
  readonly total?: number | undefined;
}

function idOf({ employeeId: id }: SourceRecord): string | undefined {
  return id === undefined || id === null ? undefined : `${id}`;
}

/** Which employees are asked for: `filter[status]`, `filter[ids]`. */
type Filter = Readonly<Record<string, string>>;

/** Says of each answer when it was made. */
type OnAnswer = (headers: Headers) => void;

function openLists(
  context: SourceContext<unknown>,
  base: string,
  filter: Filter,
  onAnswer: OnAnswer,
): (() => AsyncGenerator<Page>)[] {
  return chooseFields(context.wanted).map((fields) =>
    employeePages(context, base, { fields, ...filter }, onAnswer)
  );
}

/** The list of employees, page after page. */
export async function* listEmployees(
  context: SourceContext<unknown>,
  base: string,
  filter: Filter,
  onAnswer: OnAnswer,
): AsyncGenerator<readonly SourceRecord[]> {
  const { log, total } = context;
  const lists = openLists(context, base, filter, onAnswer);
  const list = readCountedList({
    what: "employees",
    read: () => joinPages(lists.map((read) => read())),
    keyOf: idOf,
    total,
    log,
  });
  for await (const found of list) yield found.map(withDirectoryNames);
}

/** Some employees, whose ids are in the filter, as far as they are in the list. */
export async function* listSome(
  context: SourceContext<unknown>,
  base: string,
  filter: Filter,
): AsyncGenerator<readonly SourceRecord[]> {
  const lists = openLists(context, base, filter, () => {});
  for await (const { items } of joinPages(lists.map((read) => read()))) {
    yield items.map(withDirectoryNames);
  }
}

function employeePages(
  { http }: SourceContext<unknown>,
  base: string,
  filter: Filter,
  onAnswer: OnAnswer,
): () => AsyncGenerator<Page> {
  const query = { ...filter, "page[limit]": `${pageSize}` };
  const load = async (cursor: string) => {
    const { body, headers } = await http.page({
      path: `${base}/employees`,
      query: cursor === "" ? query : { ...query, "page[after]": cursor },
      what: "employees",
    }, employees);
    onAnswer(headers);
    // No status is allowed beside those with a body.
    return body as z.infer<typeof employees>;
  };
  return async function* read() {
    // The links name the company's own host, where the path is another one: the cursors do not.
    for await (
      const { data, meta } of pages("", load, ({ meta }) => meta.page?.nextCursor ?? undefined)
    ) {
      yield { items: data, total: meta.total };
    }
  };
}

const restrictedFields = z.array(z.unknown()).catch([]);

/** One record of the parts of a person, which name what was kept from the key each for itself. */
function joinParts(parts: readonly SourceRecord[]): SourceRecord {
  const restricted = parts.flatMap(({ _restrictedFields: names }) => restrictedFields.parse(names));
  const joined = Object.assign({}, ...parts);
  return restricted.length === 0 ? joined : { ...joined, _restrictedFields: restricted };
}

/** Brings together what several lists have of the same people. */
class Joiner {
  readonly #lists: number;
  /** Person → the parts that came so far, by list. */
  readonly #waiting = new Map<string, Map<number, SourceRecord>>();

  constructor(lists: number) {
    this.#lists = lists;
  }

  /** Takes a part of a person; gives the whole once the last part is there. */
  add(list: number, item: SourceRecord): SourceRecord | undefined {
    const id = idOf(item);
    if (id === undefined) return undefined;
    const parts = this.#waiting.get(id) ?? new Map<number, SourceRecord>();
    this.#waiting.set(id, parts.set(list, item));
    if (parts.size < this.#lists) return undefined;
    this.#waiting.delete(id);
    return joinParts([...parts].toSorted(([a], [b]) => a - b).map(([, part]) => part));
  }
}

/**
 * One list of several that have different fields of the same people: a person is given once all of the
 * lists have had them. Who is in some of them only, because the list changed in between, is not: then
 * fewer come than there are, and the list is read again.
 */
async function* joinPages(lists: readonly AsyncGenerator<Page>[]): AsyncGenerator<Page> {
  const [only, ...others] = lists;
  if (only !== undefined && others.length === 0) return yield* only;
  const joiner = new Joiner(lists.length);
  for (;;) {
    const read: IteratorResult<Page, void>[] = [];
    for (const list of lists) read.push(await list.next());
    if (read.every(({ done }) => done === true)) return;
    const items: SourceRecord[] = [];
    for (const [at, { value }] of read.entries()) {
      for (const part of value?.items ?? []) {
        const whole = joiner.add(at, part);
        if (whole !== undefined) items.push(whole);
      }
    }
    yield { items, total: read[0]?.value?.total };
  }
}
