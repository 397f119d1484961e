/**
 * A site database of Configuration Manager for the test server: the views as tables of SQLite, which
 * runs the agent's own queries, so that joins and unions are really computed.
 *
 * @module
 */
import { Database, type SQLQueryBindings } from "bun:sqlite";
import type { TdsQuery } from "../../support/tds/requests.ts";
import type { TdsAnswer } from "../../support/tds/session.ts";

/** Columns by view, as the site's schema has them (v_ReportViewSchema), with their types. */
const views: Readonly<Record<string, string>> = {
  v_GS_COMPUTER_SYSTEM:
    "ResourceID int, GroupID int, Name0 nvarchar(256), Domain0 nvarchar(255), Manufacturer0 nvarchar(255), Model0 nvarchar(255), SystemType0 nvarchar(255), UserName0 nvarchar(255)",
  v_GS_PROCESSOR: "ResourceID int, GroupID int, Name0 nvarchar(255)",
  v_GS_DISK: "ResourceID int, GroupID int, Size0 bigint",
  v_GS_NETWORK_ADAPTER_CONFIGURATION:
    "ResourceID int, GroupID int, IPAddress0 nvarchar(255), MACAddress0 nvarchar(255)",
  v_GS_X86_PC_MEMORY: "ResourceID int, GroupID int, TotalPhysicalMemory0 bigint",
  v_GS_PC_BIOS: "ResourceID int, GroupID int, SerialNumber0 nvarchar(255)",
  v_GS_SYSTEM_ENCLOSURE: "ResourceID int, GroupID int, SerialNumber0 nvarchar(255)",
  v_GS_OPERATING_SYSTEM: "ResourceID int, GroupID int, Caption0 nvarchar(255)",
  v_R_System: "ResourceID int, Last_Logon_Timestamp0 datetime, Obsolete0 int, Active0 int",
  v_GS_ENCRYPTABLE_VOLUME:
    "ResourceID int, GroupID int, DriveLetter0 nvarchar(255), ProtectionStatus0 int",
  v_GS_AntimalwareHealthStatus: "ResourceID int, AntivirusEnabled bit",
  v_UserMachineRelationship: "MachineResourceID int, UniqueUserName nvarchar(512)",
  v_GS_ADD_REMOVE_PROGRAMS:
    "ResourceID int, GroupID int, DisplayName0 nvarchar(255), Version0 nvarchar(255), Publisher0 nvarchar(255)",
  v_GS_ADD_REMOVE_PROGRAMS_64:
    "ResourceID int, GroupID int, DisplayName0 nvarchar(255), Version0 nvarchar(255), Publisher0 nvarchar(255)",
};

/** The views that only some sites have. */
export const optionalViews = [
  "v_GS_ENCRYPTABLE_VOLUME",
  "v_GS_AntimalwareHealthStatus",
  "v_UserMachineRelationship",
  "v_GS_ADD_REMOVE_PROGRAMS_64",
] as const;

/** Rows by view, each in the order of the view's columns. */
export type SiteRows = Readonly<Record<string, Iterable<readonly SQLQueryBindings[]>>>;

/** How a site database is to be. */
export interface SiteOptions {
  readonly rows: SiteRows;
  /** Views that are not there. */
  readonly without?: readonly string[];
  /** Views that the account may not read. */
  readonly denied?: readonly string[];
}

export interface SiteDatabase {
  answer(query: TdsQuery): TdsAnswer;
  /** Forbids reading a view from now on. */
  deny(view: string): void;
}

function fill(database: Database, view: string, rows: Iterable<readonly SQLQueryBindings[]>): void {
  const columns = views[view]?.split(",").length ?? 0;
  const insert = database.prepare(
    `INSERT INTO dbo.${view} VALUES (${Array(columns).fill("?").join(", ")})`,
  );
  database.transaction(() => {
    for (const row of rows) insert.run(...row);
  })();
}

/** Makes a database with the views and some rows. */
export function makeSite({ rows, without = [], denied = [] }: SiteOptions): SiteDatabase {
  const database = new Database(":memory:", { safeIntegers: true });
  database.run("ATTACH ':memory:' AS dbo");
  database.run("ATTACH ':memory:' AS INFORMATION_SCHEMA");
  database.run(
    "CREATE TABLE INFORMATION_SCHEMA.COLUMNS (TABLE_SCHEMA nvarchar(128), TABLE_NAME nvarchar(128), COLUMN_NAME nvarchar(128))",
  );
  const hidden = new Set(denied);
  for (const [view, columns] of Object.entries(views)) {
    if (without.includes(view)) continue;
    database.run(`CREATE TABLE dbo.${view} (${columns})`);
    fill(database, view, rows[view] ?? []);
    for (
      const [name = ""] of hidden.has(view) ? [] : columns.split(", ").map((c) => c.split(" "))
    ) {
      const values = ["dbo", view, name];
      database.run("INSERT INTO INFORMATION_SCHEMA.COLUMNS VALUES (?, ?, ?)", values);
    }
  }
  return {
    answer: ({ sql }) => answerFrom(database, hidden, sql),
    deny: (view) => void hidden.add(view),
  };
}

function answerFrom(database: Database, hidden: ReadonlySet<string>, sql: string): TdsAnswer {
  const denied = [...hidden].find((view) => new RegExp(`dbo\\.${view}\\b`).test(sql));
  if (denied !== undefined) {
    const text =
      `The SELECT permission was denied on the object '${denied}', database 'CM_DCT', schema 'dbo'.`;
    return { error: { number: 229, severity: 14, state: 5, text } };
  }
  try {
    const statement = database.prepare(sql);
    // The types of a result are known to SQLite once a row was looked at.
    statement.get();
    const types = statement.declaredTypes;
    const columns = statement.columnNames.map((name, index) => ({
      name,
      type: types[index]?.toLowerCase() ?? "nvarchar(256)",
    }));
    return { columns, rows: valuesOf(statement.iterate() as Iterable<Record<string, unknown>>) };
  } catch (thrown) {
    return { error: errorOf(String(thrown)) };
  }
}

function* valuesOf(rows: Iterable<Record<string, unknown>>): Iterable<readonly unknown[]> {
  for (const row of rows) yield Object.values(row);
}

/** What SQL Server says instead of SQLite. */
function errorOf(text: string): NonNullable<TdsAnswer["error"]> {
  const [, table] = /no such table: (\S+)/.exec(text) ?? [];
  if (table !== undefined) {
    return { number: 208, severity: 16, text: `Invalid object name '${table}'.` };
  }
  const [, column] = /no such column: (?:\S+\.)?(\S+)/.exec(text) ?? [];
  if (column !== undefined) {
    return { number: 207, severity: 16, text: `Invalid column name '${column}'.` };
  }
  return { number: 102, severity: 15, text };
}
