/**
 * Runs, their outboxes and receipts, whatever keeps the state.
 *
 * @module
 */
import { expect, test as always } from "bun:test";
import type { MappedRecord } from "../../../src/base/record.ts";
import type { RunOutbox } from "../../../src/state/state.ts";
import { storedSection } from "../../sync/support/store.ts";
import {
  acceptRecords,
  beginRun,
  type Declare,
  type OpenState,
  runEnd,
  withNewState,
} from "./open_state.ts";

/** Batches of one record each. */
function batchesOf(...tags: readonly string[]) {
  return tags.map((TAG) => ({ records: [{ TAG }], text: undefined }));
}

async function pendingTags(outbox: RunOutbox): Promise<unknown[]> {
  return (await outbox.pending()).flatMap(({ records }) => records.map(({ TAG }) => TAG));
}

function refusedRecord(payload: MappedRecord, reason = "no secret") {
  return { payload, record: String(payload.TAG), reason, status: 400 };
}

/** Tests what an engine does with runs; `test` declares each. */
export function testRuns(openState: OpenState, test: Declare = always): void {
  test("batches stay in the order of the calls, also when none was awaited", () =>
    withNewState(openState, async ({ state }) => {
      const { outbox } = await beginRun(state, "a");
      const puts = Array.from({ length: 20 }, (_, at) => outbox.put(batchesOf(`${at}a`, `${at}b`)));
      await Promise.all(puts);
      const expected = Array.from({ length: 20 }, (_, at) => [`${at}a`, `${at}b`]).flat();
      expect(await pendingTags(outbox)).toEqual(expected);
    }));

  test("what was answered is not pending, what was refused is a dead letter, the rest stays", () =>
    withNewState(openState, async ({ state }) => {
      const { outbox, id: run } = await beginRun(state, "a");
      const odd = { TAG: "T2", NAME: "\u0000 \ud800 é", BIG: 2n ** 64n };
      const [first = 0, second = 0] = await outbox.put([
        { records: [{ TAG: "T1" }], text: undefined },
        { records: [odd, { TAG: "T3" }, { TAG: "T4" }], text: undefined },
      ]);
      await outbox.acknowledge(first, [], []);
      await outbox.acknowledge(second, [refusedRecord(odd)], [{ TAG: "T4" }]);
      expect(await pendingTags(outbox)).toEqual(["T4"]);
      const [letter] = await state.deadLetters.find({ section: "a" });
      expect(letter).toMatchObject({ run, payload: odd, reason: "no ***", status: 400 });
      const { waiting, refused } = await state.unfinishedWork();
      expect(waiting).toEqual(new Map([["a", 1]]));
      expect(refused).toEqual([{ section: "a", reason: "no ***", count: 1 }]);
      await outbox.countAttempt(second);
      expect((await outbox.pending())[0]?.tries).toBe(1);
    }));

  test("a run is listed as it is, with what is known of it", () =>
    withNewState(openState, async ({ state }) => {
      let sent = 0;
      const run = await beginRun(state, "a", { counts: () => ({ sent }) });
      expect(await state.run(run.id)).toMatchObject({ state: "running", section: "a", waiting: 0 });
      sent = 7;
      await run.outbox.put(batchesOf("T1"));
      expect(await state.run(run.id)).toMatchObject({ counts: { sent: 7 }, waiting: 1 });
      await run.end({ ...runEnd, outcome: "failed", error: "the secret\u0000", requests: 3 });
      const known = { state: "failed", error: "the ***\u0000", ended: runEnd.ended, requests: 3 };
      expect(await state.run(run.id)).toMatchObject(known);
      const other = await beginRun(state, "b");
      expect((await state.runs(1)).map(({ id }) => id)).toEqual([other.id]);
      expect((await state.runs(9)).map(({ section }) => section)).toEqual(["b", "a"]);
      expect(await state.run("nothing")).toBeUndefined();
    }));

  test("the last start and the last success of a section are known", () =>
    withNewState(openState, async ({ state }) => {
      expect((await state.lastRuns()).started("a")).toBeUndefined();
      const run = await acceptRecords(state, "a", [{ TAG: "T1" }]);
      const failed = await beginRun(state, "a");
      await failed.end({ ...runEnd, ended: "2026-02-02T00:00:00.000Z", outcome: "failed" });
      const last = await state.lastRuns();
      const { started } = await state.run(failed.id) ?? {};
      expect(Date.parse(last.started("a") ?? "")).toBeGreaterThanOrEqual(Date.parse(started ?? ""));
      expect(last.succeeded("a", "upload")).toBe(runEnd.ended);
      expect(last.succeeded("a", "webhook")).toBeUndefined();
      expect(last.started("b")).toBeUndefined();
      const selection = { section: "a", origin: "upload", since: "" } as const;
      const recent = (limit: number) => state.recentRuns({ ...selection, limit });
      expect((await recent(9)).map(({ id }) => id)).toEqual([run.id, failed.id]);
      expect((await recent(1)).map(({ id }) => id)).toEqual([failed.id]);
      expect(await state.recentRuns({ ...selection, since: "2999-01-01T00:00:00Z", limit: 9 }))
        .toEqual([]);
    }));

  test("what a process left that died is taken over once, in order, and nothing of one at work", () =>
    withNewState(openState, async (opened) => {
      const { state, again, die } = opened;
      const dead = await again();
      const one = await beginRun(dead.state, "a");
      await one.outbox.put(batchesOf("T1", "T2"));
      const two = await beginRun(dead.state, "a");
      await two.outbox.put(batchesOf("T3"));
      const stored = { section: "a", remember: true };
      expect(await Array.fromAsync(state.unfinishedRuns(stored))).toEqual([]);
      expect(await state.hasBacklog("a")).toBe(true);
      await die(dead);
      expect((await state.run(one.id))?.state).toBe("interrupted");
      const other = await again();
      const [mine, theirs] = await Promise.all([
        Array.fromAsync(state.unfinishedRuns(stored)),
        Array.fromAsync(other.state.unfinishedRuns(stored)),
      ]);
      const all = [...mine, ...theirs].sort((a, b) => Number(a.run > b.run));
      expect(all.map(({ run }) => run)).toEqual([one.id, two.id]);
      const [first, second] = all;
      if (first === undefined || second === undefined) throw new Error("nothing was taken over");
      expect(await pendingTags(first.outbox)).toEqual(["T1", "T2"]);
      for (const { id } of await first.outbox.pending()) await first.outbox.acknowledge(id, [], []);
      await first.outbox.finish();
      for (const { id } of await second.outbox.pending()) {
        await second.outbox.acknowledge(id, [], []);
      }
      await second.outbox.finish();
      expect(await state.hasBacklog("a")).toBe(false);
    }));

  test("a run that is at work is nothing to be worked off, and what was left is so once", () =>
    withNewState(openState, async ({ state, again, die }) => {
      const stored = { section: "a", remember: true };
      const unfinished = async () =>
        (await Array.fromAsync(state.unfinishedRuns(stored))).map(({ run }) => run);
      const own = await beginRun(state, "a");
      await own.outbox.put(batchesOf("T1"));
      expect(await unfinished()).toEqual([]);
      await own.end({ ...runEnd, outcome: "failed" });
      expect(await unfinished()).toEqual([own.id]);
      for (const { id } of await own.outbox.pending()) await own.outbox.acknowledge(id, [], []);
      await own.outbox.finish();
      const dead = await again();
      const left = await beginRun(dead.state, "a");
      await left.outbox.put(batchesOf("T2"));
      await die(dead);
      const twice = await Promise.all([unfinished(), unfinished()]);
      expect(twice.flat()).toEqual([left.id]);
    }));

  test("a run for webhooks that fetched nothing is no success, an upload without records is one", () =>
    withNewState(openState, async ({ state }) => {
      const succeeded = async () => {
        const last = await state.lastRuns();
        return [last.succeeded("a", "upload"), last.succeeded("a", "webhook")];
      };
      const end = { ...runEnd, counts: { fetched: 0 } };
      await (await state.begin({ ...storedSection, section: "a" }, "webhook", () => ({}))).end(end);
      expect(await succeeded()).toEqual([undefined, undefined]);
      await (await beginRun(state, "a")).end(end);
      expect(await succeeded()).toEqual([runEnd.ended, undefined]);
      await (await state.begin({ ...storedSection, section: "a" }, "webhook", () => ({})))
        .end(runEnd);
      expect(await succeeded()).toEqual([runEnd.ended, runEnd.ended]);
    }));

  test("a receipt is asked for when all of its run was answered, again while it is awaited", () =>
    withNewState(openState, async ({ state, again, die }) => {
      const dead = await again();
      const run = await beginRun(dead.state, "a", {
        ...{ awaitsReceipt: true, counts: () => ({ fetched: 2, sent: 2 }) },
      });
      const [id = 0] = await run.outbox.put(batchesOf("T1", "T2"));
      await run.outbox.acknowledge(id, [], []);
      await die(dead);
      expect(await state.awaitedReceipts("a", 9)).toEqual([]);
      const second = await again();
      const unfinished = second.state.unfinishedRuns({ section: "a", remember: false });
      for await (const { outbox } of unfinished) {
        for (const { id } of await outbox.pending()) await outbox.acknowledge(id, [], []);
        await outbox.finish();
      }
      await die(second);
      const [receipt] = await state.awaitedReceipts("a", 9);
      const told = { receipt: { state: "open" }, isAwaited: true, unnamed: 0 };
      await receipt?.record({ ...told, failed: [refusedRecord({ TAG: "T2" })] });
      // It was interrupted, whatever Oomnitza tells of it.
      expect(await state.run(run.id)).toMatchObject({
        ...{ state: "interrupted", counts: { sent: 1, failed: 1 }, awaits_receipt: true },
      });
      const third = await again();
      const [next] = await third.state.awaitedReceipts("a", 9);
      expect(next?.run).toBe(run.id);
      expect(await Array.fromAsync(next?.records() ?? [])).toEqual([{ TAG: "T1" }, { TAG: "T2" }]);
    }));

  test("what a run left whose end could not be written is taken up by its own process", () =>
    withNewState(openState, async ({ state }) => {
      const run = await beginRun(state, "a");
      await run.outbox.put(batchesOf("T1"));
      const stored = { section: "a", remember: true };
      expect(await Array.fromAsync(state.unfinishedRuns(stored))).toEqual([]);
      // What is not JSON cannot be written.
      const end = run.end({ ...runEnd, counts: { sent: 1n as unknown as number } });
      await expect(end).rejects.toThrow();
      const [left, ...others] = await Array.fromAsync(state.unfinishedRuns(stored));
      expect([left?.run, others.length]).toEqual([run.id, 0]);
      expect(await pendingTags(left?.outbox ?? run.outbox)).toEqual(["T1"]);
      expect(await state.run(run.id)).toMatchObject({ state: "interrupted" });
    }));

  test("what is not answered can become a run of its own; what was answered stays", () =>
    withNewState(openState, async ({ state, again, die }) => {
      const dead = await again();
      const run = await beginRun(dead.state, "a", { awaitsReceipt: true });
      const [first = 0] = await run.outbox.put(batchesOf("T1", "T2", "T3"));
      await run.outbox.acknowledge(first, [], []);
      await die(dead);
      const second = await again();
      const stored = { section: "a", remember: true };
      const [left] = await Array.fromAsync(second.state.unfinishedRuns(stored));
      if (left === undefined) throw new Error("nothing was taken over");
      const upload = JSON.stringify({ ...JSON.parse(left.upload), portion: "another" });
      const own = await left.splitOff(upload);
      expect([own.upload, own.sent, left.sent]).toEqual([upload, false, true]);
      expect(own.started).toEqual(left.started);
      expect(await pendingTags(left.outbox)).toEqual([]);
      expect(await pendingTags(own.outbox)).toEqual(["T2", "T3"]);
      await left.outbox.finish();
      expect(await state.run(left.run)).toMatchObject({ waiting: 0, awaits_receipt: true });
      const known = { section: "a", state: "interrupted", waiting: 2, awaits_receipt: true };
      expect(await state.run(own.run)).toMatchObject(known);
      for (const { id } of await own.outbox.pending()) await own.outbox.acknowledge(id, [], []);
      await own.outbox.finish();
      expect(await state.hasBacklog("a")).toBe(false);
      await die(second);
      const receipts = await state.awaitedReceipts("a", 9);
      expect(receipts.map((receipt) => [receipt.run, receipt.upload])).toEqual([
        [left.run, left.upload],
        [own.run, upload],
      ]);
      const [before = [], after = []] = await Promise.all(
        receipts.map((receipt) => Array.fromAsync(receipt.records())),
      );
      expect([before, after]).toEqual([[{ TAG: "T1" }], [{ TAG: "T2" }, { TAG: "T3" }]]);
    }));

  test("what Oomnitza told of a run is there, and what failed of it is a dead letter", () =>
    withNewState(openState, async ({ state, again, die }) => {
      const dead = await again();
      const run = await beginRun(dead.state, "a", { awaitsReceipt: true });
      const records = [{ TAG: "T1" }, { TAG: "T2" }];
      const [id = 0] = await run.outbox.put([{ records, text: undefined }]);
      await run.outbox.acknowledge(id, [], []);
      await run.outbox.finish();
      await run.end({ ...runEnd, counts: { fetched: 2, sent: 2 }, isUndecided: true });
      expect(await state.awaitedReceipts("a", 9)).toEqual([]);
      await die(dead);
      const [receipt, ...others] = await state.awaitedReceipts("a", 9);
      expect(others).toEqual([]);
      if (receipt === undefined) throw new Error("no receipt is awaited");
      expect(receipt.run).toBe(run.id);
      expect(await Array.fromAsync(receipt.records())).toEqual(records);
      await receipt.record({
        ...{ receipt: { state: "reported" }, isAwaited: false, unnamed: 0 },
        failed: [refusedRecord({ TAG: "T2" }, "bad secret")],
      });
      const counts = { fetched: 2, sent: 1, failed: 1 };
      const told = { receipt: { state: "reported" }, awaits_receipt: false, state: "failed" };
      expect(await state.run(run.id)).toMatchObject({ ...told, counts });
      expect(await state.deadLetters.find({})).toMatchObject([{ record: "T2", reason: "bad ***" }]);
      expect(await state.awaitedReceipts("a", 9)).toEqual([]);
    }));
}
