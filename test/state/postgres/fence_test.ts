/**
 * Who may write, how long, and what is on the disk of the server when it resolves.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { messageOf } from "../../../src/base/errors.ts";
import { writeAsOwner } from "../../../src/state/postgres/context.ts";
import { forTenant } from "../../../src/state/postgres/row_security.ts";
import type { InboxEntry } from "../../../src/state/state.ts";
import { storedSection } from "../../sync/support/store.ts";
import { beginRun, runEnd } from "../conformance/open_state.ts";
import {
  connect,
  countRows,
  endLease,
  event,
  makeHolding,
  schema,
  untilHeldBack,
  withNewTenant,
} from "./states.ts";
import { useServer } from "./use_server.ts";

const { server, pg } = useServer(12);

const { upload } = storedSection;

test("a process renews its lease also while it writes", () =>
  withNewTenant(pg, async ({ state, again }) => {
    const slower = makeHolding(pg);
    const other = await again(slower);
    const cursor = other.state.cursor("a");
    cursor.set("since", "1");
    await other.state.owner.lease();
    const held = slower.hold();
    const writing = cursor.commit();
    await held.reached;
    const renewing = other.state.owner.renew();
    let isHeldBack = true;
    void renewing.then(() => isHeldBack = false);
    await untilHeldBack(pg, [renewing]);
    const was = isHeldBack;
    held.release();
    await writing;
    expect([await renewing, was]).toEqual([true, false]);
    expect(await state.cursor("a").get("since")).toBe("1");
  }));

test("nothing is kept of what a process writes after its lease, also of statements that follow others", () =>
  withNewTenant(pg, async ({ state, tenant }) => {
    const lease = await state.owner.lease();
    await endLease(pg, state);
    const context = {
      ...{ pg: forTenant(pg, tenant), intake: pg, schema: `"${schema}"`, tenant },
      ...{ redact: (text: string) => text, lease: () => Promise.resolve(lease) },
    };
    const insert =
      `INSERT INTO ${schema}.cursors (tenant, section, key, value) VALUES ($1, $2, '', '')`;
    let answers = 0;
    const writing = writeAsOwner(context, { isAwaited: true }, async (on) => {
      for (const section of ["a", "b", "c"]) {
        await on.rows(insert, [tenant, section]);
        answers++;
      }
    });
    expect(await writing.catch(messageOf)).toContain("away for too long");
    // They were sent, and done, before it was known.
    expect(answers).toBe(3);
    expect(await countRows(pg, "cursors", tenant)).toBe(0);
  }));

test("what a process has begun to write is there before its work is taken over", () =>
  withNewTenant(pg, async ({ state, again }) => {
    const slower = makeHolding(pg);
    const dying = await again(slower);
    const run = await beginRun(dying.state, "a");
    await run.outbox.put([{ records: [{ TAG: "T1" }], text: undefined }]);
    // No other row of the work is held by this.
    const cursor = dying.state.cursor("a");
    cursor.set("since", "1");
    const held = slower.hold();
    const writing = cursor.commit();
    await held.reached;
    const taking = endLease(pg, dying.state).then(async () => {
      const taken = await Array.fromAsync(state.unfinishedRuns({ section: "a", remember: true }));
      return [taken.length, await state.cursor("a").get("since")];
    });
    await untilHeldBack(pg, [taking]);
    held.release();
    await writing;
    expect(await taking).toEqual([1, "1"]);
    await expect(run.outbox.put([])).rejects.toThrow("away for too long");
  }));

test("a run is taken over by one of two at once", () =>
  withNewTenant(pg, async ({ state, again }) => {
    const slower = makeHolding(pg);
    const [dead, other] = [await again(), await again(slower)];
    const run = await beginRun(dead.state, "a");
    await run.outbox.put([{ records: [{ TAG: "T1" }], text: undefined }]);
    await other.state.owner.lease();
    await endLease(pg, dead.state);
    const stored = { section: "a", remember: true };
    const held = slower.hold();
    const theirs = Array.fromAsync(other.state.unfinishedRuns(stored));
    await held.reached;
    const mine = Array.fromAsync(state.unfinishedRuns(stored));
    await untilHeldBack(pg, [mine]);
    held.release();
    expect([(await theirs).length, (await mine).length]).toEqual([1, 0]);
  }));

test("a process whose lease is over writes nothing, wherever it is", () =>
  withNewTenant(pg, async ({ state, again, tenant }) => {
    const late = await again();
    expect(await late.state.holdSection("a")).toMatchObject({ kind: "held" });
    const run = await beginRun(late.state, "a");
    const records = [{ TAG: "T1" }];
    const [first = 0, second = 0] = await run.outbox.put([
      { records, text: undefined },
      { records: [{ TAG: "T2" }], text: undefined },
    ]);
    await run.outbox.acknowledge(first, [], []);
    await late.inbox.add([event("a", "k"), event("a", "l")]);
    const [taken] = await late.inbox.take("a", 1, false);
    const baseline = await late.state.accepted.openBaseline("a", upload);
    await state.accepted.add("a", upload, "1", [{ TAG: "T3" }]);
    const cursor = late.state.cursor("a");
    cursor.set("since", "1");
    await endLease(pg, late.state);
    const before = await dump(tenant);
    const refused = [{ payload: { TAG: "T2" }, record: "T2", reason: "no", status: 400 }];
    const end = { run: run.id, isSeen: () => false, returned: [], gone: 0 };
    const done = { id: taken?.id ?? 0, kind: "done" } as const;
    const calls: Readonly<Record<string, () => Promise<unknown>>> = {
      begin: () => beginRun(late.state, "a"),
      put: () => run.outbox.put([{ records, text: undefined }]),
      acknowledge: () => run.outbox.acknowledge(second, [], []),
      "acknowledge with what was refused": () => run.outbox.acknowledge(second, refused, []),
      countAttempt: () => run.outbox.countAttempt(second),
      finish: () => run.outbox.finish(),
      end: () => run.end(runEnd),
      "cursor.commit": () => cursor.commit(),
      take: () => late.inbox.take("a", 9, true),
      "fold, for a baseline": () => late.state.accepted.openBaseline("a", upload),
      conclude: () => baseline.conclude(end),
      concludeUncompared: () => late.state.accepted.concludeUncompared("a", upload, run.id),
      add: () => late.state.accepted.add("a", upload, run.id, records),
      forget: () => late.state.accepted.forget("a"),
      awaitedReceipts: () => late.state.awaitedReceipts("a", 9),
      "receipt.close": () => run.receipt.close(),
      "receipt.record": () =>
        run.receipt.record({
          receipt: { state: "reported" },
          isAwaited: false,
          failed: [],
          unnamed: 0,
        }),
    };
    const written: string[] = [];
    for (const [name, call] of Object.entries(calls)) {
      const message = await call().then(() => "was done", (error: Error) => error.message);
      if (!message.includes("away for too long")) written.push(`${name}: ${message}`);
    }
    expect(written).toEqual([]);
    // Whoever has the entry now says what became of it.
    await late.inbox.recordOutcomes([done]);
    expect(await dump(tenant)).toEqual(before);
  }));

const tables = ["runs", "last_runs", "outbox", "dead_letters", "inbox", "cursors"]
  .concat(["answered_batches", "baselines", "fingerprints"]);

/** All rows of a tenant, as text. */
async function dump(tenant: string): Promise<unknown[]> {
  const rows = tables.map((table) =>
    pg.rows(
      `SELECT '${table}' AS table, row.*::text AS text FROM ${schema}.${table} AS row
        WHERE tenant = $1 ORDER BY 2`,
      [tenant],
      { tenant },
    )
  );
  return (await Promise.all(rows)).flat();
}

