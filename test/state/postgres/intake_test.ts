/**
 * Events that come do not wait for other work.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { messageOf } from "../../../src/base/errors.ts";
import { openIntake } from "../../../src/state/postgres/intake.ts";
import type { Pg } from "../../../src/state/postgres/pg.ts";
import { openConnections } from "../../../src/state/postgres/servers.ts";
import { openPgState } from "../../../src/state/postgres/state.ts";
import { usePostgres } from "../../support/postgres.ts";
import { connect, countRows, event, schema, untilHeldBack } from "./states.ts";

const server = usePostgres();

/** Keeps a connection busy until it is told to end. */
function occupy(pg: Pg, statement = "SELECT 1") {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const work = pg.tx(async (on) => {
    await on.rows(statement);
    reach();
    await released;
  });
  return {
    reached,
    async end() {
      release();
      await work;
    },
  };
}

test("events are taken in while all other connections are busy", async () => {
  const { pg, renewing, intake, close } = openConnections((count = 1) =>
    connect(server.url(), count)
  );
  const tenant = "busy";
  const state = await openPgState({
    ...{ pg, renewing, intake, schema, tenant, instance: undefined, leaseMs: 600_000 },
    redact: (text) => text,
  });
  const busy = occupy(pg);
  await busy.reached;
  expect(pg.isBusy).toBe(true);
  // Together they wait for each other, and not for what is busy.
  await Promise.all(["1", "2", "3"].map((key) => state.inbox.add([event("a", key)])));
  await busy.end();
  expect(pg.isBusy).toBe(false);
  expect(await countRows(pg, "inbox", tenant)).toBe(3);
  await state.close();
  await close();
});

test("an event that waits holds up no other while a connection is free", async () => {
  const { pg, intake, close } = openConnections((count = 1) => connect(server.url(), count));
  const other = connect(server.url(), 1);
  const lock = "SELECT pg_advisory_xact_lock(77)";
  const process = "SELECT pg_backend_pid() AS id";
  const [pool] = await pg.rows(process);
  while ((await intake.rows(process))[0]?.id === pool?.id);
  const busy = occupy(other, lock);
  await busy.reached;
  const waiting = intake.rows(lock);
  await untilHeldBack(pg, [waiting]);
  expect(await intake.rows("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  await busy.end();
  await waiting;
  await close();
  await other.close();
});

test("its own connection is free again after a call that failed", async () => {
  const { pg, close } = openConnections((count = 1) => connect(server.url(), count));
  const calls: string[] = [];
  const note = (name: string): Pick<Pg, "rows" | "isBusy"> => ({
    isBusy: false,
    rows: (...call) => {
      calls.push(name);
      return pg.rows(...call);
    },
  });
  const intake = openIntake(note("own"), note("others"));
  // The first ones do not wait for the connection.
  await intake.rows("SELECT 1");
  expect(calls).toEqual(["own", "others"]);
  while (calls.at(-1) === "others") await intake.rows("SELECT 1");
  calls.length = 0;
  const refused = intake.rows("SELECT nothing").catch(messageOf);
  await intake.rows("SELECT 1");
  expect(await refused).toContain("42703");
  await intake.rows("SELECT 1");
  expect(calls).toEqual(["own", "others", "own"]);
  await close();
});
