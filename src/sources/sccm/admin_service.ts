/**
 * The same computers by the administration service of Configuration Manager: OData over HTTPS of the SMS
 * Provider ("How to use the administration service in Configuration Manager"; classes of "Hardware
 * inventory WMI classes").
 *
 * @module
 */

import { z } from "zod";
import { pages, pathOfLink, SourceError, type SourceRecord } from "../../sdk/mod.ts";
import { serviceUrl } from "./access.ts";
import {
  type Column,
  computerColumns,
  computerView,
  type Join,
  joins,
  programViews,
} from "./queries.ts";
import { type Context, toHardware, wantsPrograms } from "./records.ts";

type Row = Readonly<Record<string, unknown>>;

const odataList = z.object({
  value: z.array(z.record(z.string(), z.unknown())),
  "@odata.nextLink": z.string().optional(),
});

/** Computers whose inventory is asked for at once: 14 requests, and so many rows in memory. */
const windowSize = 500;

/** The class of a view: `v_GS_DISK` is `SMS_G_System_DISK`. */
function className(view: string): string {
  return view.replace(/^v_GS_/, "SMS_G_System_").replace(/^v_/, "SMS_");
}

/** The property of a column: `Name0` is `Name`, `Last_Logon_Timestamp0` is `LastLogonTimestamp`. */
function propertyName(column: string): string {
  return column.replace(/0$/, "").replaceAll("_", "");
}

const idProperty = "ResourceID";
const systemView = "v_R_System";

/** The property with the id, as the class writes it. */
function idName(view: string): string {
  return view === systemView ? "ResourceId" : idProperty;
}

/** Properties are looked up without regard to case: SMS_R_System has `ResourceId`. */
function valueOf(row: Row, property: string): unknown {
  if (Object.hasOwn(row, property)) return row[property];
  const wanted = property.toLowerCase();
  const found = Object.keys(row).find((key) => key.toLowerCase() === wanted);
  return found === undefined ? undefined : row[found];
}

/** As the database has it: dates without a time zone, and null where there is nothing. */
function plainValue(value: unknown): unknown {
  if (typeof value !== "string") return value ?? null;
  const [, date] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.0+)?Z$/.exec(value) ?? [];
  return date ?? value;
}

const hints = {
  401:
    "The service does not accept the login. Check username and password; with tickets, write the full name of the SMS Provider in server, or set server_spn to its HTTP/ name. The login is tied to the certificate of the connection: nothing in between may decrypt it.",
  403:
    "Give the account the security role Read-only Analyst, for all instances (Administration > Security > Administrative Users).",
  404: "Check server: it must be the SMS Provider, of Configuration Manager 1810 or newer.",
} as const;

/** What is read of a class. */
interface ClassQuery {
  readonly view: string;
  readonly properties: readonly string[];
  readonly filter?: string;
  /** The only page, of so many rows, is wanted. */
  readonly top?: number;
  readonly optional?: boolean;
}

/** All rows of a class that match; nothing where a class that may be missing is not there. */
async function readClass(
  { http, options }: Context,
  { view, properties, filter, top, optional = false }: ClassQuery,
): Promise<Row[] | undefined> {
  const base = serviceUrl(options.server);
  const name = className(view);
  const query = {
    $select: [...new Set(properties)].join(","),
    ...(filter === undefined ? {} : { $filter: filter }),
    ...(top === undefined ? {} : { $top: String(top) }),
  };
  const search = Object.entries(query)
    .map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&");
  const rows: Row[] = [];
  const list = pages(
    `${base}/wmi/${name}?${search}`,
    (path) => http.page({ path, what: name, hints, allow: optional ? [404] : [] }, odataList),
    ({ body }) => {
      const next = top === undefined ? body?.["@odata.nextLink"] : undefined;
      return next === undefined ? undefined : pathOfLink(base, next);
    },
  );
  for await (const { body } of list) {
    if (body === undefined) return undefined;
    rows.push(...body.value);
  }
  return rows;
}

function idOf(row: Row): number {
  const id = Number(valueOf(row, idProperty));
  if (Number.isSafeInteger(id)) return id;
  throw new SourceError(`A row of the administration service has no ${idProperty}`);
}

/** The property that puts the rows of a computer in order, and whether the largest is first. */
function orderOf({ order }: Join): { readonly property: string; readonly isFalling: boolean } {
  const [column = idProperty, direction] = (order ?? idProperty).split(" ");
  return { property: propertyName(column), isFalling: direction === "DESC" };
}

function compare(one: unknown, other: unknown): number {
  if (typeof one === "string" && typeof other === "string") {
    return one < other ? -1 : Number(one > other);
  }
  return Number(one ?? 0) - Number(other ?? 0);
}

function counts(row: Row, { filled = [], only }: Join): boolean {
  const isFilled = filled.every((column) => (valueOf(row, propertyName(column)) ?? null) !== null);
  return isFilled && (only === undefined || valueOf(row, propertyName(only.column)) === only.value);
}

/** The first row of each computer, as the database would have joined it. */
function firstRows(rows: readonly Row[], join: Join): ReadonlyMap<number, Row> {
  const { property, isFalling } = orderOf(join);
  const first = new Map<number, Row>();
  for (const row of rows) {
    if (!counts(row, join)) continue;
    const id = idOf(row);
    const known = first.get(id);
    const order = known === undefined
      ? -1
      : compare(valueOf(row, property), valueOf(known, property)) * (isFalling ? -1 : 1);
    if (order < 0) first.set(id, row);
  }
  return first;
}

