/**
 * What goes wrong with several connections when statements are taken over from a file that one process
 * writes: each was seen with the naive statement. Where two meet, one is held before its COMMIT, so that
 * nothing depends on chance.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { digestOf } from "../../../src/state/postgres/fold.ts";
import { Intake } from "../../../src/sync/inbox/intake.ts";
import { slow } from "../../support/slow.ts";
import { storedSection } from "../../sync/support/store.ts";
import { beginRun, receive } from "../conformance/open_state.ts";
import { countRows, event, makeHolding, schema, untilHeldBack, withNewTenant } from "./states.ts";
import { useServer } from "./use_server.ts";

const { pg } = useServer(12);

const { upload } = storedSection;

function keyOf(tag: string): string {
  return JSON.stringify([tag]);
}

test("what was answered earlier and committed later is taken in all the same", () =>
  withNewTenant(pg, async ({ state, again }) => {
    const slower = makeHolding(pg);
    const other = await again(slower);
    // The destination is written down beforehand: that is a transaction, too.
    await state.accepted.openBaseline("a", upload);
    await other.state.accepted.openBaseline("a", upload);
    const held = slower.hold();
    const first = other.state.accepted.add("a", upload, "1", [{ TAG: "T1" }]);
    await held.reached;
    const second = state.accepted.add("a", upload, "2", [{ TAG: "T2" }]).then(() =>
      state.accepted.openBaseline("a", upload)
    );
    await untilHeldBack(pg, [second]);
    held.release();
    await Promise.all([first, second]);
    const baseline = await state.accepted.openBaseline("a", upload);
    const found = await baseline.findAll(["T1", "T2"].map(keyOf));
    expect(found.map((each) => each?.values)).toEqual(['["T1"]', '["T2"]']);
  }));

test("no answer is lost while several add and one takes in", () =>
  withNewTenant(pg, async ({ state, again }) => {
    const adders = await Promise.all([again(), again(), again(), again()]);
    const tags = Array.from({ length: 48 }, (_, at) => `T${at}`);
    let isDone = false;
    const adding = Promise.all(adders.map(async ({ state: each }, adder) => {
      for (const tag of tags.filter((_, at) => at % adders.length === adder)) {
        await each.accepted.add("a", upload, String(adder + 1), [{ TAG: tag }]);
      }
    })).finally(() => isDone = true);
    while (!isDone) await state.accepted.openBaseline("a", upload);
    await adding;
    const baseline = await state.accepted.openBaseline("a", upload);
    const found = await baseline.findAll(tags.map(keyOf));
    expect(tags.filter((_, at) => found[at] === undefined)).toEqual([]);
  }));

test("a batch that is answered while others are written is remembered", () =>
  withNewTenant(pg, async (opened) => {
    const { state, tenant } = opened;
    const { outbox } = await beginRun(state, "a");
    const writing: Promise<unknown>[] = [];
    const answering: Promise<unknown>[] = [];
    for (let at = 0; at < 40; at++) {
      const put = outbox.put([{ records: [{ TAG: `T${at}` }], text: undefined }]);
      writing.push(put);
      answering.push(put.then(([id = 0]) => outbox.acknowledge(id, [], [])));
      if (at % 4 === 3) await Promise.all(writing);
    }
    await Promise.all(answering);
    await outbox.finish();
    expect(await countRows(pg, "answered_batches", tenant)).toBe(40);
    expect(await countRows(pg, "outbox", tenant)).toBe(0);
  }));

test("an answer with refused records and a new batch do not wait for each other", () =>
  withNewTenant(pg, async ({ state, again }) => {
    const slower = makeHolding(pg);
    const other = await again(slower);
    const { outbox } = await beginRun(other.state, "a", { counts: () => ({ sent: 1 }) });
    const records = [{ TAG: "T1" }, { TAG: "T2" }];
    const ids = await outbox.put([1, 2, 3].map(() => ({ records, text: undefined })));
    for (const id of ids.slice(0, 2)) await outbox.acknowledge(id, [], []);
    // The section is held by another run, so that both are under way before either has it.
    const held = slower.hold();
    const holding = other.state.accepted.add("a", upload, "7", [{ TAG: "T9" }]);
    await held.reached;
    const putting = outbox.put([{ records, text: undefined }]);
    await untilHeldBack(pg, [putting]);
    const refused = [{ payload: { TAG: "T1" }, record: "T1", reason: "no", status: 400 }];
    const answering = outbox.acknowledge(ids[2] ?? 0, refused, []);
    await untilHeldBack(pg, [putting, answering], 2);
    held.release();
    await Promise.all([holding, putting, answering]);
    expect(await state.deadLetters.find({})).toHaveLength(1);
    expect((await outbox.pending()).length).toBe(1);
  }));

/** Three keys whose digests are in the opposite order of the keys themselves. */
function oppositeKeys(): readonly [string, string, string] {
  const found: string[] = [];
  const digest = (key: string) => Buffer.from(digestOf(JSON.stringify(key))).toString("hex");
  for (let at = 100; found.length < 3; at++) {
    const key = `k${at}`;
    const last = found.at(-1);
    if (last === undefined ? digest(key) > "c" : digest(key) < digest(last)) found.push(key);
  }
  return [found[0] ?? "", found[1] ?? "", found[2] ?? ""];
}

