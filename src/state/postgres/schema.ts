/**
 * The tables of the state in PostgreSQL: each version is the one before with one migration more.
 *
 * One database keeps the state of many instances of Oomnitza: the tenant is first in every key. Moments
 * are by the clock of the database, which all agents share. What is of a tenant has a column `tenant` that is not
 * null: that table gets row-level security (row_security.ts). A step that changes rows of all tenants lowers it
 * first, with NO FORCE ROW LEVEL SECURITY; it is raised again afterwards. What people or vendors wrote is `text`, never
 * `jsonb`: that refuses characters which JSON allows.
 *
 * @module
 */

/**
 * The version of the tables that an agent must know at least to work with the newest ones. It is raised only by
 * a step that takes away or changes what older agents use; one that adds something leaves it, and what it adds
 * has to be optional. So an agent works with its own tables and with the next ones, and agents can be replaced
 * one after another: first a step that adds, then, once no agent is older, one that takes away.
 */
export const minAgent = 5;

/**
 * Parts of each table that is divided by tenants. Each is vacuumed by itself, with its own indexes; but every
 * connection keeps all of them in mind, and 64 cost twice what 16 do.
 */
const partitions = 16;

/** Statements that lead from version n to n + 1, oldest first, for a schema whose quoted name is given. */
export const migrations: readonly ((schema: string) => readonly string[])[] = [
  (schema) => [
    // How far a section came, in words of its source.
    `CREATE TABLE ${schema}.cursors (
      tenant text COLLATE "C" NOT NULL,
      section text COLLATE "C" NOT NULL,
      key text COLLATE "C" NOT NULL,
      value text NOT NULL,
      updated timestamptz NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (tenant, section, key)
    )`,
  ],
  (schema) => [
    ...processTables(schema),
    ...batchTables(schema),
    ...eventTables(schema),
    ...acceptedTables(schema),
  ],
  startTables,
  sharingTables,
  (schema) => [
    // The vendor's ids of the records of a batch, by their positions: compressed lines.
    `ALTER TABLE ${schema}.outbox ADD COLUMN identities bytea`,
    `ALTER TABLE ${schema}.answered_batches ADD COLUMN identities bytea`,
    // The vendor's id of a record. Of one whose sync fields are others now, the key begins with `renamed:`.
    `ALTER TABLE ${schema}.fingerprints ADD COLUMN identity text`,
    // An id may be too long for an index. Those with one id are in the order in which they are asked for.
    `CREATE INDEX fingerprints_identity ON ${schema}.fingerprints
      (md5(identity), tenant, missed, seq DESC) WHERE identity IS NOT NULL`,
    // Whether a section has any.
    `CREATE INDEX fingerprints_identified ON ${schema}.fingerprints (tenant, section)
      WHERE identity IS NOT NULL`,
  ],
  (schema) => [
    // The version that an agent has to know at least.
    `ALTER TABLE ${schema}.meta ADD COLUMN min_agent int4 NOT NULL DEFAULT 0`,
    // A state that is being moved, or was: JSON.
    `CREATE TABLE ${schema}.moves (
      tenant text COLLATE "C" PRIMARY KEY,
      mark text NOT NULL
    )`,
  ],
];

/** What processes tell of themselves, and what they share of vendors' limits. */
function sharingTables(schema: string): readonly string[] {
  return [
    // Missing for processes of older agents. `serving` has digests of the sections of one that serves.
    `ALTER TABLE ${schema}.owners ADD COLUMN tenant text COLLATE "C", ADD COLUMN lease_ms int8,
      ADD COLUMN serving text COLLATE "C"`,
    // Up to when requests to an account of a vendor are given out, and until when none is sent. It may be
    // empty after a crash: then the vendor tells again.
    `CREATE UNLOGGED TABLE ${schema}.buckets (
      tenant text COLLATE "C" NOT NULL,
      account text COLLATE "C" NOT NULL,
      tat timestamptz NOT NULL DEFAULT 'epoch',
      paused_until timestamptz NOT NULL DEFAULT 'epoch',
      PRIMARY KEY (tenant, account)
    ) WITH (fillfactor = 50)`,
  ];
}

/** The parts of a table that is divided by tenants, for its name in its schema. */
function partition(schema: string, table: string, storage = ""): readonly string[] {
  return Array.from(
    { length: partitions },
    (_, part) =>
      `CREATE TABLE ${schema}.${table}_${part} PARTITION OF ${schema}.${table}
      FOR VALUES WITH (MODULUS ${partitions}, REMAINDER ${part}) ${storage}`,
  );
}

