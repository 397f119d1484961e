/**
 * The conformance suite of the state, with PostgreSQL behind PgBouncer in transaction mode: each transaction
 * may be on another connection of the server.
 *
 * @module
 */
import { expect } from "bun:test";
import type { Pg } from "../../../src/state/postgres/pg.ts";
import { startPostgres } from "../../support/postgres.ts";
import { slow } from "../../support/slow.ts";
import { testState } from "../conformance/mod.ts";
import type { Declare } from "../conformance/open_state.ts";
import { connect, openNewTenant } from "./states.ts";

const suite: { readonly name: string; readonly work: () => Promise<void> }[] = [];
const collect: Declare = (name, work) => void suite.push({ name, work });
let pg: Pg;
const open = () => openNewTenant(pg);
testState(open, collect);

slow("all of the suite holds behind a pooler", async () => {
  await using server = await startPostgres();
  const port = await server.bouncer(6);
  const direct = server.url("127.0.0.1", "pgbouncer=true");
  pg = connect(direct.replace(`:${server.port}/`, `:${port}/`), 12);
  const failed: string[] = [];
  for (const { name, work } of suite) {
    await work().catch((error: Error) => failed.push(`${name}: ${error.message}`));
  }
  await pg.close();
  expect(failed).toEqual([]);
  expect(suite.length).toBeGreaterThan(30);
}, 300_000);

slow(
  "a pooler whose server is away: the call may be repeated, and it is not known what was done",
  async () => {
    await using server = await startPostgres();
    const port = await server.bouncer(2);
    const url = server.url("127.0.0.1", "pgbouncer=true").replace(`:${server.port}/`, `:${port}/`);
    const pg = connect(url, 2);
    const cut = pg.rows("SELECT pg_sleep(600)").catch((error: unknown) => error);
    while (
      await server.psql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") !==
        "1"
    ) await Bun.sleep(10);
    await server.stop();
    expect(await cut).toMatchObject({ name: "PgError", retriable: true, isUnknown: true });
    await pg.close();
  },
);