/** Has some calls meet at a key that another transaction writes, which goes on when all of them wait. */
async function meet(
  tenant: string,
  key: string,
  start: () => readonly Promise<unknown>[],
): Promise<void> {
  const gate = Promise.withResolvers<void>();
  const isTaken = Promise.withResolvers<void>();
  const text = JSON.stringify(key);
  const third = pg.tx(async (on) => {
    await on.rows(
      `INSERT INTO ${schema}.inbox (tenant, section, key, digest, body, due)
        VALUES ($1, 'a', $2, $3, '1', clock_timestamp())`,
      [tenant, text, digestOf(text)],
    );
    isTaken.resolve();
    await gate.promise;
    throw new Error("taken back");
  }, { tenant }).catch((error: Error) => error.message);
  await isTaken.promise;
  const calls = start();
  await untilHeldBack(pg, calls, calls.length);
  gate.resolve();
  await Promise.all(calls);
  expect(await third).toBe("taken back");
}

test("two intakes with the same keys in another order both get through", () =>
  withNewTenant(pg, async ({ inbox, again, tenant }) => {
    const other = await again();
    const keys = oppositeKeys();
    const events = keys.map((key) => event("a", key));
    await meet(tenant, keys[1], () => [
      inbox.add(events),
      other.inbox.add(events.toReversed()),
    ]);
    expect((await inbox.take("a", 9, false)).map(({ events }) => events)).toEqual([2, 2, 2]);
  }));

for (const way of ["given back", "put back", "revived"] as const) {
  test(`an intake and what is ${way} have one order`, () =>
    withNewTenant(pg, async ({ inbox, again, tenant }) => {
      const other = await again();
      const keys = oppositeKeys();
      for (const key of keys) await inbox.add([event("a", key)]);
      const ids = (await other.inbox.take("a", 9, false)).map(({ id }) => id);
      const kind = way === "revived" ? "dead" : "again";
      const outcomes = ids.map((id) => ({ id, kind, due: 0, tries: 1, reason: "no" }) as const);
      if (way === "revived") await other.inbox.recordOutcomes(outcomes);
      await meet(tenant, keys[1], () => [
        inbox.add(keys.map((key) => event("a", key))),
        way === "given back"
          ? other.inbox.close()
          : way === "put back"
          ? other.inbox.recordOutcomes(outcomes)
          : other.state.deadEvents.revive(ids),
      ]);
      expect(await inbox.sizes()).toMatchObject([{ waiting: 3, dead: 0 }]);
    }));
}