/** Who has which section, and what was started. */
function startTables(schema: string): readonly string[] {
  return [
    // The process that has a section, while that is at work; `token` is another one each time it is taken.
    `CREATE TABLE ${schema}.section_holds (
      tenant text COLLATE "C" NOT NULL,
      section text COLLATE "C" NOT NULL,
      owner text COLLATE "C" NOT NULL,
      token text COLLATE "C" NOT NULL,
      since timestamptz NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (tenant, section)
    )`,
    // Starts of sections by the time that they were due; `at` is when a process took it on itself.
    `CREATE TABLE ${schema}.starts (
      tenant text COLLATE "C" NOT NULL,
      section text COLLATE "C" NOT NULL,
      due timestamptz NOT NULL,
      owner text COLLATE "C" NOT NULL,
      at timestamptz NOT NULL DEFAULT clock_timestamp(),
      PRIMARY KEY (tenant, section, due)
    )`,
  ];
}

/** Processes and their runs. */
function processTables(schema: string): readonly string[] {
  return [
    // Processes at work; one whose time is over is removed by who takes over its work, and cannot write
    // any more.
    `CREATE TABLE ${schema}.owners (
      id text COLLATE "C" PRIMARY KEY,
      host text NOT NULL,
      process int4 NOT NULL,
      version text NOT NULL,
      started timestamptz NOT NULL DEFAULT clock_timestamp(),
      until timestamptz NOT NULL
    )`,
    // One run of a section. `outcome` is missing while it runs; `is_open` until all of it was answered and
    // the upload was declared complete.
    `CREATE TABLE ${schema}.runs (
      tenant text COLLATE "C" NOT NULL,
      id int8 GENERATED ALWAYS AS IDENTITY,
      section text COLLATE "C" NOT NULL,
      origin text NOT NULL,
      owner text COLLATE "C" NOT NULL,
      started timestamptz NOT NULL DEFAULT clock_timestamp(),
      ended timestamptz,
      outcome text,
      counts text NOT NULL DEFAULT '{}',
      claimed int8,
      api text,
      requests int8 NOT NULL DEFAULT 0,
      error text,
      upload text NOT NULL,
      is_open bool NOT NULL DEFAULT true,
      stopped_by_guard bool NOT NULL DEFAULT false,
      awaits_receipt bool NOT NULL,
      receipt text,
      times text,
      PRIMARY KEY (tenant, id)
    )`,
    `CREATE INDEX runs_section ON ${schema}.runs (tenant, section, origin, id)`,
    `CREATE INDEX runs_open ON ${schema}.runs (tenant, section, id) WHERE is_open`,
    `CREATE INDEX runs_receipt ON ${schema}.runs (tenant, section, id) WHERE awaits_receipt`,
    // The latest run of a section and origin, so that it is not searched for.
    `CREATE TABLE ${schema}.last_runs (
      tenant text COLLATE "C" NOT NULL,
      section text COLLATE "C" NOT NULL,
      origin text COLLATE "C" NOT NULL,
      started timestamptz NOT NULL,
      succeeded timestamptz,
      PRIMARY KEY (tenant, section, origin)
    )`,
  ];
}

/** Batches on their way, and what was refused. */
function batchTables(schema: string): readonly string[] {
  return [
    // Batches that wait for their answer, as compressed JSON; seq is their order in the run; answered:
    // 0 not yet, 1 accepted as a whole, 2 what was accepted of it is among the answered batches already.
    `CREATE TABLE ${schema}.outbox (
      tenant text COLLATE "C" NOT NULL,
      run int8 NOT NULL,
      seq int8 NOT NULL,
      count int4 NOT NULL,
      records bytea NOT NULL,
      compared text,
      tries int4 NOT NULL DEFAULT 0,
      answered int2 NOT NULL DEFAULT 0,
      PRIMARY KEY (tenant, run, seq)
    )`,
    `CREATE TABLE ${schema}.dead_letters (
      tenant text COLLATE "C" NOT NULL,
      id int8 GENERATED ALWAYS AS IDENTITY,
      run int8 NOT NULL,
      section text COLLATE "C" NOT NULL,
      at timestamptz NOT NULL DEFAULT clock_timestamp(),
      record text NOT NULL,
      status int4,
      reason text COLLATE "C" NOT NULL,
      payload text NOT NULL,
      upload text NOT NULL,
      PRIMARY KEY (tenant, id)
    )`,
    `CREATE INDEX dead_letters_reason ON ${schema}.dead_letters (tenant, section, md5(reason))`,
  ];
}