test("what is promised waits for the disk of the server, also where that is not its habit", async () => {
  await server.psql("ALTER ROLE agent SET synchronous_commit = off");
  const own = connect(server.url(), 4);
  await withNewTenant(pg, async ({ again, tenant }) => {
    const [habit] = await own.rows("SHOW synchronous_commit");
    expect(habit).toEqual({ synchronous_commit: "off" });
    const modes: unknown[] = [];
    const { state, inbox } = await again({
      ...makeHolding(own),
      // A statement by itself has the mode that it sets.
      rows: (text, values, call) =>
        own.tx(async (on) => {
          await on.rows("SET LOCAL synchronous_commit = off");
          const result = await on.rows(text, values);
          const [mode] = await on.rows("SHOW synchronous_commit");
          if (/\bINSERT INTO \S+inbox\b/.test(text)) modes.push(mode?.synchronous_commit);
          return result;
        }, call),
      tx: (work, call) =>
        own.tx(async (on) => {
          const result = await work(on);
          modes.push((await on.rows("SHOW synchronous_commit"))[0]?.synchronous_commit);
          return result;
        }, call),
    });
    await state.accepted.openBaseline("a", upload);
    const run = await beginRun(state, "a");
    const cursor = state.cursor("a");
    cursor.set("since", "1");
    const records = [{ TAG: "T1" }];
    let id = 0;
    let taken: InboxEntry[] = [];
    const calls: Readonly<Record<string, () => Promise<unknown>>> = {
      put: async () => [id = 0] = await run.outbox.put([{ records, text: undefined }]),
      "inbox.add": () => inbox.add([event("a", "k")]),
      "cursor.commit": () => cursor.commit(),
      "accepted.add": () => state.accepted.add("a", upload, run.id, records),
      "deadLetters.remove": () => state.deadLetters.remove([1]),
      end: () => run.end(runEnd),
      acknowledge: () => run.outbox.acknowledge(id, [], []),
      finish: () => run.outbox.finish(),
      take: async () => taken = await inbox.take("a", 9, true),
      recordOutcomes: () =>
        inbox.recordOutcomes(taken.map(({ id: entry }) => ({ id: entry, kind: "done" }))),
    };
    const found: Record<string, unknown[]> = {};
    for (const [name, call] of Object.entries(calls)) {
      modes.length = 0;
      await call();
      found[name] = [...modes];
    }
    expect(found).toEqual({
      ...{ put: ["on"], "inbox.add": ["on"], "cursor.commit": ["on"], "accepted.add": ["on"] },
      ...{ "deadLetters.remove": ["on"], end: ["on"], acknowledge: ["on"] },
      ...{ finish: ["off"], take: ["off"], recordOutcomes: ["on"] },
    });
    expect(await countRows(pg, "outbox", tenant)).toBe(0);
  });
  await own.close();
  await server.psql("ALTER ROLE agent RESET synchronous_commit");
});

test("a run that a process left is to be made up for, once", () =>
  withNewTenant(pg, async ({ state, again }) => {
    const isAbandoned = async () => (await state.lastRuns()).isAbandoned("a");
    const first = await again();
    const run = await beginRun(first.state, "a");
    await run.outbox.put([{ records: [{ TAG: "T1" }], text: undefined }]);
    expect(await isAbandoned()).toBe(false);
    await endLease(pg, first.state);
    expect(await isAbandoned()).toBe(true);
    const second = await again();
    await beginRun(second.state, "a");
    expect(await isAbandoned()).toBe(false);
    for await (const { run: id } of second.state.unfinishedRuns({ section: "a", remember: true })) {
      expect(id).toBe(run.id);
    }
    // It may be the section that ends processes.
    await endLease(pg, second.state);
    expect(await isAbandoned()).toBe(false);
  }));
