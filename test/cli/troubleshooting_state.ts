/**
 * A PostgreSQL in which every message of docs/troubleshooting.md about it can be brought about.
 *
 * @module
 */
import { account, type Postgres } from "../support/postgres.ts";

/** How a URL of the state leads to a message. */
export type StateMessage = (server: Postgres) => string | Promise<string>;

/** A role of its own, for a message, with what is set for it. */
async function asRole(server: Postgres, name: string, ...statements: string[]): Promise<string> {
  await server.psql(`CREATE ROLE ${name} LOGIN PASSWORD 'canary';
\\c ${account}
${statements.join("\n")}`);
  return server.url().replace(/\/\/[^@]*@/, `//${name}:canary@`);
}

/** Behind a pooler that the URL does not name, once another client has used the connection of the server. */
async function behindPooler(server: Postgres): Promise<string> {
  const port = await server.bouncer(1);
  return server.url("127.0.0.1").replace(`:${server.port}/`, `:${port}/`);
}

async function inLatin1(server: Postgres): Promise<string> {
  await server.psql(
    `CREATE DATABASE latin OWNER ${account} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C';`,
  );
  return server.url().replace(`/${account}?`, "/latin?");
}

/** Each message, and the URL that leads to it. */
export const stateMessages: Readonly<Record<string, StateMessage>> = {
  "PostgreSQL at … cannot be reached": () => "postgres://agent:canary@127.0.0.1:1/agent",
  "refuses user or password (SQLSTATE 28P01)": (server) =>
    server.url().replace(/:[^:@]*@/, ":canary@"),
  "refuses: a right is missing (SQLSTATE 42501: permission denied for table …)": (server) =>
    asRole(
      server,
      "narrow",
      `GRANT USAGE ON SCHEMA oomnitza_agent TO narrow;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA oomnitza_agent TO narrow;
REVOKE SELECT ON oomnitza_agent.runs FROM narrow;`,
    ),
  "is read-only (SQLSTATE 25006)": (server) =>
    asRole(
      server,
      "reader",
      `GRANT USAGE ON SCHEMA oomnitza_agent TO reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA oomnitza_agent TO reader;
ALTER ROLE reader SET default_transaction_read_only = on;`,
    ),
  "knows a statement by another text (SQLSTATE 42P05)": behindPooler,
  "The database of the state is in LATIN1, and has to be in UTF8": inLatin1,
};
