/**
 * The conformance suite of the state, with PostgreSQL.
 *
 * @module
 */
import { afterAll, beforeAll } from "bun:test";
import type { Pg } from "../../../src/state/postgres/pg.ts";
import { type Postgres, startPostgres } from "../../support/postgres.ts";
import { testAccepted } from "../conformance/accepted.ts";
import { testCursors } from "../conformance/cursors.ts";
import { testDeadRecords } from "../conformance/dead_records.ts";
import { testHolds } from "../conformance/holds.ts";
import { testIdentities } from "../conformance/identities.ts";
import { testInbox } from "../conformance/inbox.ts";
import { testRuns } from "../conformance/runs.ts";
import { connect, openNewTenant } from "./states.ts";

let server: Postgres;
let pg: Pg;
beforeAll(async () => {
  server = await startPostgres();
  pg = connect(server.url());
}, 60_000);
afterAll(async () => {
  await pg.close();
  await server[Symbol.asyncDispose]();
});

const open = () => openNewTenant(pg);
testDeadRecords(open);
testCursors(open);
testRuns(open);
testInbox(open);
testAccepted(open);
testHolds(open);
testIdentities(open);