test("events about the same in one call are one, the newest of them", () =>
  withNewTenant(pg, async ({ inbox }) => {
    await inbox.add([event("a", "k", 1), event("a", "l", 2), event("a", "k", 3)]);
    const taken = await inbox.take("a", 9, false);
    expect(taken.map(({ key, body, events }) => [key, body, events]).toSorted()).toEqual([
      ["k", 3, 2],
      ["l", 2, 1],
    ]);
  }));

test("of two events that the intake takes about the same, the newer one counts", () =>
  withNewTenant(pg, async ({ again, inbox }) => {
    let calls = 0;
    const overtaken = Promise.withResolvers<void>();
    const { inbox: other } = await again({
      ...makeHolding(pg),
      async rows(text, values, deadline) {
        const isFirst = /INSERT INTO \S+inbox\b/.test(text) && ++calls === 1;
        if (isFirst) await Promise.race([overtaken.promise, Bun.sleep(200)]);
        const rows = await pg.rows(text, values, deadline);
        if (calls === 2) overtaken.resolve();
        return rows;
      },
    });
    const intake = await Intake.open(other);
    const first = intake.accept(event("a", "k", "older"));
    while (calls === 0) await Bun.sleep(1);
    await Promise.all([first, intake.accept(event("a", "k", "newer"))]);
    expect(await inbox.take("a", 9, false)).toMatchObject([{ key: "k", body: "newer", events: 2 }]);
  }));

test("what is put back yields to a newer event that comes at the same moment", () =>
  withNewTenant(pg, async ({ inbox, again }) => {
    const slower = makeHolding(pg);
    const other = await again(slower);
    await inbox.add([event("a", "again", 1), event("a", "back", 1)]);
    const taken = await inbox.take("a", 9, false);
    const id = taken.find(({ key }) => key === "again")?.id ?? 0;
    const outcome = { id, kind: "again", due: 0, tries: 1, reason: "no" } as const;
    for (const putBack of [() => inbox.recordOutcomes([outcome]), () => inbox.close()]) {
      const held = slower.hold();
      const adding = other.inbox.add([event("a", "again", 2), event("a", "back", 2)]);
      await held.reached;
      const putting = putBack();
      await untilHeldBack(pg, [putting]);
      held.release();
      await Promise.all([adding, putting]);
    }
    const left = await other.inbox.take("a", 9, false);
    expect(left.map(({ key, body }) => [key, body]).toSorted()).toEqual([
      ["again", 2],
      ["back", 2],
    ]);
  }));

test("a newer event takes the place of what is being put back", () =>
  withNewTenant(pg, async ({ inbox, again }) => {
    const slower = makeHolding(pg);
    const other = await again(slower);
    await other.inbox.add([event("a", "k", 1)]);
    const [taken] = await other.inbox.take("a", 9, false);
    const outcome = { id: taken?.id ?? 0, kind: "again", due: 0, tries: 1, reason: "no" } as const;
    const held = slower.hold();
    const putting = other.inbox.recordOutcomes([outcome]);
    await held.reached;
    const adding = inbox.add([event("a", "k", 2)]);
    await untilHeldBack(pg, [adding]);
    held.release();
    await Promise.all([putting, adding]);
    expect(await inbox.take("a", 9, false)).toMatchObject([{ key: "k", body: 2 }]);
  }));

slow(
  "events are given back and come anew 200 times at once, and one waits each time",
  () =>
    withNewTenant(pg, async (opened) => {
      const { inbox, again } = opened;
      const other = await again();
      await receive(opened, "a", "k");
      for (let round = 0; round < 200; round++) {
        const [taken] = await inbox.take("a", 1, true);
        const outcome = {
          id: taken?.id ?? 0,
          kind: "again",
          due: 0,
          tries: 0,
          reason: "no",
        } as const;
        await Promise.all([inbox.recordOutcomes([outcome]), receive(other, "a", "k")]);
      }
      expect(await inbox.sizes()).toMatchObject([{ waiting: 1, dead: 0 }]);
    }),
);
