/**
 * A site database of Configuration Manager with so many computers and programs of each.
 *
 * `bun bench/sccm_server.ts COMPUTERS PROGRAMS` prints its address as JSON.
 *
 * @module
 */
import { siteRows } from "../test/sources/sccm/computers.ts";
import { makeSite } from "../test/sources/sccm/site_database.ts";
import { startTdsServer } from "../test/support/tds/server.ts";

const [computers = "0", programs = "0"] = process.argv.slice(2);
const site = makeSite({ rows: siteRows(Number(computers), Number(programs)) });
const server = await startTdsServer({ answer: (query) => site.answer(query) });
console.log(JSON.stringify({ url: `127.0.0.1,${server.port}` }));
