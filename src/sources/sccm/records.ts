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

type Context = SourceContext<SqlValues & { readonly active_only: boolean }>;

function isSerial(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "" && !isPlaceholderSerial(value);
}

/** Columns of the inventory are filled up with blanks, or begin with some, as the firmware has them. */
function trimmed(value: unknown): unknown {
  return typeof value === "string" ? value.trim() : value;
}

/** The record of a row: the serial number of the enclosure where the BIOS has none. */
function toHardware(row: SqlRow, emptyKeys: readonly string[]): SourceRecord {
  const { [enclosureKey]: enclosure, ...hardware } = row;
  for (const key of emptyKeys) hardware[key] = null;
  const { serial_number: bios } = hardware;
  hardware["serial_number"] = trimmed(!isSerial(bios) && isSerial(enclosure) ? enclosure : bios) ??
    null;
  return hardware;
}

/** Whether anybody looks at the programs. */
function wantsPrograms({ wanted }: Context): boolean {
  return wanted.everything || wanted.paths.some((path) => path.split(".")[0] === "software");
}

async function seenColumns(connection: SqlConnection): Promise<SeenColumns> {
  const seen = new Set<string>();
  for await (const row of sqlRows(connection, columnQuery)) {
    seen.add(columnName(String(row["TABLE_NAME"]), String(row["COLUMN_NAME"])));
  }
  return seen;
}

/** A stream by rising resource id of which one row is looked at before it is taken. */
class Rising {
  readonly #rows: AsyncGenerator<SqlRow>;
  readonly #what: string;
  #next: SqlRow | undefined;
  #id = Number.NEGATIVE_INFINITY;

  constructor(rows: AsyncGenerator<SqlRow>, what: string) {
    this.#rows = rows;
    this.#what = what;
  }

  /** Id of the row that waits; infinite at the end. */
  async peek(): Promise<number> {
    if (this.#next !== undefined) return this.#id;
    const { done, value } = await this.#rows.next();
    if (done === true) return this.#id = Number.POSITIVE_INFINITY;
    const id = Number(value["resource_id"]);
    if (!(id >= this.#id)) {
      throw new SourceError(`${this.#what} do not come in the order of ResourceID`);
    }
    this.#next = value;
    return this.#id = id;
  }

  async take(): Promise<SqlRow> {
    await this.peek();
    const row = this.#next ?? {};
    this.#next = undefined;
    return row;
  }

  async close(): Promise<void> {
    await this.#rows.return(undefined);
  }
}

/** The programs of a computer; those of computers that are not read are passed by. */
async function takePrograms(id: number, programs: Rising): Promise<SourceRecord[]> {
  while (await programs.peek() < id) await programs.take();
  const found: SourceRecord[] = [];
  while (await programs.peek() === id) {
    const { name, version, publisher } = await programs.take();
    found.push({ name, version, publisher, path: null });
  }
  return found;
}

async function* joined(
  computers: Rising,
  programs: Rising | undefined,
  emptyKeys: readonly string[],
): AsyncGenerator<SourceRecord> {
  // Both queries take their time on the server: they are at work together.
  await Promise.all([computers.peek(), programs?.peek()]);
  let last = Number.NaN;
  for (let id = await computers.peek(); id !== Number.POSITIVE_INFINITY;) {
    const row = await computers.take();
    // A computer that the inventory holds twice is still one.
    if (id !== last) {
      const hardware = toHardware(row, emptyKeys);
      if (programs === undefined) yield { hardware };
      else yield { hardware, software: await takePrograms(id, programs) };
    }
    last = id;
    id = await computers.peek();
  }
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
 * number, and no more than one computer in memory.
 *
 * @throws {AuthError} Or `SourceError`, after all records that came before it.
 */
export async function* readComputers(context: Context): AsyncGenerator<SourceRecord> {
  const opened: SqlConnection[] = [];
  const streams: Rising[] = [];
  function stream(connection: SqlConnection, sql: string, what: string): Rising {
    const rising = new Rising(sqlRows(connection, sql), what);
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
