/**
 * A connection that lands on a standby: all that writes finds the state away, until the standby is promoted.
 *
 * @module
 */
import { afterAll, beforeAll, expect } from "bun:test";
import type { Pg } from "../../../src/state/postgres/pg.ts";
import type { PgState } from "../../../src/state/postgres/state.ts";
import { type Postgres, type Standby, startPostgres } from "../../support/postgres.ts";
import { slow } from "../../support/slow.ts";
import { beginRun } from "../conformance/open_state.ts";
import { connect, event, openTenant } from "./states.ts";

let server: Postgres;
let standby: Standby;
let pg: Pg;
beforeAll(async () => {
  server = await startPostgres();
  pg = connect(server.url());
  standby = await server.standby();
}, 120_000);
afterAll(async () => {
  await pg.close();
  await server[Symbol.asyncDispose]();
});

/** The same state, by an address that leads to the standby. */
function connectToStandby(): Pg {
  const url = server.url("127.0.0.1", "sslmode=disable");
  return connect(url.replace(`:${server.port}/`, `:${standby.port}/`));
}

/** A commit waits until the standby has it on its disk, and not until it can be seen there. */
async function untilFollowed(): Promise<void> {
  const [row] = await pg.rows("SELECT pg_current_wal_lsn()::text AS written");
  const question = `SELECT pg_last_wal_replay_lsn() >= '${row?.written}'`;
  while (!(await standby.psql(question)).includes("t"));
}

/** All that an agent does by itself and that writes. */
function writingCalls(state: PgState): Readonly<Record<string, () => Promise<unknown>>> {
  const { inbox } = state;
  const cursor = state.cursor("a");
  cursor.set("since", "1");
  return {
    "inbox.add": () => inbox.add([event("a", "k")]),
    "inbox.add without events": () => inbox.add([]),
    "inbox.take": () => inbox.take("a", 9, true),
    "inbox.release": () => inbox.release(),
    holdSection: () => state.holdSection("a"),
    claimStart: () => state.claimStart("a", new Date()),
    announce: () => state.announce({}),
    begin: () => beginRun(state, "a"),
    unfinishedRuns: () => Array.fromAsync(state.unfinishedRuns({ section: "a", remember: true })),
    awaitedReceipts: () => state.awaitedReceipts("a", 9),
    "cursor.commit": () => cursor.commit(),
    "deadLetters.remove": () => state.deadLetters.remove([1]),
    "deadLetters.prune": () => state.deadLetters.prune(1, 1),
  };
}

slow("what writes on a standby finds it away, and goes on when it is promoted", async () => {
  const state = await openTenant(pg, "standby", 600_000);
  await state.inbox.add([event("a", "before")]);
  const run = await beginRun(state, "a");
  await run.outbox.put([{ records: [{ TAG: "T1" }], text: undefined }]);
  await untilFollowed();
  const readOnly = connectToStandby();
  // The tables are there, which is all that opening looks at.
  const other = await openTenant(readOnly, "standby");
  const failures: Record<string, unknown> = {};
  for (const [name, call] of Object.entries(writingCalls(other))) {
    const thrown = await call().then(() => undefined, (error) => error);
    failures[name] = { retriable: thrown?.retriable, message: String(thrown) };
  }
  for (const [name, failure] of Object.entries(failures)) {
    expect({ name, ...failure as object }).toMatchObject({
      ...{ name, retriable: true },
      message: expect.stringContaining("is read-only (SQLSTATE 25006)"),
    });
  }
  await standby.promote();
  // Over the same connections.
  await other.inbox.add([event("a", "after")]);
  const taken = await other.inbox.take("a", 9, true);
  expect(taken.map(({ key }) => key).sort()).toEqual(["after", "before"]);
  expect(await other.run(run.id)).toMatchObject({ state: "running", waiting: 1 });
  // The primary that was replaced promises nothing: its commits wait for a standby.
  const kept = state.inbox.add([event("a", "astray")], { milliseconds: 500 });
  await expect(kept).rejects.toMatchObject({ retriable: true, isUnknown: true });
  await server.psql(
    "SET synchronous_commit = off; ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf();",
  );
  await other.close();
  await readOnly.close();
  await state.close();
}, 60_000);
