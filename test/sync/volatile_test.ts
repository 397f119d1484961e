/**
 * Volatile fields by the filter that uploads go through: what is left out, what is sent, and what is
 * remembered of it.
 *
 * @module
 */
import { expect, test } from "bun:test";
import type { MappedRecord } from "../../src/base/record.ts";
import { readFieldValues } from "../../src/state/fingerprint.ts";
import { openAccount } from "../../src/sync/account.ts";
import { openChangeFilter } from "../../src/sync/changes/change_filter.ts";
import { OrderedFilter } from "../../src/sync/changes/ordered_filter.ts";
import { prepareTestSection } from "./support/prepared_section.ts";
import { openTestStore, type TestStore } from "./support/store.ts";

const mappings = ["TAG", "NAME", "OS", "SEEN", "IP"]
  .map((field) => `mapping.${field} = ${field.toLowerCase()}\n`).join("");
const base = `sync_field = TAG\nvolatile = seen, ip\n${mappings}`;

async function openSection(extra: string) {
  const { prepared } = await prepareTestSection([], { ini: base + extra });
  return { prepared, upload: JSON.stringify(prepared.upload) };
}

type Section = Awaited<ReturnType<typeof openSection>>;

/** A run of these records; all that is delivered is accepted. */
async function runWith(
  { prepared, upload }: Section,
  { store }: TestStore,
  run: string,
  records: readonly MappedRecord[],
) {
  const account = openAccount();
  const delivered: MappedRecord[] = [];
  const delivery = { isStopped: false, add: (record: MappedRecord) => void delivered.push(record) };
  const filter = await openChangeFilter(prepared, account, delivery, {
    ...{ store, run, outbox: undefined, guard: {}, isFull: false, isPartial: false },
    ...{ isAccepted: true, beside: store.path, signal: new AbortController().signal },
  });
  for (const record of records) await filter.add(record);
  const end = { isComplete: true, lost: 0, isIncremental: false, emptyPaths: [], isAborted: false };
  await filter.release(end);
  if (delivered.length > 0) await store.accepted.add("devices", upload, run, delivered);
  account.counts.fetched = records.length;
  account.counts.sent = delivered.length;
  await filter.conclude();
  filter.close();
  return { delivered, changes: filter.changes(), isOrdered: filter instanceof OrderedFilter };
}

/** What is remembered as accepted, by tag. */
async function remembered({ upload }: Section, { store }: TestStore) {
  const found = new Map<unknown, MappedRecord>();
  const baseline = await store.accepted.openBaseline("devices", upload);
  for await (const one of baseline.missing(() => false)) {
    const record = Object.fromEntries(readFieldValues(one));
    found.set(record.TAG, record);
  }
  return found;
}

/** Numbers that look random and are the same each time. */
function makeRandom(seed: number): () => number {
  let calls = 0;
  return () => Bun.hash.xxHash32(`${seed} ${calls++}`) / 2 ** 32;
}

const values = ["", "a", "b", null, 1, 2n ** 64n, ["a"], ["a", "b"], "x".repeat(400)] as const;

/** A record of some fields with values of a few, so that many are the same again. */
function randomRecord(tag: number, random: () => number): MappedRecord {
  const record: Record<string, unknown> = { TAG: `T${tag}` };
  for (const field of ["NAME", "OS", "SEEN", "IP"]) {
    // Mostly the first value, so that often nothing or one field alone differs.
    const at = random() < 0.6 ? 0 : Math.floor(random() * values.length);
    if (random() > 0.1) record[field] = values[at];
  }
  return record;
}

const volatile = ["SEEN", "IP"];

/** The fields of a record that count, as text. */
function countedText(record: MappedRecord | undefined): string {
  if (record === undefined) return "none";
  const counted = Object.entries(record).filter(([field]) => !volatile.includes(field));
  return counted.sort().map(([field, value]) => {
    return `${field}=${typeof value}:${
      JSON.stringify(value, (_, v) => typeof v === "bigint" ? `${v}` : v)
    }`;
  }).join(";");
}