/** Webhook events. */
function eventTables(schema: string): readonly string[] {
  return [
    // Webhook events; key is JSON, and `digest` stands for it, as it may be too long for an index; due of
    // one that was given up is when that was.
    `CREATE TABLE ${schema}.inbox (
      tenant text COLLATE "C" NOT NULL,
      id int8 GENERATED BY DEFAULT AS IDENTITY,
      section text COLLATE "C" NOT NULL,
      key text COLLATE "C",
      digest bytea,
      body text NOT NULL,
      received timestamptz NOT NULL DEFAULT clock_timestamp(),
      events int4 NOT NULL DEFAULT 1,
      due timestamptz NOT NULL,
      tries int4 NOT NULL DEFAULT 0,
      owner text COLLATE "C",
      reason text,
      is_dead bool NOT NULL DEFAULT false,
      PRIMARY KEY (tenant, id)
    )`,
    `CREATE UNIQUE INDEX inbox_key ON ${schema}.inbox (tenant, section, digest)
      WHERE owner IS NULL AND NOT is_dead`,
    `CREATE INDEX inbox_due ON ${schema}.inbox (tenant, section, due, id)
      WHERE owner IS NULL AND NOT is_dead`,
    `CREATE INDEX inbox_owner ON ${schema}.inbox (tenant, owner) WHERE owner IS NOT NULL`,
  ];
}

/** What was accepted. */
function acceptedTables(schema: string): readonly string[] {
  return [
    `CREATE TABLE ${schema}.destinations (
      tenant text COLLATE "C" NOT NULL,
      id int4 GENERATED ALWAYS AS IDENTITY,
      destination text COLLATE "C" NOT NULL,
      PRIMARY KEY (tenant, id)
    )`,
    `CREATE UNIQUE INDEX destinations_text ON ${schema}.destinations (tenant, md5(destination))`,
    // What became of records, in that order, until a section is compared with it; `kind` is accepted,
    // refused, or full for the end of a run that read all of the source.
    `CREATE TABLE ${schema}.answered_batches (
      tenant text COLLATE "C" NOT NULL,
      section text COLLATE "C" NOT NULL,
      id int8 GENERATED ALWAYS AS IDENTITY,
      run int8 NOT NULL,
      destination int4 NOT NULL,
      kind text NOT NULL,
      records bytea,
      compared text,
      PRIMARY KEY (tenant, section, id)
    ) PARTITION BY HASH (tenant)`,
    ...partition(schema, "answered_batches"),
    // What a section is compared with; `answer` is the last batch that is in it, `last_seq` the last number
    // that was given to a fingerprint.
    `CREATE TABLE ${schema}.baselines (
      tenant text COLLATE "C" NOT NULL,
      section text COLLATE "C" NOT NULL,
      destination int4 NOT NULL,
      full_run int8,
      answer int8 NOT NULL DEFAULT 0,
      answer_run int8,
      other_answer int8 NOT NULL DEFAULT 0,
      last_seq int8 NOT NULL DEFAULT 0,
      PRIMARY KEY (tenant, section)
    )`,
    // The record that was accepted last of each key; `digest` stands for the key, which may be too long for
    // an index. `missed` counts the full runs without it.
    `CREATE TABLE ${schema}.fingerprints (
      tenant text COLLATE "C" NOT NULL,
      section text COLLATE "C" NOT NULL,
      digest bytea NOT NULL,
      seq int8 NOT NULL,
      key text NOT NULL,
      fields text NOT NULL,
      vals text NOT NULL,
      run int8 NOT NULL,
      must_send bool NOT NULL,
      missed int2 NOT NULL,
      PRIMARY KEY (tenant, section, digest)
    ) PARTITION BY HASH (tenant)`,
    ...partition(schema, "fingerprints", "WITH (fillfactor = 80)"),
    // `missed` is first: without statistics the server would take it for single keys, too, and read all of
    // a section.
    `CREATE INDEX fingerprints_seq ON ${schema}.fingerprints (missed, tenant, section, seq)`,
  ];
}
