/**
 * Computers and their programs, joined as both come in.
 *
 * @module
 */

import {
  connectSql,
  isPlaceholderSerial,
  type SourceContext,
  SourceError,
  type SourceRecord,
  type SqlConnection,
  sqlEndpoint,
  sqlPages,
  type SqlRow,
  sqlRows,
  type SqlValues,
} from "../../sdk/mod.ts";
import {
  columnName,
  columnQuery,
  computerQuery,
  enclosureKey,
  missingViews,
  programQuery,
  type SeenColumns,
  seesPrograms64,
} from "./queries.ts";

/** What the source is given. */
export type Context = SourceContext<SqlValues & { readonly active_only: boolean }>;

function isSerial(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "" && !isPlaceholderSerial(value);
}

/** Columns of the inventory are filled up with blanks, or begin with some, as the firmware has them. */
function trimmed(value: unknown): unknown {
  return typeof value === "string" ? value.trim() : value;
}

/** The record of a row: the serial number of the enclosure where the BIOS has none. */
export function toHardware(row: SqlRow, emptyKeys: readonly string[]): SourceRecord {
  const { [enclosureKey]: enclosure, ...hardware } = row;
  for (const key of emptyKeys) hardware[key] = null;
  const { serial_number: bios } = hardware;
  hardware["serial_number"] = trimmed(!isSerial(bios) && isSerial(enclosure) ? enclosure : bios) ??
    null;
  return hardware;
}

/** Whether anybody looks at the programs. */
export function wantsPrograms({ wanted }: Context): boolean {
  return wanted.everything || wanted.paths.some((path) => path.split(".")[0] === "software");
}

async function seenColumns(connection: SqlConnection): Promise<SeenColumns> {
  const seen = new Set<string>();
  for await (const row of sqlRows(connection, columnQuery)) {
    seen.add(columnName(String(row["TABLE_NAME"]), String(row["COLUMN_NAME"])));
  }
  return seen;
}

/** A stream by rising resource id, at one of its rows. */
class Rising {
  readonly #pages: AsyncGenerator<Iterable<SqlRow>>;
  readonly #what: string;
  /** The rows behind this one that are there already. */
  #rows: Iterator<SqlRow> = [].values();
  /** The row at which it is; empty before the first and at the end. */
  row: SqlRow = {};
  /** Id of that row; infinite at the end. */
  id = Number.NEGATIVE_INFINITY;

  constructor(pages: AsyncGenerator<Iterable<SqlRow>>, what: string) {
    this.#pages = pages;
    this.#what = what;
  }

  /**
   * Goes to the next row. The promise, when there is one, is for a row that is not there yet: of hundreds
   * one is to be waited for, and a promise costs more than a row.
   */
  next(): Promise<void> | undefined {
    const { done, value } = this.#rows.next();
    if (done === true) return this.#load();
    this.#set(value);
    return undefined;
  }

  async close(): Promise<void> {
    await this.#pages.return(undefined);
  }

  async #load(): Promise<void> {
    for (;;) {
      const page = await this.#pages.next();
      if (page.done === true) break;
      this.#rows = page.value[Symbol.iterator]();
      const { done, value } = this.#rows.next();
      if (done !== true) return this.#set(value);
    }
    this.row = {};
    this.id = Number.POSITIVE_INFINITY;
  }

  #set(row: SqlRow): void {
    const id = Number(row["resource_id"]);
    if (!(id >= this.id)) {
      throw new SourceError(`${this.#what} do not come in the order of ResourceID`);
    }
    this.row = row;
    this.id = id;
  }
}

/** The programs of a computer; those of computers that are not read are passed by. */
async function takePrograms(id: number, programs: Rising): Promise<SourceRecord[]> {
  while (programs.id < id) await programs.next();
  const found: SourceRecord[] = [];
  while (programs.id === id) {
    const { name, version, publisher } = programs.row;
    found.push({ name, version, publisher, path: null });
    const waiting = programs.next();
    if (waiting !== undefined) await waiting;
  }
  return found;
}

