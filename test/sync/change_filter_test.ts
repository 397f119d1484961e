/**
 * The change filter: what goes on to the delivery, and what the run has to say of changes at its end.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import type { MappedRecord } from "../../src/base/record.ts";
import { openAccount } from "../../src/sync/account.ts";
import { openChangeFilter } from "../../src/sync/changes/change_filter.ts";
import type { FilterSettings } from "../../src/sync/changes/filter.ts";
import { GuardError } from "../../src/sync/changes/guard.ts";
import type { ReadEnd } from "../../src/sync/read/pipeline.ts";
import { prepareTestSection } from "./support/prepared_section.ts";
import { openTestStore } from "./support/store.ts";

const mapping = "sync_field = TAG\nmapping.TAG = tag\n";
const complete: ReadEnd = {
  isComplete: true,
  lost: 0,
  isIncremental: false,
  emptyPaths: [],
  isAborted: false,
};

/** A filter in front of a delivery that only notes what it gets. */
async function start(
  { ini = "", accepted = [], settings = {} }: {
    readonly ini?: string;
    /** What an earlier run that read all of the source got accepted. */
    readonly accepted?: readonly MappedRecord[];
    readonly settings?: Partial<FilterSettings>;
  },
) {
  const { prepared, lines } = await prepareTestSection([], { ini: mapping + ini });
  const opened = openTestStore();
  const { store } = opened;
  const upload = JSON.stringify(prepared.upload);
  if (accepted.length > 0) {
    await store.accepted.add("devices", upload, "r1", accepted);
    await store.accepted.concludeUncompared("devices", upload, "r1");
  }
  const account = openAccount();
  const delivered: unknown[] = [];
  const delivery = {
    isStopped: false,
    add: (record: MappedRecord) => void delivered.push(record.TAG),
  };
  const filter = await openChangeFilter(prepared, account, delivery, {
    store,
    beside: store.path,
    run: "r2",
    outbox: undefined,
    guard: {},
    isFull: false,
    isPartial: false,
    isAccepted: false,
    signal: new AbortController().signal,
    ...settings,
  });
  return {
    filter,
    account,
    delivered,
    delivery,
    lines,
    baseline: () => store.accepted.openBaseline("devices", upload),
    ...opened,
  };
}

function tagged(from: number, to: number, extra: Record<string, unknown> = {}): MappedRecord[] {
  return Array.from(
    { length: to - from + 1 },
    (_, index) => ({ TAG: `T${from + index}`, ...extra }),
  );
}

async function addAll(
  { filter }: Awaited<ReturnType<typeof start>>,
  records: readonly MappedRecord[],
  end = complete,
): Promise<void> {
  for (const record of records) await filter.add(record);
  await filter.release(end);
}

test("without anything to compare with, records pass as they come", async () => {
  await using run = await start({});
  await run.filter.add({ TAG: "T1" });
  expect(run.delivered).toEqual(["T1"]);
  expect(run.filter.changes()).toBeNull();
});

test("a run that sent all of the source becomes what the next is compared with", async () => {
  await using run = await start({});
  await addAll(run, tagged(1, 2));
  await run.filter.conclude();
  expect((await run.baseline()).isFull).toBe(true);
});

test("a run that lost a record, or did not come to the end, does not", async () => {
  for (const end of [{ ...complete, lost: 1 }, { ...complete, isComplete: false }]) {
    await using run = await start({});
    await addAll(run, tagged(1, 2), end);
    await run.filter.conclude();
    expect((await run.baseline()).isFull).toBe(false);
  }
});

test("only what changed is sent, where that is asked for", async () => {
  await using run = await start({ ini: "only_changed = True\n", accepted: tagged(1, 3) });
  await addAll(run, [...tagged(1, 2), { TAG: "T3", NAME: "new" }, { TAG: "T4" }]);
  expect(run.delivered).toEqual(["T3", "T4"]);
  expect(run.account.counts).toMatchObject({ unchanged: 2, held: 0 });
  expect(run.filter.changes()).toEqual({
    new: 1,
    renamed: 0,
    renames: [],
    changed: 1,
    unchanged: 2,
    blanked: 0,
    gone: 0,
    gone_records: [],
  });
});

test("a full upload sends also what did not change", async () => {
  const settings = { isFull: true };
  await using run = await start({ ini: "only_changed = True\n", accepted: tagged(1, 2), settings });
  await addAll(run, tagged(1, 2));
  expect(run.delivered).toEqual(["T1", "T2"]);
  expect(run.account.counts.unchanged).toBe(0);
});

