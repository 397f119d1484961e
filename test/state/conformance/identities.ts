/**
 * The vendor's ids of what was accepted, whatever keeps the state.
 *
 * @module
 */
import { expect, test as always } from "bun:test";
import type { MappedRecord } from "../../../src/base/record.ts";
import { Fingerprints } from "../../../src/state/fingerprint.ts";
import type { Baseline, GoneRecord } from "../../../src/state/known_records.ts";
import type { State } from "../../../src/state/state.ts";
import { storedSection } from "../../sync/support/store.ts";
import { beginRun, type Declare, type OpenState, runEnd, withNewState } from "./open_state.ts";

const { upload } = storedSection;
const prints = new Fingerprints(["TAG"]);

function keyOf(tag: string): string {
  return prints.keyOf({ TAG: tag }) ?? "";
}

function open(state: State, section = "a"): Promise<Baseline> {
  return state.accepted.openBaseline(section, upload);
}

/** A record with its tag, and the vendor's id of it. */
type Row = readonly [tag: string, id: string | undefined];

/** Has Oomnitza accept records with their ids; `pending` ones get no answer before the others. */
async function accept(
  state: State,
  rows: readonly Row[],
  { section = "a", scope = "s", pending = [] as readonly MappedRecord[] } = {},
): Promise<string> {
  const run = await beginRun(state, section);
  run.outbox.identifyBy(scope);
  const records = rows.map(([TAG]) => ({ TAG }));
  const [id = 0] = await run.outbox.put([
    { records, text: undefined, ids: rows.map(([, each]) => each) },
  ]);
  if (pending.length > 0) await run.outbox.acknowledge(id, [], pending);
  await run.outbox.acknowledge(id, [], []);
  await run.outbox.finish();
  await run.end(runEnd);
  return run.id;
}

/** The identities that are known of some tags. */
async function identitiesOf(state: State, ...tags: readonly string[]) {
  const found = await (await open(state)).findAll(tags.map(keyOf));
  return found.map((record) => record?.identity);
}

/** The tags of the records that are found by some identities. */
async function tagsOf(baseline: Baseline, ...identities: readonly string[]) {
  const found = await baseline.findByIdentity(identities);
  return found.map((record) => record && JSON.parse(record.key)[0]);
}