/** Computers that are given at once. */
const pageSize = 50;

async function* joined(
  computers: Rising,
  programs: Rising | undefined,
  emptyKeys: readonly string[],
): AsyncGenerator<readonly SourceRecord[]> {
  let page: SourceRecord[] = [];
  let last = Number.NaN;
  let failure: { readonly thrown: unknown } | undefined;
  try {
    // Both queries take their time on the server: they are at work together.
    await Promise.all([computers.next(), programs?.next()]);
    for (; computers.id !== Number.POSITIVE_INFINITY; await computers.next()) {
      const { id, row } = computers;
      // A computer that the inventory holds twice is still one.
      if (id === last) continue;
      last = id;
      const hardware = toHardware(row, emptyKeys);
      if (programs === undefined) page.push({ hardware });
      else page.push({ hardware, software: await takePrograms(id, programs) });
      if (page.length < pageSize) continue;
      yield page;
      page = [];
    }
  } catch (thrown) {
    failure = { thrown };
  }
  if (page.length > 0) yield page;
  if (failure !== undefined) throw failure.thrown;
}

function listEmptyKeys({ log }: Context, seen: SeenColumns): readonly string[] {
  const missing = missingViews(seen);
  for (const [view, keys] of missing) {
    log.info(
      `View ${view} is missing or may not be read: ${
        keys.map((key) => `hardware.${key}`).join(", ")
      } stays empty`,
    );
  }
  return [...missing.values()].flat();
}

/**
 * Reads all computers, with their programs when anybody looks at them: two queries whatever their
 * number, and no more than {@linkcode pageSize} computers in memory.
 *
 * @throws {AuthError} Or `SourceError`, after all records that came before it.
 */
export async function* readComputers(
  context: Context,
): AsyncGenerator<readonly SourceRecord[]> {
  const opened: SqlConnection[] = [];
  const streams: Rising[] = [];
  function stream(connection: SqlConnection, sql: string, what: string): Rising {
    const rising = new Rising(sqlPages(connection, sql), what);
    streams.push(rising);
    return rising;
  }
  const endpoint = sqlEndpoint(context);
  async function connection(): Promise<SqlConnection> {
    const one = await connectSql(endpoint);
    opened.push(one);
    return one;
  }
  try {
    const first = await connection();
    const seen = await seenColumns(first);
    const emptyKeys = listEmptyKeys(context, seen);
    const activeOnly = context.options.active_only;
    const withPrograms = wantsPrograms(context);
    if (withPrograms && !seesPrograms64(seen)) {
      context.log.info("The view of 64-bit programs is missing or may not be read");
    }
    // A connection answers one query at a time.
    const programs = withPrograms
      ? stream(await connection(), programQuery(seen), "Programs")
      : undefined;
    const computers = stream(first, computerQuery({ seen, activeOnly }), "Computers");
    yield* joined(computers, programs, emptyKeys);
  } finally {
    // Connections first: what still waits for an answer then waits no more.
    for (const each of opened) each.close();
    for (const each of streams) await each.close();
  }
}

/**
 * Connects, and sees whether everything that is to be read may be read.
 *
 * @throws {AuthError} Or `SourceError`, saying what is wrong.
 */
export async function checkDatabase(context: Context): Promise<void> {
  const connection = await connectSql(sqlEndpoint(context));
  try {
    const seen = await seenColumns(connection);
    const activeOnly = context.options.active_only;
    const queries = [computerQuery({ seen, activeOnly, empty: true })];
    if (wantsPrograms(context)) queries.push(programQuery(seen, true));
    for (const sql of queries) {
      for await (const _row of sqlRows(connection, sql)) {
        throw new SourceError("The server answers a query for nothing with rows");
      }
    }
  } finally {
    connection.close();
  }
}
