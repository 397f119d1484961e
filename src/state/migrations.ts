/**
 * The tables of the state file: each version is the one before with one migration more.
 *
 * @module
 */

/** What marks a SQLite file as ours: "OOMA". */
export const applicationId = 0x4f4f4d41;

/**
 * Statements that lead from version n to n + 1, oldest first. What was published is never changed:
 * files of all versions are out there.
 */
export const migrations: readonly (readonly string[])[] = [
  [
    // How far a section came, in words of its source.
    `CREATE TABLE cursors (
      section TEXT NOT NULL,
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      updated TEXT NOT NULL,
      PRIMARY KEY (section, key)
    ) STRICT, WITHOUT ROWID`,
  ],
  [
    // One row for each run of a section. `upload` says how its records are sent; `is_open` is 1 until
    // all of them were answered and the upload was declared complete; `owner` is the process at work.
    `CREATE TABLE runs (
      id TEXT PRIMARY KEY,
      section TEXT NOT NULL,
      owner TEXT NOT NULL,
      started TEXT NOT NULL,
      ended TEXT,
      outcome TEXT,
      counts TEXT NOT NULL,
      claimed INTEGER,
      api TEXT,
      requests INTEGER NOT NULL,
      error TEXT,
      upload TEXT NOT NULL,
      is_open INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
    "CREATE INDEX runs_section ON runs (section, is_open, id)",
    // Batches that were not answered yet, their JSON as Zstandard; `tries` is how many later runs could not deliver one.
    `CREATE TABLE outbox (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      run TEXT NOT NULL,
      count INTEGER NOT NULL,
      records BLOB NOT NULL,
      tries INTEGER NOT NULL DEFAULT 0
    ) STRICT`,
    "CREATE INDEX outbox_run ON outbox (run, id)",
    // Batches that were answered; both rows go when the next batches come.
    `CREATE TABLE settled (
      ticket INTEGER PRIMARY KEY,
      run TEXT NOT NULL
    ) STRICT`,
    // Records that were refused, with what is needed to send them again.
    `CREATE TABLE dead_letters (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      run TEXT NOT NULL,
      section TEXT NOT NULL,
      at TEXT NOT NULL,
      record TEXT NOT NULL,
      status INTEGER,
      reason TEXT NOT NULL,
      payload TEXT NOT NULL,
      upload TEXT NOT NULL
    ) STRICT`,
    "CREATE INDEX dead_letters_section ON dead_letters (section, id)",
  ],
  [
    // Webhook events that were answered and not worked off yet. `key` names what they are about: of
    // those that wait for one key there is only one row. `owner` is the process at work on it; `due`
    // and `received` are milliseconds since the epoch; `reason` is why it failed last. Of one that was
    // given up (`is_dead`), `due` is when that was.
    `CREATE TABLE inbox (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      section TEXT NOT NULL,
      key TEXT,
      body TEXT NOT NULL,
      received INTEGER NOT NULL,
      events INTEGER NOT NULL DEFAULT 1,
      due INTEGER NOT NULL,
      tries INTEGER NOT NULL DEFAULT 0,
      owner TEXT,
      reason TEXT,
      is_dead INTEGER NOT NULL DEFAULT 0
    ) STRICT`,
    "CREATE UNIQUE INDEX inbox_key ON inbox (section, key) WHERE owner IS NULL AND is_dead = 0",
    "CREATE INDEX inbox_due ON inbox (section, due) WHERE owner IS NULL AND is_dead = 0",
  ],
  [
    // The ways in which records are sent: a record that was accepted in one way counts for no other.
    `CREATE TABLE ways (
      id INTEGER PRIMARY KEY,
      way TEXT NOT NULL UNIQUE
    ) STRICT`,
    // What became of records, in that order: batches as the outbox had them, until they are compared
    // with. `kind` is accepted, refused, or full for the end of a run that read all of the source.
    `CREATE TABLE answers (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      section TEXT NOT NULL,
      run TEXT NOT NULL,
      way INTEGER NOT NULL,
      kind TEXT NOT NULL,
      records BLOB
    ) STRICT`,
    "CREATE INDEX answers_section ON answers (section, id)",
    // 1 when what was accepted of the batch is among the answers already.
    "ALTER TABLE settled ADD COLUMN is_noted INTEGER NOT NULL DEFAULT 0",
    // What a section is compared with; `answer` is the last that is in it.
    `CREATE TABLE baselines (
      id INTEGER PRIMARY KEY,
      section TEXT NOT NULL UNIQUE,
      way INTEGER NOT NULL,
      full_run TEXT,
      answer INTEGER NOT NULL
    ) STRICT`,
    // Lists of field names, as JSON.
    `CREATE TABLE field_lists (
      id INTEGER PRIMARY KEY,
      fields TEXT NOT NULL UNIQUE
    ) STRICT`,
    // The record that was accepted last of each key; `missed` counts the full runs without it.
    `CREATE TABLE fingerprints (
      id INTEGER PRIMARY KEY,
      baseline INTEGER NOT NULL,
      key TEXT NOT NULL,
      fields INTEGER NOT NULL,
      vals TEXT NOT NULL,
      run TEXT NOT NULL,
      must_send INTEGER NOT NULL,
      missed INTEGER NOT NULL
    ) STRICT`,
    "CREATE UNIQUE INDEX fingerprints_key ON fingerprints (baseline, key)",
  ],
  [
    // What began a run: `upload` for all of a section, `webhook` for what some events are about.
    "ALTER TABLE runs ADD COLUMN origin TEXT NOT NULL DEFAULT 'upload'",
    "CREATE INDEX runs_origin ON runs (section, origin, id)",
  ],
  [
    // The latest run of a section and origin, so that it is not searched for among all of them: when it
    // began, when the last good one ended, and how many are remembered.
    `CREATE TABLE last_runs (
      section TEXT NOT NULL,
      origin TEXT NOT NULL,
      run TEXT NOT NULL,
      started TEXT NOT NULL,
      succeeded TEXT,
      remembered INTEGER NOT NULL,
      PRIMARY KEY (section, origin)
    ) STRICT, WITHOUT ROWID`,
    `INSERT INTO last_runs (section, origin, run, started, succeeded, remembered)
      SELECT runs.section, runs.origin, runs.id, runs.started, latest.succeeded, latest.remembered
        FROM runs JOIN (
          SELECT max(id) AS id, count(*) AS remembered,
            max(ended) FILTER (WHERE outcome = 'ok'
              AND (origin = 'upload' OR json_extract(counts, '$.fetched') > 0)) AS succeeded
          FROM runs GROUP BY section, origin
        ) AS latest ON latest.id = runs.id`,
    // Those that may be forgotten, oldest first.
    "CREATE INDEX runs_closed ON runs (section, origin, id) WHERE is_open = 0",
    "DROP INDEX runs_origin",
    // The records of a baseline in the order in which they were accepted first.
    "CREATE INDEX fingerprints_missed ON fingerprints (baseline, missed)",
  ],
  [
    // A run that the guard stopped is told apart from one that failed.
    "ALTER TABLE runs ADD COLUMN stopped_by_guard INTEGER NOT NULL DEFAULT 0",
  ],
  [
    // What a batch is beside the baseline that its run compared it with, as JSON: the last answer in that
    // baseline, and the positions of the records that differ from it.
    "ALTER TABLE outbox ADD COLUMN compared TEXT",
    "ALTER TABLE answers ADD COLUMN compared TEXT",
    // The run of the last answer that is in a baseline, and the last answer before it of another run.
    "ALTER TABLE baselines ADD COLUMN answer_run TEXT",
    "ALTER TABLE baselines ADD COLUMN other_answer INTEGER NOT NULL DEFAULT 0",
  ],
  [
    // 1 until Oomnitza has told what became of a run's records, or nothing more is to be expected. Until
    // then the answers of the run stay, also after they were compared with; those of sections that
    // remember nothing are among them, with the way 0.
    "ALTER TABLE runs ADD COLUMN awaits_receipt INTEGER NOT NULL DEFAULT 0",
    // What Oomnitza told, as JSON.
    "ALTER TABLE runs ADD COLUMN receipt TEXT",
    // How its time was spent, as JSON.
    "ALTER TABLE runs ADD COLUMN times TEXT",
    "CREATE INDEX runs_receipt ON runs (section, id) WHERE awaits_receipt = 1",
    "CREATE INDEX answers_unremembered ON answers (section, id) WHERE way = 0",
  ],
  [
    // One word for one thing: what was answered is acknowledged, and a record has a destination.
    "ALTER TABLE settled RENAME TO acknowledged",
    "ALTER TABLE acknowledged RENAME COLUMN ticket TO batch",
    "ALTER TABLE ways RENAME TO destinations",
    "ALTER TABLE destinations RENAME COLUMN way TO destination",
    "ALTER TABLE answers RENAME TO answered_batches",
    "ALTER TABLE answered_batches RENAME COLUMN way TO destination",
    "ALTER TABLE baselines RENAME COLUMN way TO destination",
    `UPDATE runs SET receipt = json_replace(receipt, '$.state',
        CASE receipt ->> '$.state' WHEN 'told' THEN 'reported' ELSE 'not_reported' END)
      WHERE receipt ->> '$.state' IN ('told', 'not_told')`,
  ],
  [
    // Refused records are counted by their reasons without reading them.
    "CREATE INDEX dead_letters_reason ON dead_letters (section, reason)",
  ],
  [
    // The vendor's ids of the records of a batch, by their positions: lines, as Zstandard.
    "ALTER TABLE outbox ADD COLUMN identities BLOB",
    "ALTER TABLE answered_batches ADD COLUMN identities BLOB",
    // The vendor's id of a record. Of one whose sync fields are others now, the key begins with `renamed:`.
    "ALTER TABLE fingerprints ADD COLUMN identity TEXT",
    `CREATE INDEX fingerprints_identity ON fingerprints (baseline, identity)
      WHERE identity IS NOT NULL`,
  ],
  [
    // A state that is being moved to another place, or was: JSON.
    `CREATE TABLE moves (
      only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
      mark TEXT NOT NULL
    ) STRICT`,
  ],
];