/** Tests what an engine knows of the vendor's ids; `test` declares each. */
export function testIdentities(openState: OpenState, test: Declare = always): void {
  test("a record is found by the vendor's id that came with its batch, in its section only", () =>
    withNewState(openState, async ({ state }) => {
      const long = "x".repeat(9000);
      expect((await open(state)).hasIdentities).toBe(false);
      await accept(state, [["T1", "1"], ["T2", undefined], ["T3", long], ["T4", "\u0000é"]]);
      await accept(state, [["T9", "9"]], { section: "b" });
      const baseline = await open(state);
      expect(baseline.hasIdentities).toBe(true);
      expect(await identitiesOf(state, "T1", "T2", "T3", "T4")).toEqual(
        ["s:1", undefined, `s:${long}`, "s:\u0000é"],
      );
      expect(await tagsOf(baseline, "s:9", `s:${long}`, "s:1", "t:1", "s:\u0000é", "s:1")).toEqual(
        [undefined, "T3", "T1", undefined, "T4", "T1"],
      );
      expect(await baseline.findByIdentity([])).toEqual([]);
    }));

  test("an id that several expected records have says nothing, one that was missed gives way", () =>
    withNewState(openState, async ({ state }) => {
      await accept(state, [["T1", "1"], ["T2", "1"], ["T3", "3"]]);
      expect(await tagsOf(await open(state), "s:1", "s:3")).toEqual([undefined, "T3"]);
      const baseline = await open(state);
      const seen = (await baseline.findAll(["T2", "T3"].map(keyOf))).map((known) => known?.id);
      const run = await accept(state, [["T2", "1"]]);
      await baseline.conclude({ run, isSeen: (id) => seen.includes(id), gone: 1, returned: [] });
      expect(await tagsOf(await open(state), "s:1")).toEqual(["T2"]);
    }));

  test("an expected record is found by an id that missed ones have too, however new they are", () =>
    withNewState(openState, async ({ state }) => {
      await accept(state, [["T1", "1"], ["T2", "1"], ["T3", "1"]]);
      const baseline = await open(state);
      const [first] = await baseline.findAll([keyOf("T1")]);
      const run = await accept(state, [["T1", "1"]]);
      await baseline.conclude({ run, isSeen: (id) => id === first?.id, gone: 2, returned: [] });
      expect(await tagsOf(await open(state), "s:1")).toEqual(["T1"]);
    }));

  test("an id is learned from a record that is the same, and stays when another batch has none", () =>
    withNewState(openState, async ({ state }) => {
      await accept(state, [["T1", undefined], ["T2", "2"]]);
      await accept(state, [["T1", "1"], ["T2", undefined]]);
      expect(await identitiesOf(state, "T1", "T2")).toEqual(["s:1", "s:2"]);
      const [record] = await (await open(state)).findAll([keyOf("T1")]);
      expect(record?.mustSend).toBe(false);
      await accept(state, [["T1", "7"]]);
      expect(await identitiesOf(state, "T1")).toEqual(["s:7"]);
    }));

  test("the ids of a batch that was answered in part are not taken for those of others", () =>
    withNewState(openState, async ({ state }) => {
      await accept(state, [["T1", "1"], ["T2", "2"]], { pending: [{ TAG: "T2" }] });
      expect(await identitiesOf(state, "T1", "T2")).toEqual([undefined, undefined]);
    }));

  test("what a baseline was opened without is not found by its id", () =>
    withNewState(openState, async ({ state }) => {
      await accept(state, [["T1", "1"]]);
      const baseline = await open(state);
      await accept(state, [["T2", "2"]]);
      await open(state);
      expect(await tagsOf(baseline, "s:1", "s:2")).toEqual(["T1", undefined]);
    }));

  test("a run writes down the ids that it learned, of records that were missed, too", () =>
    withNewState(openState, async ({ state }) => {
      await accept(state, [["T1", undefined], ["T2", undefined]]);
      const before = await open(state);
      await before.conclude({ run: "1", isSeen: () => false, gone: 2, returned: [] });
      await accept(state, [["T1", undefined]]);
      const baseline = await open(state);
      const found = await baseline.findAll(["T1", "T2"].map(keyOf));
      expect(found.map((record) => record?.missed)).toEqual([0, 1]);
      const learned = ["T1", "T2"].map((tag, at) => [keyOf(tag), `s:${at}\u0000`] as const);
      await baseline.noteIdentities({ learned, renamed: [] });
      expect(await identitiesOf(state, "T1", "T2")).toEqual(["s:0\u0000", "s:1\u0000"]);
    }));

  test("the key of a renamed record is free, and what it was is found by its id", () =>
    withNewState(openState, async ({ state }) => {
      await accept(state, [["T1", "1"], ["T2", "2"]]);
      const rename = async (tag: string, identity: string) => {
        const baseline = await open(state);
        const [record] = await baseline.findByIdentity([identity]);
        await baseline.noteIdentities({
          learned: [],
          renamed: [{ id: record?.id ?? 0, key: keyOf(tag) }],
        });
      };
      await rename("T1", "s:1");
      const renamed = await open(state);
      expect(await renamed.findAll([keyOf("T1")])).toEqual([undefined]);
      expect(renamed.size).toBe(1);
      const [old] = await renamed.findByIdentity(["s:1"]);
      expect([old?.key, old?.missed]).toEqual([keyOf("T1"), 1]);
      // Somebody else comes under the key, and has another one later: that one is remembered now.
      await accept(state, [["T1", "5"]]);
      expect(await identitiesOf(state, "T1")).toEqual(["s:5"]);
      await rename("T1", "s:5");
      expect(await tagsOf(await open(state), "s:1", "s:5", "s:2")).toEqual(
        [undefined, "T1", "T2"],
      );
    }));

  test("the last upload has the ids beside its batches, and remembers what was renamed", () =>
    withNewState(openState, async ({ state }) => {
      const { accepted } = state;
      const run = await accept(state, [["T1", "1"], ["T2", undefined], ["T3", "3"], ["T4", "4"]]);
      await accepted.concludeUncompared("a", upload, run, 4);
      const last = await accepted.lastUpload("a", upload);
      if (last === undefined) throw new Error("there is no last upload");
      const [batch] = await Array.fromAsync({ [Symbol.asyncIterator]: () => last.batches() });
      expect(batch?.identities()).toEqual(["s:1", null, "s:3", "s:4"]);
      const print = (tag: string) => ({ fields: '["TAG"]', values: `["${tag}"]` });
      const next = await accept(state, [["T9", "1"]]);
      await last.conclude({
        ...{ run: next, records: 1, returned: [] },
        gone: new Map<string, GoneRecord>([
          [keyOf("T2"), print("T2")],
          [keyOf("T4"), { ...print("T4"), identity: "s:4" }],
        ]),
        renamed: new Map([[keyOf("T1"), { ...print("T1"), identity: "s:1" }]]),
      });
      const after = await accepted.lastUpload("a", upload);
      const found = await after?.findMissedByIdentity(["s:4", "s:3", "s:1"]);
      expect(found?.map((record) => record && [record.key, record.values])).toEqual([
        [keyOf("T4"), '["T4"]'],
        undefined,
        [keyOf("T1"), '["T1"]'],
      ]);
      expect(await after?.findMissed([keyOf("T1"), keyOf("T2")])).toEqual([
        undefined,
        expect.objectContaining(print("T2")),
      ]);
    }));
}