test("a record is sent when a field differs that is not volatile, and only then", async () => {
  const section = await openSection("only_changed = True\nguard = off\n");
  let leftOut = 0;
  let sent = 0;
  for (let seed = 1; seed <= 3; seed++) {
    await using opened = openTestStore();
    const random = makeRandom(seed);
    /** What Oomnitza has. */
    const has = new Map<unknown, MappedRecord>();
    for (let run = 1; run <= 6; run++) {
      const records = Array.from({ length: 60 }, (_, tag) => randomRecord(tag, random));
      const wanted = records.filter((record) =>
        countedText(record) !== countedText(has.get(record.TAG))
      );
      const { delivered, changes } = await runWith(section, opened, `r${run}`, records);
      expect(delivered).toEqual(wanted);
      expect(changes).toMatchObject({ unchanged: 60 - wanted.length });
      for (const record of delivered) has.set(record.TAG, record);
      leftOut += records.length - wanted.length;
      sent += wanted.length;
      // What was left out has changed nothing in Oomnitza, and so nothing of what is remembered.
      const kept = await remembered(section, opened);
      for (const [tag, record] of has) {
        expect(kept.get(tag)?.SEEN).toEqual(shortForm(record.SEEN));
        expect(kept.get(tag)?.IP).toEqual(shortForm(record.IP));
      }
    }
  }
  // Both happen often, or the test would say nothing.
  expect(Math.min(leftOut, sent)).toBeGreaterThan(100);
});

/** A value as it is remembered. */
function shortForm(value: unknown): unknown {
  return typeof value === "string" && value.length > 256 ? expect.anything() : value;
}

const first: MappedRecord = { TAG: "T1", NAME: "air", OS: "14", SEEN: 1, IP: "10.0.0.1" };

test("a record that was left out is compared with what was sent last, not with itself", async () => {
  const section = await openSection("only_changed = True\n");
  await using opened = openTestStore();
  const runs: [string, MappedRecord, number][] = [
    ["r1", first, 1],
    ["r2", { ...first, SEEN: 2 }, 0],
    ["r3", { ...first, SEEN: 3, IP: "10.0.0.3" }, 0],
    ["r4", { ...first, SEEN: 4, OS: "15" }, 1],
    ["r5", { ...first, SEEN: 1, OS: "15" }, 0],
    ["r6", { ...first, SEEN: 1 }, 1],
  ];
  for (const [run, record, sent] of runs) {
    const { delivered } = await runWith(section, opened, run, [record]);
    expect([run, delivered]).toEqual([run, sent === 0 ? [] : [record]]);
  }
});

test("without only_changed all is sent and remembered, and volatile fields count as unchanged", async () => {
  const section = await openSection("guard = 20%\n");
  await using opened = openTestStore();
  const made = (run: number) =>
    Array.from({ length: 20 }, (_, tag): MappedRecord => ({ ...first, TAG: `T${tag}`, SEEN: run }));
  await runWith(section, opened, "r1", made(1));
  for (const run of [2, 3]) {
    const { delivered, changes, isOrdered } = await runWith(section, opened, `r${run}`, made(run));
    expect(isOrdered).toBe(true);
    expect(delivered).toEqual(made(run));
    expect(changes).toMatchObject({ new: 0, changed: 0, unchanged: 20, blanked: 0, gone: 0 });
  }
  const [one, ...rest] = made(4);
  const { changes } = await runWith(section, opened, "r4", [{ ...one, OS: "15" }, ...rest]);
  expect(changes).toMatchObject({ changed: 1, unchanged: 19 });
  expect((await remembered(section, opened)).get("T7")).toEqual({ ...first, TAG: "T7", SEEN: 4 });
});

test("the guard stops a run that would empty a volatile field, unless the records stay", async () => {
  const made = (ip: string) =>
    Array.from({ length: 20 }, (_, tag): MappedRecord => ({ ...first, TAG: `T${tag}`, IP: ip }));
  for (const [extra, blanked] of [["", 20], ["only_changed = True\n", 0]] as const) {
    const section = await openSection(extra);
    await using opened = openTestStore();
    await runWith(section, opened, "r1", made("10.0.0.1"));
    const { changes } = await runWith(section, opened, "r2", made(""));
    expect(changes).toMatchObject({ changed: 0, unchanged: 20, blanked });
  }
});
