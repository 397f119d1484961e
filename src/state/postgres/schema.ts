/**
 * The tables of the state in PostgreSQL: each version is the one before with one migration more.
 *
 * One database keeps the state of many instances of Oomnitza: the tenant is first in every key. Moments
 * are by the clock of the database, which all agents share. What people or vendors wrote is `text`, never
 * `jsonb`: that refuses characters which JSON allows.
 *
 * @module
 */

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
];
