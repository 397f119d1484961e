/**
 * What was accepted, whatever keeps the state.
 *
 * @module
 */
import { expect, test as always } from "bun:test";
import type { MappedRecord } from "../../../src/base/record.ts";
import { Fingerprints } from "../../../src/state/fingerprint.ts";
import type { Baseline } from "../../../src/state/known_records.ts";
import type { State } from "../../../src/state/state.ts";
import { storedSection } from "../../sync/support/store.ts";
import {
  acceptRecords,
  beginRun,
  type Declare,
  type OpenState,
  runEnd,
  withNewState,
} from "./open_state.ts";

const { upload } = storedSection;
const prints = new Fingerprints(["TAG"]);

function keyOf(tag: string): string {
  return prints.keyOf({ TAG: tag }) ?? "";
}

function open(state: State, section = "a"): Promise<Baseline> {
  return state.accepted.openBaseline(section, upload);
}

/** What the baseline has of some tags: their values, `again` for what is sent anyway, or nothing. */
async function known(state: State, ...tags: readonly string[]) {
  const baseline = await open(state);
  return (await baseline.findAll(tags.map(keyOf))).map((record) =>
    record === undefined ? undefined : record.mustSend ? "again" : record.values
  );
}

function valuesOf(record: MappedRecord): string {
  return prints.create(record)?.values ?? "";
}

async function missingKeys(baseline: Baseline, seen: readonly number[] = []): Promise<string[]> {
  const missing = await Array.fromAsync(baseline.missing((id) => seen.includes(id)));
  return missing.map(({ key }) => key);
}

