/**
 * The guard by the order of the last upload: it finds what a comparison with all that was accepted finds, in
 * this run and in those after it.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { messageOf } from "../../src/base/errors.ts";
import type { MappedRecord } from "../../src/base/record.ts";
import { openAccount } from "../../src/sync/account.ts";
import { openChangeFilter } from "../../src/sync/changes/change_filter.ts";
import { OrderedFilter } from "../../src/sync/changes/ordered_filter.ts";
import type { ReadEnd } from "../../src/sync/read/pipeline.ts";
import { slow } from "../support/slow.ts";
import { prepareTestSection } from "./support/prepared_section.ts";
import { openTestStore, type TestStore } from "./support/store.ts";

const complete: ReadEnd = {
  isComplete: true,
  lost: 0,
  isIncremental: false,
  emptyPaths: [],
  isAborted: false,
};

const { prepared } = await prepareTestSection([], {
  ini: "sync_field = TAG\nmapping.TAG = tag\nmapping.NOTE = note\nvolatile = NOTE\n",
});
const upload = JSON.stringify(prepared.upload);
const batchSize = 7;

async function acceptAll(
  { store }: TestStore,
  run: string,
  records: readonly MappedRecord[],
): Promise<void> {
  for (let first = 0; first < records.length; first += batchSize) {
    await store.accepted.add("devices", upload, run, records.slice(first, first + batchSize));
  }
}

/** The first upload of a section; `isNoted`: its end says that it sent everything. */
async function firstUpload(opened: TestStore, records: readonly MappedRecord[], isNoted: boolean) {
  await acceptAll(opened, "r1", records);
  const count = isNoted ? records.length : undefined;
  await opened.store.accepted.concludeUncompared("devices", upload, "r1", count);
}

/** A run of these records whose delivery gets everything accepted. */
async function runWith(
  opened: TestStore,
  run: string,
  records: readonly MappedRecord[],
  { isAccepted = true, end = complete }: { isAccepted?: boolean; end?: ReadEnd } = {},
) {
  const account = openAccount();
  const delivered: MappedRecord[] = [];
  const delivery = { isStopped: false, add: (record: MappedRecord) => void delivered.push(record) };
  const filter = await openChangeFilter(prepared, account, delivery, {
    store: opened.store,
    beside: opened.store.path,
    run,
    outbox: undefined,
    guard: { guard: 20 },
    isFull: false,
    isPartial: false,
    isAccepted,
    signal: new AbortController().signal,
  });
  let stopped: string | undefined;
  try {
    for (const record of records) {
      account.counts.fetched++;
      await filter.add(record);
    }
    await filter.release(end);
    await acceptAll(opened, run, delivered);
    account.counts.sent = delivered.length;
    await filter.conclude();
  } catch (thrown) {
    stopped = messageOf(thrown);
  } finally {
    filter.close();
  }
  const isOrdered = filter instanceof OrderedFilter;
  return { isOrdered, stopped, delivered, changes: filter.changes(), held: account.counts.held };
}

function device(number: number, extra: Record<string, unknown> = {}): MappedRecord {
  return { TAG: `T${number}`, NAME: `name ${number}`, NOTE: number % 3 === 0 ? "" : "x", ...extra };
}

function devices(count: number): MappedRecord[] {
  return Array.from({ length: count }, (_, index) => device(index + 1));
}

/** Numbers that look random and are the same each time. */
function makeRandom(seed: number): () => number {
  let calls = 0;
  return () => Bun.hash.xxHash32(`${seed} ${calls++}`) / 2 ** 32;
}

/** A source some time later: records changed, gone, new, moved, emptied, and only seen since. */
function someTimeLater(records: readonly MappedRecord[], random: () => number, share: number) {
  const later: MappedRecord[] = [];
  for (const record of records) {
    const dice = random() / share;
    if (dice < 1) continue;
    if (dice < 2) later.push({ ...record, NAME: `other ${random()}` });
    else if (dice < 3) later.push(record, device(1000 + Math.floor(random() * 1e9)));
    else if (dice < 4) later.push({ ...record, NAME: "" });
    else if (dice < 5) later.splice(Math.floor(random() * later.length), 0, record);
    else if (dice < 6) later.push({ ...record, NOTE: random() < 0.5 ? "" : `seen ${random()}` });
    else later.push(record);
  }
  return later;
}

type Found = Awaited<ReturnType<typeof runWith>>;

/** What is gone is named in the order of the last upload, or of the first one that had it. */
function sortGone(found: Found): Found {
  if (found.changes === null) return found;
  const sorted = found.changes.gone_records.toSorted();
  return { ...found, changes: { ...found.changes, gone_records: sorted } };
}

