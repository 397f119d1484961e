/**
 * The tables of the state that are moved from one engine to the other, and how a row of them looks in between:
 * the same for both, so that what arrived can be compared with what was there.
 *
 * @module
 */

/**
 * What a column holds, and how a row in between has it: as text, or null.
 *
 * - `text`: the same in both engines.
 * - `free`: what people or vendors wrote; PostgreSQL keeps what it cannot store as JSON.
 * - `quoted`: PostgreSQL keeps it as JSON.
 * - `integer`, `flag`: decimal; 0 or 1.
 * - `moment`: ISO 8601 in milliseconds; `milliseconds`: the same, a number in the file.
 * - `run`: the number of a run. The file has it as ten digits to the base of 36.
 * - `ordinal`: a place among the rows of one section or run, a number of the whole table in the file.
 * - `bytes`: base64.
 */
export type MovedKind =
  | "text"
  | "free"
  | "quoted"
  | "integer"
  | "flag"
  | "moment"
  | "milliseconds"
  | "run"
  | "ordinal"
  | "bytes";

/** A row in between, its values in the order of the columns. */
export type MovedRow = readonly (string | null)[];

/** A table that both engines have. */
export interface MovedTable {
  readonly name: string;
  /** The columns that are moved, with what they hold. */
  readonly columns: Readonly<Record<string, MovedKind>>;
  /** The column whose values an `ordinal` counts in. */
  readonly scope?: string;
  /** Columns that an engine has besides, and makes by itself. */
  readonly made: { readonly sqlite: readonly string[]; readonly postgres: readonly string[] };
}

/** The tables, in the order in which they are moved: what others name comes first. */
export const movedTables: readonly MovedTable[] = [
  {
    name: "destinations",
    columns: { id: "integer", destination: "text" },
    made: { sqlite: [], postgres: ["tenant"] },
  },
  {
    name: "cursors",
    columns: { section: "text", key: "text", value: "quoted", updated: "moment" },
    made: { sqlite: [], postgres: ["tenant"] },
  },
  {
    name: "runs",
    columns: {
      id: "run",
      section: "text",
      origin: "text",
      started: "moment",
      ended: "moment",
      outcome: "text",
      counts: "text",
      claimed: "integer",
      api: "text",
      requests: "integer",
      error: "free",
      upload: "text",
      is_open: "flag",
      stopped_by_guard: "flag",
      awaits_receipt: "flag",
      receipt: "text",
      times: "text",
    },
    made: { sqlite: ["owner"], postgres: ["tenant", "owner"] },
  },
  {
    name: "last_runs",
    columns: { section: "text", origin: "text", started: "moment", succeeded: "moment" },
    made: { sqlite: ["run", "remembered"], postgres: ["tenant"] },
  },
  {
    name: "outbox",
    columns: {
      run: "run",
      seq: "ordinal",
      count: "integer",
      records: "bytes",
      compared: "text",
      tries: "integer",
      answered: "integer",
      identities: "bytes",
    },
    scope: "run",
    made: { sqlite: ["id"], postgres: ["tenant"] },
  },
  {
    name: "dead_letters",
    columns: {
      id: "integer",
      run: "run",
      section: "text",
      at: "moment",
      record: "free",
      status: "integer",
      reason: "free",
      payload: "text",
      upload: "text",
    },
    made: { sqlite: [], postgres: ["tenant"] },
  },
  {
    name: "inbox",
    columns: {
      id: "integer",
      section: "text",
      key: "quoted",
      body: "text",
      received: "milliseconds",
      events: "integer",
      due: "milliseconds",
      tries: "integer",
      reason: "free",
      is_dead: "flag",
    },
    made: { sqlite: ["owner"], postgres: ["tenant", "owner", "digest"] },
  },
  {
    name: "answered_batches",
    columns: {
      id: "integer",
      section: "text",
      run: "run",
      destination: "integer",
      kind: "text",
      records: "bytes",
      compared: "text",
      identities: "bytes",
    },
    made: { sqlite: [], postgres: ["tenant"] },
  },
  {
    name: "baselines",
    columns: {
      section: "text",
      destination: "integer",
      full_run: "run",
      answer: "integer",
      answer_run: "run",
      other_answer: "integer",
    },
    made: { sqlite: ["id"], postgres: ["tenant", "last_seq"] },
  },
  {
    name: "fingerprints",
    columns: {
      section: "text",
      seq: "ordinal",
      key: "text",
      fields: "text",
      vals: "text",
      run: "run",
      must_send: "flag",
      missed: "integer",
      identity: "free",
    },
    scope: "section",
    made: { sqlite: ["id", "baseline"], postgres: ["tenant", "digest"] },
  },
];

/** The tables that are not moved by themselves, of each engine. */
export const otherTables = {
  sqlite: [
    // In the outbox, and in the fingerprints.
    ...["acknowledged", "field_lists"],
    ...["moves", "sqlite_sequence"],
  ],
  postgres: [
    ...["meta", "moves"],
    // Of processes at work, of which there are none.
    ...["owners", "section_holds", "starts", "buckets"],
  ],
} as const;
