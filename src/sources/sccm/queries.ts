/**
 * The questions to a site database of Configuration Manager, and which columns they need.
 *
 * They are standard SQL, with a window function where a computer may have several rows.
 *
 * @module
 */

/** A column of a record: where it comes from. */
export interface Column {
  /** Key under `hardware`. */
  readonly key: string;
  readonly column: string;
}

/** A view that is joined to the computers. */
export interface Join {
  readonly view: string;
  readonly columns: readonly Column[];
  /** What of a computer's rows is taken: the first by this. */
  readonly order?: string;
  /** Columns without which a row does not count. */
  readonly filled?: readonly string[];
  /** The value that a column must have for a row to count. */
  readonly only?: { readonly column: string; readonly value: string };
  /** Column that holds the id of the computer; ResourceID when absent. */
  readonly id?: string;
  /** May be missing: whether it is there depends on what the site inventories. */
  readonly optional?: boolean;
}

export const computerView = "v_GS_COMPUTER_SYSTEM";

/** Of the computer itself. */
export const computerColumns: readonly Column[] = [
  { key: "resource_id", column: "ResourceID" },
  { key: "computer_name", column: "Name0" },
  { key: "domain_name", column: "Domain0" },
  { key: "make", column: "Manufacturer0" },
  { key: "model", column: "Model0" },
  { key: "platform", column: "SystemType0" },
  { key: "user_name", column: "UserName0" },
];

/** Key of a value that is only looked at when the BIOS has no serial number. */
export const enclosureKey = "enclosure_serial";

/** What is joined to the computers, in this order. */
export const joins: readonly Join[] = [
  {
    view: "v_GS_PROCESSOR",
    columns: [{ key: "cpu", column: "Name0" }],
    order: "GroupID",
  },
  {
    view: "v_GS_DISK",
    columns: [{ key: "hdd_total_mb", column: "Size0" }],
    order: "GroupID",
  },
  {
    view: "v_GS_NETWORK_ADAPTER_CONFIGURATION",
    columns: [
      { key: "ipv4_address", column: "IPAddress0" },
      { key: "mac_address", column: "MACAddress0" },
    ],
    order: "GroupID",
    filled: ["IPAddress0", "MACAddress0"],
  },
  {
    view: "v_GS_X86_PC_MEMORY",
    columns: [{ key: "memory_total_kb", column: "TotalPhysicalMemory0" }],
    order: "GroupID",
  },
  {
    view: "v_GS_PC_BIOS",
    columns: [{ key: "serial_number", column: "SerialNumber0" }],
    order: "GroupID",
  },
  {
    view: "v_GS_SYSTEM_ENCLOSURE",
    columns: [{ key: enclosureKey, column: "SerialNumber0" }],
    // A docking station is an enclosure too, after the computer's own.
    order: "GroupID",
  },
  {
    view: "v_GS_OPERATING_SYSTEM",
    columns: [{ key: "os_version", column: "Caption0" }],
    order: "GroupID",
  },
  {
    view: "v_R_System",
    columns: [{ key: "last_logon", column: "Last_Logon_Timestamp0" }],
  },
  {
    view: "v_GS_ENCRYPTABLE_VOLUME",
    columns: [{ key: "c_drive_encrypted", column: "ProtectionStatus0" }],
    order: "GroupID",
    only: { column: "DriveLetter0", value: "C:" },
    optional: true,
  },
  {
    view: "v_GS_AntimalwareHealthStatus",
    columns: [{ key: "antivirus_enabled", column: "AntivirusEnabled" }],
    order: "AntivirusEnabled DESC",
    optional: true,
  },
  {
    view: "v_UserMachineRelationship",
    columns: [{ key: "primary_user", column: "UniqueUserName" }],
    order: "UniqueUserName",
    id: "MachineResourceID",
    optional: true,
  },
];

export const programViews = ["v_GS_ADD_REMOVE_PROGRAMS", "v_GS_ADD_REMOVE_PROGRAMS_64"] as const;
const [programs32, programs64] = programViews;

/** Asks which columns the account sees of the views that may be missing. */
export const columnQuery = `SELECT TABLE_NAME, COLUMN_NAME
FROM INFORMATION_SCHEMA.COLUMNS
WHERE TABLE_SCHEMA = 'dbo' AND TABLE_NAME IN (${
  [...joins.flatMap(({ view, optional }) => optional === true ? [view] : []), programs64]
    .map((view) => `'${view}'`).join(", ")
})`;