/** Tests what an engine knows of what was accepted; `test` declares each. */
export function testAccepted(openState: OpenState, test: Declare = always): void {
  test("what was accepted last of each key is known, each section by itself", () =>
    withNewState(openState, async ({ state }) => {
      const odd = { TAG: "T2", NAME: "\u0000 \ud800 é", LONG: "x".repeat(5000), BIG: 2n ** 64n };
      await acceptRecords(state, "a", [{ TAG: "T1", OS: "1" }, odd]);
      await acceptRecords(state, "b", [{ TAG: "T9", OS: "1" }]);
      await acceptRecords(state, "a", [{ TAG: "T1", OS: "2" }, { TAG: "T".repeat(9000), OS: "" }]);
      const expected = [{ TAG: "T1", OS: "2" }, odd, { TAG: "T".repeat(9000), OS: "" }];
      expect(await known(state, "T1", "T2", "T".repeat(9000), "T9")).toEqual([
        ...expected.map(valuesOf),
        undefined,
      ]);
      const baseline = await open(state);
      expect(await baseline.findAll([undefined])).toEqual([undefined]);
      expect([baseline.size, baseline.isFull]).toEqual([3, false]);
      expect(await missingKeys(baseline)).toEqual(["T1", "T2", "T".repeat(9000)].map(keyOf));
    }));

  test("what was refused since, or shares its key, is sent again", () =>
    withNewState(openState, async ({ state }) => {
      await acceptRecords(state, "a", [{ TAG: "T1" }, { TAG: "T2" }, { TAG: "T3" }]);
      const run = await beginRun(state, "a");
      const records = [{ TAG: "T1" }, { TAG: "T2", OS: "1" }, { TAG: "T2", OS: "2" }];
      const [id = 0] = await run.outbox.put([{ records, text: undefined }]);
      const payload = { TAG: "T1" };
      await run.outbox.acknowledge(id, [
        { payload, record: "T1", reason: "no", status: 400 },
      ], []);
      await run.outbox.finish();
      expect(await known(state, "T1", "T2", "T3")).toEqual([
        "again",
        "again",
        valuesOf({ TAG: "T3" }),
      ]);
      await acceptRecords(state, "a", [{ TAG: "T1" }, { TAG: "T2", OS: "2" }]);
      expect(await known(state, "T1", "T2")).toEqual([
        valuesOf({ TAG: "T1" }),
        valuesOf({ TAG: "T2", OS: "2" }),
      ]);
    }));

  test("all of a large batch is known, and which records of it share their keys", () =>
    withNewState(openState, async ({ state }) => {
      const tags = Array.from({ length: 47 }, (_, index) => `T${index}`);
      const other = (tag: string) => ({ TAG: tag, OS: "2" });
      const records = tags.map((tag) => ({ TAG: tag, OS: "1" }));
      // Next to each other, far from each other, and the same once more.
      await acceptRecords(state, "a", [
        ...records.toSpliced(4, 0, other("T3")).toSpliced(33, 0, other("T2")),
        ...[records[20] ?? {}, other("T46"), other("T46")],
      ]);
      const again = ["T2", "T3", "T46"];
      expect(await known(state, ...tags)).toEqual(
        records.map((record) => again.includes(record.TAG) ? "again" : valuesOf(record)),
      );
      const baseline = await open(state);
      expect(baseline.size).toBe(47);
      expect(await missingKeys(baseline)).toEqual(tags.map(keyOf));
    }));

  test("what is not in the source is missed, told once, and forgotten after five runs", () =>
    withNewState(openState, async ({ state }) => {
      await acceptRecords(state, "a", [{ TAG: "T1" }, { TAG: "T2" }]);
      for (let run = 1; run <= 6; run++) {
        const baseline = await open(state);
        const [first] = await baseline.findAll([keyOf("T1")]);
        const seen = [first?.id ?? -1];
        expect(await missingKeys(baseline, seen)).toEqual(run === 1 ? [keyOf("T2")] : []);
        expect(baseline.size).toBe(run === 1 ? 2 : 1);
        const { id } = await acceptRecords(state, "a", [{ TAG: "T1" }]);
        await baseline.conclude({
          ...{ run: id, isSeen: (id) => seen.includes(id), returned: [] },
          gone: run === 1 ? 1 : 0,
        });
      }
      expect(await known(state, "T1", "T2")).toEqual([valuesOf({ TAG: "T1" }), undefined]);
      expect((await open(state)).isFull).toBe(true);
    }));

  test("what is back is not missed any more", () =>
    withNewState(openState, async ({ state }) => {
      await acceptRecords(state, "a", [{ TAG: "T1" }]);
      const before = await open(state);
      await before.conclude({ run: "1", isSeen: () => false, returned: [], gone: 1 });
      const baseline = await open(state);
      const [record] = await baseline.findAll([keyOf("T1")]);
      expect([record?.missed, baseline.size]).toEqual([1, 0]);
      const returned = [record?.id ?? 0];
      await baseline.conclude({ run: "2", isSeen: () => true, returned, gone: 0 });
      const [again] = await (await open(state)).findAll([keyOf("T1")]);
      expect(again?.missed).toBe(0);
    }));

  test("a baseline stays as it was opened, and its stamp tells that more was accepted", () =>
    withNewState(openState, async ({ state }) => {
      expect((await open(state)).stamp).toBe("none");
      await acceptRecords(state, "a", [{ TAG: "T1" }]);
      const baseline = await open(state);
      expect((await open(state)).stamp).toBe(baseline.stamp);
      await acceptRecords(state, "a", [{ TAG: "T2" }]);
      expect((await open(state)).stamp).not.toBe(baseline.stamp);
      expect(await baseline.findAll([keyOf("T2")])).toEqual([undefined]);
      expect(await missingKeys(baseline)).toEqual([keyOf("T1")]);
    }));

  test("the last upload is compared with as it was sent, as long as it is all there is", () =>
    withNewState(openState, async ({ state }) => {
      const run = await beginRun(state, "a");
      const ids = await run.outbox.put([
        { records: [{ TAG: "T1" }], text: undefined },
        { records: [{ TAG: "T2" }], text: '[{"TAG":"T2"}]' },
      ]);
      for (const id of ids) await run.outbox.acknowledge(id, [], []);
      await run.outbox.finish();
      await run.end(runEnd);
      await state.accepted.concludeUncompared("a", upload, run.id, 2);
      const last = await state.accepted.lastUpload("a", upload);
      if (last === undefined) throw new Error("there is no last upload");
      expect([last.run, last.size]).toEqual([run.id, 2]);
      const batches = await Array.fromAsync({ [Symbol.asyncIterator]: () => last.batches() });
      expect(batches.map(({ text }) => text)).toEqual(['[{"TAG":"T1"}]', '[{"TAG":"T2"}]']);
      const next = await acceptRecords(state, "a", [{ TAG: "T1" }]);
      const gone = new Map([[keyOf("T2"), { fields: '["TAG"]', values: '["T2"]' }]]);
      await last.conclude({ run: next.id, records: 1, gone, renamed: new Map(), returned: [] });
      const after = await state.accepted.lastUpload("a", upload);
      expect([after?.run, after?.size]).toEqual([next.id, 1]);
      const [missed, none] = await after?.findMissed([keyOf("T2"), keyOf("T1")]) ?? [];
      expect([missed?.values, none]).toEqual(['["T2"]', undefined]);
      await state.accepted.add("a", upload, next.id, [{ TAG: "T5" }]);
      expect(await state.accepted.lastUpload("a", upload)).toBeUndefined();
      expect(await known(state, "T1", "T5")).toEqual(["T1", "T5"].map((TAG) => valuesOf({ TAG })));
    }));

  test("the last upload is not all there is when another run had something accepted meanwhile", () =>
    withNewState(openState, async ({ state }) => {
      const run = await beginRun(state, "a");
      const [id = 0] = await run.outbox.put([{ records: [{ TAG: "T1" }], text: undefined }]);
      await run.outbox.acknowledge(id, [], []);
      await acceptRecords(state, "a", [{ TAG: "T2" }]);
      await run.outbox.finish();
      await run.end(runEnd);
      await state.accepted.concludeUncompared("a", upload, run.id, 1);
      expect(await state.accepted.lastUpload("a", upload)).toBeUndefined();
      expect(await known(state, "T1", "T2")).toEqual(["T1", "T2"].map((TAG) => valuesOf({ TAG })));
    }));

  test("a receipt takes nothing from what is to be taken in, and that nothing from the receipt", () =>
    withNewState(openState, async ({ state, again, die }) => {
      const dead = await again();
      const run = await beginRun(dead.state, "a", { awaitsReceipt: true });
      const [id = 0] = await run.outbox.put([{ records: [{ TAG: "T1" }], text: undefined }]);
      await run.outbox.acknowledge(id, [], []);
      await run.outbox.finish();
      await run.end({ ...runEnd, isUndecided: true });
      await die(dead);
      expect(await known(state, "T1")).toEqual([valuesOf({ TAG: "T1" })]);
      await acceptRecords(state, "a", [{ TAG: "T2" }]);
      const [receipt] = await state.awaitedReceipts("a", 9);
      expect(await Array.fromAsync(receipt?.records() ?? [])).toEqual([{ TAG: "T1" }]);
      const told = { receipt: { state: "reported" }, isAwaited: false, unnamed: 0, failed: [] };
      await receipt?.record(told);
      expect(await Array.fromAsync(receipt?.records() ?? [])).toEqual([]);
      expect(await known(state, "T1", "T2")).toEqual(["T1", "T2"].map((TAG) => valuesOf({ TAG })));
    }));

  test("what waits in the outbox is known beforehand, in its order", () =>
    withNewState(openState, async ({ state }) => {
      const run = await beginRun(state, "a");
      const [first = 0] = await run.outbox.put(
        ["T1", "T2", "T3"].map((TAG) => ({ records: [{ TAG }], text: undefined })),
      );
      await run.outbox.acknowledge(first, [], []);
      const waiting = await Array.fromAsync(state.accepted.pending("a"));
      expect(waiting).toEqual([{ TAG: "T2" }, { TAG: "T3" }]);
      expect(await Array.fromAsync(state.accepted.pending("b"))).toEqual([]);
    }));

  test("all that is known of a section can be forgotten, and of it alone", () =>
    withNewState(openState, async ({ state }) => {
      for (const section of ["a", "b"]) await acceptRecords(state, section, [{ TAG: "T1" }]);
      await open(state);
      await acceptRecords(state, "a", [{ TAG: "T2" }]);
      await state.accepted.forget("a");
      expect(await known(state, "T1", "T2")).toEqual([undefined, undefined]);
      expect((await open(state, "b")).size).toBe(1);
    }));

  test("what was accepted at another destination says nothing about this one", () =>
    withNewState(openState, async ({ state }) => {
      await acceptRecords(state, "a", [{ TAG: "T1" }]);
      const other = JSON.stringify({ ...JSON.parse(upload), mappingName: "another" });
      expect((await state.accepted.openBaseline("a", other)).size).toBe(0);
      await state.accepted.add("a", other, "7", [{ TAG: "T2" }]);
      expect((await state.accepted.openBaseline("a", other)).size).toBe(1);
      expect((await open(state)).size).toBe(0);
    }));
}