function joinProperties(join: Join): string[] {
  const columns = [...join.columns.map(({ column }) => column), ...(join.filled ?? [])];
  if (join.only !== undefined) columns.push(join.only.column);
  const { property } = orderOf(join);
  const active = join.view === systemView ? ["Obsolete", "Active"] : [];
  const ordered = property === idProperty ? [] : [property];
  return [idName(join.view), ...ordered, ...columns.map(propertyName), ...active];
}

/** A span of resource ids, both included. */
interface Span {
  readonly first: number;
  readonly last: number;
}

function spanFilter(view: string, { first, last }: Span): string {
  return `${idName(view)} ge ${first} and ${idName(view)} le ${last}`;
}

/** Classes that are not there, so that they are asked for once. */
type Missing = Set<string>;

async function readJoin(context: Context, join: Join, span: Span, missing: Missing) {
  if (missing.has(join.view)) return new Map<number, Row>();
  const { view, optional = false } = join;
  const filter = spanFilter(view, span);
  const rows = await readClass(context, {
    view,
    properties: joinProperties(join),
    filter,
    optional,
  });
  if (rows !== undefined) return firstRows(rows, join);
  missing.add(view);
  const keys = join.columns.map(({ key }) => `hardware.${key}`).join(", ");
  context.log.info(`Class ${className(view)} is missing: ${keys} stays empty`);
  return new Map<number, Row>();
}

function copyColumns(
  hardware: Record<string, unknown>,
  row: Row | undefined,
  columns: readonly Column[],
): void {
  for (const { key, column } of columns) {
    hardware[key] = row === undefined ? null : plainValue(valueOf(row, propertyName(column)));
  }
}

/** The programs of each computer, each once, in the order of the database. */
async function readPrograms(
  context: Context,
  span: Span,
  missing: Missing,
): Promise<ReadonlyMap<number, readonly SourceRecord[]>> {
  const found = new Map<number, Map<string, SourceRecord>>();
  for (const [index, view] of programViews.entries()) {
    if (missing.has(view)) continue;
    const properties = [idProperty, "DisplayName", "Version", "Publisher"];
    const filter = spanFilter(view, span);
    const rows = await readClass(context, { view, properties, filter, optional: index > 0 });
    if (rows === undefined) {
      missing.add(view);
      context.log.info("The class of 64-bit programs is missing");
    }
    for (const row of rows ?? []) {
      const [name, version, publisher] = ["DisplayName", "Version", "Publisher"]
        .map((property) => plainValue(valueOf(row, property)));
      if (typeof name !== "string" || name.trim() === "") continue;
      const id = idOf(row);
      const own = found.get(id) ?? new Map();
      own.set(JSON.stringify([name, version, publisher]), { name, version, publisher, path: null });
      found.set(id, own);
    }
  }
  const keys = ["name", "version", "publisher"];
  const order = (one: SourceRecord, other: SourceRecord) =>
    keys.map((key) => compare(one[key] ?? "", other[key] ?? "")).find((sign) => sign !== 0) ?? 0;
  return new Map([...found].map(([id, own]) => [id, [...own.values()].sort(order)]));
}

/** The computers of a span, in the order of their ids. */
async function readSpan(
  context: Context,
  span: Span,
  missing: Missing,
): Promise<SourceRecord[]> {
  const properties = [idProperty, ...computerColumns.map(({ column }) => propertyName(column))];
  const filter = spanFilter(computerView, span);
  const computers = await readClass(context, { view: computerView, properties, filter }) ?? [];
  const byId = new Map(computers.map((row) => [idOf(row), row]));
  const joined = await Promise.all(
    joins.map(async (join) => ({ join, rows: await readJoin(context, join, span, missing) })),
  );
  const programs = wantsPrograms(context) ? await readPrograms(context, span, missing) : undefined;
  const records: SourceRecord[] = [];
  for (const [id, row] of [...byId].sort(([one], [other]) => one - other)) {
    const hardware: Record<string, unknown> = {};
    copyColumns(hardware, row, computerColumns);
    for (const { join, rows } of joined) copyColumns(hardware, rows.get(id), join.columns);
    if (context.options.active_only) {
      const system = joined.find(({ join }) => join.view === systemView)?.rows.get(id) ?? {};
      if (Number(valueOf(system, "Obsolete")) !== 0 || Number(valueOf(system, "Active")) !== 1) {
        continue;
      }
    }
    const record = { hardware: toHardware(hardware, []) };
    records.push(programs === undefined ? record : { ...record, software: programs.get(id) ?? [] });
  }
  return records;
}

/**
 * Reads all computers, {@linkcode windowSize} at a time.
 *
 * @throws {AuthError} Or `SourceError`, after all records that came before it.
 */
export async function* readByAdminService(context: Context): AsyncGenerator<SourceRecord[]> {
  const listed = await readClass(context, { view: computerView, properties: [idProperty] }) ?? [];
  const ids = [...new Set(listed.map(idOf))].sort((one, other) => one - other);
  const missing: Missing = new Set();
  for (let at = 0; at < ids.length; at += windowSize) {
    const own = ids.slice(at, at + windowSize);
    const [first = 0] = own;
    yield await readSpan(context, { first, last: own.at(-1) ?? first }, missing);
  }
}

/** Logs in, and sees whether every class that is needed may be read. */
export async function checkAdminService(context: Context): Promise<void> {
  const views = [
    { view: computerView },
    ...joins,
    ...(wantsPrograms(context)
      ? programViews.map((view, index) => ({ view, optional: index > 0 }))
      : []),
  ];
  for (
    const { view, optional = false } of views as readonly { view: string; optional?: boolean }[]
  ) {
    await readClass(context, { view, properties: [idName(view)], top: 1, optional });
  }
}
