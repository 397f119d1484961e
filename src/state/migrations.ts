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
];
