/**
 * Checks the PostgreSQL that keeps the state: whether it can be used, and whether it keeps what it promises.
 *
 * @module
 */

import type { Pg } from "../state/postgres/pg.ts";
import {
  readSchemaRights,
  readServerFacts,
  type ServerFacts,
} from "../state/postgres/server_facts.ts";
import type { PgTarget } from "../state/postgres/target.ts";
import { about, type Check } from "./check.ts";

const area = "state server";

/** The server version that the agent is tested with; older ones may lack what it needs. */
const leastVersion = 15;

/** A difference between the clocks that is worth a word, in milliseconds. */
const clockDifferenceMs = 2_000;

/** Statements that look through a table may take so long on a busy server, in milliseconds. */
const leastStatementTimeoutMs = 10_000;

/** Tables that a finding names. */
const namedTables = 3;

/** How the state in PostgreSQL is used. */
export interface CheckedServer {
  readonly server: PgTarget;
  readonly schema: string;
  /** Connections of one agent. */
  readonly connections: number;
}

/** Whether the server can be used, and what of its settings is against what the agent promises. */
export async function checkStateServer(
  pg: Pg,
  { server, schema, connections }: CheckedServer,
): Promise<Check[]> {
  const { ok, warning, thrown } = about(area, server.name);
  try {
    const begun = Date.now();
    const facts = await readServerFacts(pg);
    const ended = Date.now();
    return [
      ok(`PostgreSQL ${facts.versionText} answers in ${ended - begun} ms`),
      ...checkTarget(server),
      ...checkSettings(facts, server.name),
      ...checkAccountSettings(facts, server.name),
      ...checkClock(facts, (begun + ended) / 2, server.name),
      ...facts.maxConnections < connections * 4
        ? [warning(
          `allows ${facts.maxConnections} connections, of which one agent may take ${connections}`,
          "Lower pool in [state], raise max_connections, or put PgBouncer in between.",
        )]
        : [],
      await checkRights(pg, schema, server.name),
    ];
  } catch (error) {
    return [thrown(error)];
  }
}

function checkTarget({ tls, name }: PgTarget): Check[] {
  if (tls !== "unverified") return [];
  return [
    about(area, name).warning(
      "is used over TLS without checking its certificate (sslmode=require)",
      "Anybody between the two could read the state. Leave sslmode out, and name the authority with ca in [state].",
    ),
  ];
}

function checkSettings(facts: ServerFacts, name: string): Check[] {
  const { failed, warning } = about(area, name);
  const found: (Check | false)[] = [
    facts.version < leastVersion * 10_000 &&
    warning(
      `is of version ${facts.versionText}; the agent is tested with ${leastVersion}`,
      "Upgrade PostgreSQL.",
    ),
    facts.isStandby &&
    failed("is a standby, which cannot be written", "Name the primary in url of [state]."),
    !facts.hasFsync &&
    failed(
      "has fsync = off: what was answered may be gone after a power failure",
      "Set fsync = on.",
    ),
    !facts.hasFullPageWrites &&
    warning(
      "has full_page_writes = off: a power failure may damage pages",
      "Set full_page_writes = on, unless the file system writes pages as a whole.",
    ),
    !facts.hasSynchronousStandby &&
    warning(
      "has no synchronous standby: what was answered last may be gone after a failover",
      "Set synchronous_standby_names, or accept that a failover sends or loses some of it; without a standby at all, ignore this.",
    ),
    !facts.hasIdleTimeout &&
    warning(
      "has no idle_in_transaction_session_timeout: a forgotten transaction makes the tables grow",
      "Set it for the role, for example to 1min.",
    ),
    facts.oldestTransactionSeconds > 600 &&
    warning(
      `has a transaction that is open for ${
        Math.round(facts.oldestTransactionSeconds / 60)
      } minutes`,
      "Find it in pg_stat_activity and end it: until then, nothing that was deleted can be cleared away.",
    ),
  ];
  return found.filter((check) => check !== false);
}

/** What is set for the account or the database, mostly for other programs. */
function checkAccountSettings(facts: ServerFacts, name: string): Check[] {
  const { failed, warning } = about(area, name);
  const reset = (setting: string) =>
    `ALTER ROLE … RESET ${setting}, or ALTER DATABASE … RESET ${setting}: look where it is set.`;
  const found: (Check | false)[] = [
    facts.encoding !== "UTF8" &&
    failed(
      `has a database in ${facts.encoding}, which cannot keep every text`,
      "Make one with ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0.",
    ),
    facts.isReadOnly && !facts.isStandby &&
    failed(
      "lets this account read only (default_transaction_read_only)",
      reset("default_transaction_read_only"),
    ),
    !facts.hasRowSecurity &&
    failed("has row_security = off for this account", reset("row_security")),
    facts.isolation !== "read committed" &&
    warning(
      `has default_transaction_isolation = ${facts.isolation} for this account: more has to be repeated`,
      reset("default_transaction_isolation"),
    ),
    facts.statementTimeoutMs > 0 && facts.statementTimeoutMs < leastStatementTimeoutMs &&
    warning(
      `ends statements of this account after ${facts.statementTimeoutMs} ms (statement_timeout)`,
      reset("statement_timeout"),
    ),
  ];
  return found.filter((check) => check !== false);
}

function checkClock({ now }: ServerFacts, here: number, name: string): Check[] {
  const { ok, warning } = about(area, name);
  const difference = Math.round(now - here);
  if (Math.abs(difference) < clockDifferenceMs) {
    return [ok("its clock and that of this machine agree")];
  }
  return [warning(
    `its clock differs from that of this machine by ${(difference / 1000).toFixed(1)} s`,
    "Schedules begin by the clock of the machine, runs are dated by that of the server. Synchronize both.",
  )];
}

/** Whether the tables are there, and whether this account may write them. */
async function checkRights(pg: Pg, schema: string, name: string): Promise<Check> {
  const { ok, failed, skipped } = about(area, name);
  const { tables, closed, mayCreate } = await readSchemaRights(pg, schema);
  if (tables === 0) {
    return mayCreate
      ? skipped(`the schema ${schema} is not there yet; the first run makes it`)
      : failed(
        `the schema ${schema} is not there, and this account may not create it`,
        "Create the tables with an account that may, or grant CREATE on the database.",
      );
  }
  if (closed.length === 0) return ok(`this account may write the tables of ${schema}`);
  const named = closed.slice(0, namedTables).join(", ");
  const more = closed.length > namedTables ? ` and ${closed.length - namedTables} more` : "";
  return failed(
    `this account may not read and write these tables of ${schema}: ${named}${more}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO the account.`,
  );
}
