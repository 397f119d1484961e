/**
 * The conformance suite of the state, with PostgreSQL.
 *
 * @module
 */
import { afterAll, beforeAll } from "bun:test";
import { openPg, type Pg } from "../../../src/state/postgres/pg.ts";
import { openPgState, type PgState } from "../../../src/state/postgres/state.ts";
import { parsePgUrl } from "../../../src/state/postgres/target.ts";
import { type Postgres, startPostgres } from "../../support/postgres.ts";
import { testAccepted } from "../conformance/accepted.ts";
import { testCursors } from "../conformance/cursors.ts";
import { testDeadRecords } from "../conformance/dead_records.ts";
import { testInbox } from "../conformance/inbox.ts";
import type { OpenedState } from "../conformance/open_state.ts";
import { testRuns } from "../conformance/runs.ts";

let server: Postgres;
let pg: Pg;
beforeAll(async () => {
  server = await startPostgres();
  pg = openPg(parsePgUrl(server.url()), { connections: 8, milliseconds: 30_000 });
}, 60_000);
afterAll(async () => {
  await pg.close();
  await server[Symbol.asyncDispose]();
});

let tenants = 0;

async function openPostgresState(): Promise<OpenedState> {
  const tenant = `tenant ${++tenants}`;
  const opened = new Set<PgState>();
  const openOne = async () => {
    const state = await openPgState({
      ...{ pg, schema: "conformance", tenant, instance: "https://example.oomnitza.com" },
      ...{ redact: (text) => text.replaceAll("secret", "***"), leaseMs: 600_000 },
    });
    opened.add(state);
    return { state, inbox: state.inbox };
  };
  return {
    ...await openOne(),
    again: openOne,
    async die({ state }) {
      const { owner } = state as PgState;
      await pg.rows(
        `UPDATE conformance.owners SET until = clock_timestamp() - interval '1 second' WHERE id = $1`,
        [await owner.id()],
      );
    },
    async close() {
      for (const state of opened) await state.close();
    },
  };
}

testDeadRecords(openPostgresState);
testCursors(openPostgresState);
testRuns(openPostgresState);
testInbox(openPostgresState);
testAccepted(openPostgresState);
