/**
 * A process that waits for the end of its input, brings a schema up to date, and prints how many steps it did.
 *
 * `bun migrating_process.ts URL SCHEMA`
 *
 * @module
 */
import { migrate } from "../../../src/state/postgres/migrate.ts";
import { openPg } from "../../../src/state/postgres/pg.ts";
import { parsePgUrl } from "../../../src/state/postgres/target.ts";

const [url = "", schema = ""] = process.argv.slice(2);
const pg = openPg(parsePgUrl(url), { connections: 1, milliseconds: 60_000 });
await pg.rows("SELECT 1");
console.log("ready");
await Bun.stdin.text();
console.log(await migrate(pg, schema));
await pg.close();