/** Some records, and those of others that are not among them. */
function withThese(records: readonly MappedRecord[], others: readonly MappedRecord[]) {
  const tags = new Set(records.map(({ TAG }) => TAG));
  return [...records, ...others.filter(({ TAG }) => !tags.has(TAG))];
}

test("what did not change is not unpacked, in this run and the next", async () => {
  await using opened = openTestStore();
  const records = devices(50);
  await firstUpload(opened, records, true);
  for (const run of ["r2", "r3"]) {
    const { changes, delivered, isOrdered } = await runWith(opened, run, records);
    expect(isOrdered).toBe(true);
    expect(changes).toMatchObject({ new: 0, changed: 0, unchanged: 50, gone: 0 });
    expect(delivered).toEqual(records);
  }
  const database = new Database(opened.store.path, { readonly: true });
  expect(database.query("SELECT count(*) AS count FROM fingerprints").get()).toEqual({ count: 0 });
  expect(database.query("SELECT DISTINCT run FROM answered_batches").all()).toEqual([{
    run: "r3",
  }]);
  database.close();
});

slow("runs compared in order find what runs find that look up each record", async () => {
  for (let seed = 1; seed <= 5; seed++) {
    await using ordered = openTestStore();
    await using plain = openTestStore();
    const random = makeRandom(seed);
    let records: readonly MappedRecord[] = devices(60);
    await firstUpload(ordered, records, true);
    await firstUpload(plain, records, false);
    const first = records;
    for (let run = 2; run <= 8; run++) {
      // What is gone comes back now and then.
      const source = run === 5 ? withThese(records, first) : records;
      records = someTimeLater(source, random, seed % 3 === 0 ? 0.05 : 0.01);
      const found = await runWith(ordered, `r${run}`, records);
      // Its last run is not noted as one that sent everything.
      new Database(plain.store.path).run(
        "UPDATE answered_batches SET compared = NULL WHERE kind = 'full'",
      );
      const wanted = await runWith(plain, `r${run}`, records);
      expect([found.isOrdered, wanted.isOrdered]).toEqual([true, false]);
      expect(sortGone(found)).toEqual({ ...sortGone(wanted), isOrdered: true });
    }
  }
});

slow("in another order, each record is looked up", async () => {
  await using opened = openTestStore();
  const records = devices(2500);
  await firstUpload(opened, records, true);
  const { changes, delivered } = await runWith(opened, "r2", records.toReversed());
  expect(changes).toMatchObject({ new: 0, changed: 0, unchanged: 2500, gone: 0 });
  expect(delivered).toEqual(records.toReversed());
});

test("the guard stops what it is to stop, and everything is held", async () => {
  await using opened = openTestStore();
  const records = devices(100);
  await firstUpload(opened, records, true);
  const gone = await runWith(opened, "r2", records.slice(0, 60), { isAccepted: false });
  expect(gone.stopped).toContain("40 of 100 records (40 %) are gone from the source: T61, T62");
  expect([gone.delivered.length, gone.held]).toEqual([0, 60]);
  const emptied = records.map((record) => ({ ...record, NAME: "" }));
  const blank = await runWith(opened, "r3", emptied, { isAccepted: false });
  expect(blank.stopped).toContain("100 of 100 records (100 %) would lose a value: NAME in 100");
});

test("a source that was not read to its end is compared with all that was accepted", async () => {
  await using opened = openTestStore();
  const records = devices(20);
  await firstUpload(opened, records, true);
  const end = { ...complete, isComplete: false };
  const part = await runWith(opened, "r2", records.slice(0, 5), { end });
  expect(part.changes).toMatchObject({ unchanged: 5, gone: null });
  const whole = await runWith(opened, "r3", records);
  expect(whole.isOrdered).toBe(false);
  expect(whole.changes).toMatchObject({ unchanged: 20, gone: 0 });
});

test("what others got accepted since is compared with, too", async () => {
  await using opened = openTestStore();
  const records = devices(20);
  await firstUpload(opened, records, true);
  const other = device(3, { NAME: "renamed" });
  await opened.store.accepted.add("devices", upload, "w1", [other]);
  const { isOrdered, changes } = await runWith(opened, "r2", records);
  expect(isOrdered).toBe(false);
  expect(changes).toMatchObject({ changed: 1, unchanged: 19 });
});

test("a record that cannot be written is lost, and does not count as sent", async () => {
  await using opened = openTestStore();
  await firstUpload(opened, devices(3), true);
  const ring: Record<string, unknown> = { TAG: "T4" };
  ring["self"] = ring;
  const { delivered } = await runWith(opened, "r2", [...devices(3), ring]);
  expect(delivered).toHaveLength(3);
  expect((await runWith(opened, "r3", devices(3))).isOrdered).toBe(false);
});