/** Columns that the account sees, as `view.column` in lower case. */
export type SeenColumns = ReadonlySet<string>;

/** How a column of a view is looked up. */
export function columnName(view: string, column: string): string {
  return `${view}.${column}`.toLowerCase();
}

function isThere({ view, columns, id = "ResourceID", optional }: Join, seen: SeenColumns): boolean {
  if (optional !== true) return true;
  const needed = [id, ...columns.map(({ column }) => column)];
  return needed.every((column) => seen.has(columnName(view, column)));
}

/** The keys of a record that stay empty, by the view that is missing. */
export function missingViews(seen: SeenColumns): ReadonlyMap<string, readonly string[]> {
  const gone = joins.filter((join) => !isThere(join, seen));
  return new Map(gone.map(({ view, columns }) => [view, columns.map(({ key }) => key)]));
}

function conditionText({ filled = [], only }: Join): string {
  const conditions = filled.map((column) => `${column} IS NOT NULL`);
  if (only !== undefined) conditions.push(`${only.column} = '${only.value}'`);
  return conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
}

function joinText(join: Join, name: string): string {
  const { view, order, columns, id = "ResourceID" } = join;
  if (order === undefined) return `LEFT JOIN dbo.${view} ${name} ON ${name}.${id} = pc.ResourceID`;
  const names = [id, ...columns.map(({ column }) => column)].join(", ");
  return `LEFT JOIN (
  SELECT ${names}, ROW_NUMBER() OVER (PARTITION BY ${id} ORDER BY ${order}) AS nth
  FROM dbo.${view}${conditionText(join)}
) ${name} ON ${name}.${id} = pc.ResourceID AND ${name}.nth = 1`;
}

/** What of the computers is asked for. */
export interface ComputerQuery {
  readonly seen: SeenColumns;
  /** Leaves out clients that are obsolete or not active. */
  readonly activeOnly: boolean;
  /** Asks for no row at all, which shows whether everything may be read. */
  readonly empty?: boolean;
}

/** One row for each computer, by rising ResourceID. */
export function computerQuery({ seen, activeOnly, empty = false }: ComputerQuery): string {
  const present = joins.filter((join) => isThere(join, seen));
  const named = present.map((join, index) => ({ join, name: `t${index + 1}` }));
  const values = [
    ...computerColumns.map(({ key, column }) => `pc.${column} AS ${key}`),
    ...named.flatMap(({ join, name }) =>
      join.columns.map(({ key, column }) => `${name}.${column} AS ${key}`)
    ),
  ];
  const system = named.find(({ join }) => join.view === "v_R_System")?.name ?? "";
  const conditions = [
    ...(activeOnly ? [`${system}.Obsolete0 = 0`, `${system}.Active0 = 1`] : []),
    ...(empty ? ["1 = 0"] : []),
  ];
  return [
    `SELECT ${values.join(",\n  ")}`,
    `FROM dbo.${computerView} pc`,
    ...named.map(({ join, name }) => joinText(join, name)),
    ...(conditions.length === 0 ? [] : [`WHERE ${conditions.join(" AND ")}`]),
    "ORDER BY pc.ResourceID",
  ].join("\n");
}

function programText(view: string, empty: boolean, select: string): string {
  return `${select} ResourceID AS resource_id, DisplayName0 AS name, Version0 AS version, Publisher0 AS publisher
FROM dbo.${view} WHERE DisplayName0 <> ''${empty ? " AND 1 = 0" : ""}`;
}

/** Whether the account sees the view of 64-bit programs. */
export function seesPrograms64(seen: SeenColumns): boolean {
  return seen.has(columnName(programs64, "ResourceID"));
}

/** The programs of all computers, by rising ResourceID, each once for a computer. */
export function programQuery(seen: SeenColumns, empty = false): string {
  const text = seesPrograms64(seen)
    ? programViews.map((view) => programText(view, empty, "SELECT")).join("\nUNION\n")
    : programText(programs32, empty, "SELECT DISTINCT");
  return `${text}\nORDER BY resource_id, name, version, publisher`;
}