test("only_changed without a state file is reported", async () => {
  await using run = await start({ ini: "only_changed = True\n", settings: { store: undefined } });
  await run.filter.add({ TAG: "T1" });
  expect(run.delivered).toEqual(["T1"]);
  expect(run.lines).toEqual([
    "warning: only_changed needs the state file: without it, everything is sent",
  ]);
});

test("where the guard is in force, nothing passes before all of it was compared", async () => {
  await using run = await start({ accepted: tagged(1, 20) });
  for (const record of tagged(1, 20)) await run.filter.add(record);
  expect(run.delivered).toEqual([]);
  await run.filter.release(complete);
  expect(run.delivered).toEqual(tagged(1, 20).map(({ TAG }) => TAG));
  expect(run.account.counts.held).toBe(0);
  expect(readdirSync(run.folder).filter((name) => name.endsWith(".spool"))).toEqual([]);
});

test("the guard stops a run that would lose too much, and everything is held back", async () => {
  await using run = await start({ accepted: tagged(1, 100) });
  const stopped = addAll(run, tagged(1, 79));
  await expect(stopped).rejects.toThrow(GuardError);
  expect(run.delivered).toEqual([]);
  expect(run.account.counts.held).toBe(79);
  expect(run.filter.changes()).toMatchObject({ unchanged: 79, gone: 21 });
});

test("what the guard stops passes when it is accepted", async () => {
  await using run = await start({ accepted: tagged(1, 100), settings: { isAccepted: true } });
  await addAll(run, tagged(1, 79));
  expect(run.delivered).toHaveLength(79);
  expect(run.lines.at(-1)).toStartWith("warning: Accepted: 21 of 100 records (21 %) are gone");
});

test("records that could not be read do not count as gone for the guard", async () => {
  await using run = await start({ accepted: tagged(1, 100) });
  await addAll(run, tagged(1, 79), { ...complete, lost: 1 });
  expect(run.delivered).toHaveLength(79);
  expect(run.filter.changes()).toMatchObject({ gone: null, gone_records: [] });
});

test("the guard looks at no records that come by themselves", async () => {
  await using run = await start({ accepted: tagged(1, 100), settings: { isPartial: true } });
  await run.filter.add({ TAG: "T1" });
  expect(run.delivered).toEqual(["T1"]);
});

test("a run that is aborted holds everything back", async () => {
  await using run = await start({ accepted: tagged(1, 3) });
  await addAll(run, tagged(1, 3), { ...complete, isComplete: false, isAborted: true });
  expect(run.delivered).toEqual([]);
  expect(run.account.counts.held).toBe(3);
});

test("a delivery that stops leaves the rest held back", async () => {
  await using run = await start({ accepted: tagged(1, 3) });
  const { add } = run.delivery;
  run.delivery.add = (record) => {
    run.delivery.isStopped = true;
    return add(record);
  };
  await addAll(run, tagged(1, 3));
  expect(run.delivered).toEqual(["T1"]);
  expect(run.account.counts.held).toBe(2);
});

/** A value that JSON has no form for: it holds itself. */
const ring: Record<string, unknown> = {};
ring.self = ring;

test("what cannot be written into the spool is lost, with its reason", async () => {
  await using run = await start({ accepted: tagged(1, 2) });
  await addAll(run, [{ TAG: "T1", size: ring }, { TAG: "T2" }]);
  expect(run.account.failures).toEqual([
    { record: "T1", reason: expect.stringContaining("cannot be written as JSON") },
  ]);
  expect(run.delivered).toEqual(["T2"]);
});

test("a hundred of those gone are named, all are counted", async () => {
  await using run = await start({
    accepted: tagged(1, 150),
    settings: { guard: { guard: "off" } },
  });
  expect(run.filter.changes()).toBeNull();
  await using guarded = await start({
    ini: "guard = off\nonly_changed = True\n",
    accepted: tagged(1, 150),
  });
  await addAll(guarded, []);
  expect(guarded.filter.changes()).toMatchObject({ gone: 150 });
  expect(guarded.filter.changes()?.gone_records).toHaveLength(100);
});

test("a compared run that ended well notes what was missed", async () => {
  await using run = await start({ accepted: tagged(1, 20) });
  await addAll(run, tagged(1, 15));
  await run.filter.conclude();
  expect((await run.baseline()).size).toBe(15);
  expect((await (await run.baseline()).findAll(['["T16"]']))[0]?.missed).toBe(1);
});
