/**
 * A process that moves a state and prints a line for each group of rows; it is there to be killed.
 *
 * `bun moving_process.ts URL SCHEMA TENANT FILE in|back`
 *
 * @module
 */
import { writeSync } from "node:fs";
import { moveState } from "../../../src/state/move/move.ts";
import { PostgresSide } from "../../../src/state/move/postgres_side.ts";
import { openSqliteSide } from "../../../src/state/move/sqlite_side.ts";
import { openPg } from "../../../src/state/postgres/pg.ts";
import { parsePgUrl } from "../../../src/state/postgres/target.ts";

const [url = "", schema = "", tenant = "", path = "", direction = "in"] = process.argv.slice(2);
const pg = openPg(parsePgUrl(url), { connections: 2, milliseconds: 60_000 });
const server = new PostgresSide({ pg, schema, tenant, server: "db.example.com:5432/agent" });
const file = openSqliteSide(path);
const [source, target] = direction === "in" ? [file, server] : [server, file];
const moved = await moveState(source, target, {
  signal: new AbortController().signal,
  onStep: ({ kind, table, rows }) => void writeSync(1, `${kind} ${table} ${rows}\n`),
});
writeSync(1, `${JSON.stringify(moved)}\n`);
file.end();
await pg.close();
