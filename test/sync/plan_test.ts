/**
 * Plans: what an upload would change, kept in a file, and delivered only while it still holds.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type MappedRecord, Skipped } from "../../src/base/record.ts";
import { createRedactor } from "../../src/base/redact.ts";
import type { SourceItem } from "../../src/sdk/source.ts";
import { openAccount } from "../../src/sync/account.ts";
import { GuardError } from "../../src/sync/changes/guard.ts";
import { planSection, type PlanSettings } from "../../src/sync/changes/plan.ts";
import {
  checkGuardOfSaved,
  checkSaved,
  deliverSaved,
  mappingFingerprint,
  openSavedFilter,
  type SavedSection,
  savePlan,
} from "../../src/sync/changes/plan_file.ts";
import { openPlan } from "../../src/sync/changes/plan_reading.ts";
import { type Items, prepareTestSection, tagged } from "./support/prepared_section.ts";
import { openTestStore } from "./support/store.ts";

const url = "http://instance";

/** Plans a section whose records T1 to T20 were accepted before. */
async function plan(items: Items, ini = "", settings: Partial<PlanSettings> = {}) {
  const base = "sync_field = TAG\nmapping.TAG = tag\nmapping.NAME = name\n";
  const { prepared, lines } = await prepareTestSection(items, { ini: base + ini });
  const opened = openTestStore();
  const { store, folder } = opened;
  const upload = JSON.stringify(prepared.upload);
  const accepted = tagged(20).map(({ tag, name }): MappedRecord => ({ TAG: tag, NAME: name }));
  await store.accepted.add("devices", upload, "r1", accepted);
  await store.accepted.concludeUncompared("devices", upload, "r1");
  const planned = await planSection(prepared, {
    store,
    cursors: undefined,
    beside: join(folder, "plan"),
    full: false,
    guard: {},
    oomnitza: {} as never,
    http: {} as never,
    redactor: createRedactor(),
    signal: new AbortController().signal,
    workers: 1,
    recordCount: 0,
    isSaved: true,
    ...settings,
  });
  const path = join(folder, "friday.plan");
  const mapping = mappingFingerprint(prepared, url);
  return {
    prepared,
    planned,
    lines,
    path,
    ...opened,
    save(): SavedSection {
      savePlan(path, "0.0", [{ planned, mapping }]);
      const [section] = openPlan(path).sections;
      if (section === undefined) throw new Error("no section");
      return section;
    },
    upload,
  };
}

const twenty = tagged(20);
const [first = {}] = twenty;

test("a plan names what is new, changed and gone, and what would be sent", async () => {
  const items = [{ ...first, name: "pro" }, ...twenty.slice(1, 19), { tag: "T99", name: "mini" }];
  await using made = await plan(items, "only_changed = True\n");
  const { planned } = made;
  expect(planned.report).toMatchObject({
    section: "devices",
    counts: {
      fetched: 20,
      new: 1,
      changed: 1,
      unchanged: 18,
      blanked: 0,
      gone: 1,
      to_send: 2,
    },
    waiting: 0,
    has_baseline: true,
    guard: null,
    error: null,
  });
  expect(planned).toMatchObject({ isPending: true, isComplete: true });
  expect(await Array.fromAsync(planned.changes())).toMatchObject([
    { kind: "changed", record: "T1", fields: [{ field: "NAME", old: "air", new: "pro" }] },
    { kind: "new", record: "T99" },
    { kind: "gone", record: "T20" },
  ]);
  expect([...planned.payloads()].map(({ TAG }) => TAG)).toEqual(["T1", "T99"]);
  expect([...planned.goneKeys()]).toEqual(['["T20"]']);
});

test("without only_changed, and with --full, unchanged records are sent, too", async () => {
  await using all = await plan(twenty);
  expect(all.planned.report.counts).toMatchObject({ unchanged: 20, to_send: 20 });
  expect(all.planned.isPending).toBe(false);
  await using full = await plan(twenty, "only_changed = True\n", { full: true });
  expect(full.planned.report.counts.to_send).toBe(20);
});

test("what cannot be read leaves it open what is gone", async () => {
  await using made = await plan([...twenty.slice(0, 18), new Skipped("device 19", "broken")]);
  expect(made.planned.report.counts).toMatchObject({ fetched: 18, unreadable: 1, gone: null });
  expect(made.planned.isComplete).toBe(false);
});

test("a source that fails is in the report, with what was read before", async () => {
  await using made = await plan(async function* (): AsyncGenerator<SourceItem> {
    yield twenty.slice(0, 3);
    throw new Error("gone away");
  });
  const { counts, error } = made.planned.report;
  expect(counts).toMatchObject({ fetched: 3, gone: null });
  expect(error).toMatchObject({ message: "Unexpected: gone away", bug: true });
});

test("a plan says what the guard is against", async () => {
  await using made = await plan(twenty.slice(0, 5));
  expect(made.planned.report.guard).toStartWith("15 of 20 records (75 %) are gone");
  await using off = await plan(twenty.slice(0, 5), "guard = off\n");
  expect(off.planned.report.guard).toBeNull();
});

test("a plan that is only looked at says the same, and keeps only what differs", async () => {
  const unwritable = {
    toJSON(): never {
      throw new Error("no");
    },
  };
  const some = [{ ...first, name: "pro" }, ...twenty.slice(1, 19)];
  const items = [...some, { tag: "T99" }, { tag: "T98", name: unwritable }];
  await using saved = await plan(items);
  await using shown = await plan(items, "", { isSaved: false });
  expect(shown.planned.report).toEqual(saved.planned.report);
  expect(shown.planned.report.counts).toMatchObject({ new: 2, changed: 1, failed: 1, to_send: 21 });
  expect(await Array.fromAsync(shown.planned.changes())).toEqual(
    await Array.fromAsync(saved.planned.changes()),
  );
  expect([...saved.planned.payloads()]).toHaveLength(20);
  expect(() => [...shown.planned.payloads()]).toThrow("was kept");
  expect(() => shown.save()).toThrow("Cannot write the plan");
});

test("records that wait in the outbox are counted, and compared with", async () => {
  await using made = await plan(twenty);
  const { store, prepared, folder, upload } = made;
  const run = await store.begin(
    { section: "devices", upload, remember: true },
    "upload",
    () => ({}),
  );
  await run.outbox.put([{ records: [{ TAG: "T1", NAME: "pro" }], text: undefined }]);
  const planned = await planSection(prepared, {
    store,
    cursors: undefined,
    beside: join(folder, "plan"),
    full: false,
    guard: {},
    oomnitza: {} as never,
    http: {} as never,
    redactor: createRedactor(),
    signal: new AbortController().signal,
    workers: 1,
    recordCount: 1,
  });
  expect(planned.report).toMatchObject({
    waiting: 1,
    counts: { fetched: 1, changed: 1, gone: null },
  });
});

test("a saved plan holds what was planned, and is delivered as it is", async () => {
  await using made = await plan(
    [{ ...first, name: "pro" }, ...twenty.slice(1, 19)],
    "only_changed = True\n",
  );
  const saved = made.save();
  expect(saved.report).toEqual(made.planned.report);
  const delivered: unknown[] = [];
  const delivery = { isStopped: false, add: (record: MappedRecord) => void delivered.push(record) };
  const account = openAccount();
  await deliverSaved(saved, account, delivery, new AbortController().signal);
  expect(delivered).toEqual([{ TAG: "T1", NAME: "pro" }]);
  expect(account.counts.fetched).toBe(1);
  expect([...saved.goneKeys()]).toEqual(['["T20"]']);
});

test("delivering a saved plan ends with the delivery, and when it is aborted", async () => {
  await using made = await plan(twenty);
  const saved = made.save();
  const account = openAccount();
  const stopped = { isStopped: true, add: () => undefined };
  await deliverSaved(saved, account, stopped, new AbortController().signal);
  expect(account.counts.fetched).toBe(1);
  await deliverSaved(saved, account, { ...stopped, isStopped: false }, AbortSignal.abort());
  expect(account.counts.fetched).toBe(2);
});

test("a saved plan holds still as long as nothing changed", async () => {
  await using made = await plan(twenty);
  const { prepared, store, upload } = made;
  const saved = made.save();
  await checkSaved(saved, prepared, { store, instance: url });
  await expect(checkSaved(saved, prepared, { store, instance: "http://other" })).rejects.toThrow(
    "The plan of [devices] is stale: its mapping, or how it is sent, has changed since",
  );
  const failed = { ...saved.report, error: { message: "gone away", hint: null, bug: false } };
  await expect(checkSaved({ ...saved, report: failed }, prepared, { store, instance: url }))
    .rejects.toThrow(
      "its source could not be read (gone away)",
    );
  await store.accepted.add("devices", upload, "r2", [{ TAG: "T1" }]);
  await expect(checkSaved(saved, prepared, { store, instance: url })).rejects.toThrow(
    "something was uploaded since",
  );
});

test("another mapping or option is another fingerprint, another run is not", async () => {
  const { prepared } = await prepareTestSection([]);
  const { prepared: again } = await prepareTestSection([]);
  expect(mappingFingerprint(again, url)).toBe(mappingFingerprint(prepared, url));
  for (const ini of ["update_only = True\n", "keep_if_empty = NAME\n", "mapping.OS = os\n"]) {
    const base = "sync_field = TAG\nmapping.TAG = tag\nmapping.NAME = name\n";
    const { prepared: other } = await prepareTestSection([], { ini: base + ini });
    expect(mappingFingerprint(other, url)).not.toBe(mappingFingerprint(prepared, url));
  }
});

test("a guard that was against the plan stops it, unless that is accepted", async () => {
  await using made = await plan(twenty.slice(0, 5));
  const { prepared, lines } = made;
  const saved = made.save();
  expect(() => checkGuardOfSaved(saved, prepared, false)).toThrow(GuardError);
  checkGuardOfSaved(saved, prepared, true);
  expect(lines.at(-1)).toStartWith("warning: Accepted: 15 of 20 records");
});

test("a delivered plan notes what is gone, when it was complete", async () => {
  await using made = await plan([...twenty.slice(0, 19)]);
  const { prepared, store, upload } = made;
  const filter = openSavedFilter(made.save(), prepared, store, "r2");
  expect(filter.changes()).toMatchObject({ unchanged: 19, gone: 1, gone_records: [] });
  await filter.conclude();
  const baseline = await store.accepted.openBaseline("devices", upload);
  expect((await baseline.findAll(['["T20"]']))[0]?.missed).toBe(1);
  expect(baseline.size).toBe(19);
});

test("a file that was changed, cut or written by another program is refused", async () => {
  await using made = await plan(twenty);
  made.save();
  const { path } = made;
  const text = readFileSync(path, "utf8");
  const damages: [content: string, why: string][] = [
    ["", "it is empty"],
    ['{"agent_plan":2}\n', "it was not written by this version"],
    ["no JSON\n", "a line of it is not JSON"],
    ["[1]\n", "a line of it is not a JSON object"],
    [text.replace("air", "pro"), "it was changed, or is damaged"],
    [text.slice(0, text.lastIndexOf('{"sha256"')), "its end is missing"],
    [text.replace('"base"', '"basis"'), "the head of a section is not complete"],
  ];
  for (const [content, why] of damages) {
    writeFileSync(path, content);
    expect(() => openPlan(path)).toThrow(`${path} is not a plan that can be delivered: ${why}`);
  }
  writeFileSync(path, text);
  appendFileSync(path, "{}\n");
  expect(() => openPlan(path)).toThrow("something was added at its end");
  expect(() => openPlan(`${path}x`)).toThrow("Cannot read the plan");
});

test("a plan counts a volatile field that is emptied where the record would be sent", async () => {
  const items = twenty.map((item) => ({ ...item, name: "" }));
  const volatile = "volatile = NAME\nguard = 20%\n";
  await using all = await plan(items, volatile);
  const counts = { changed: 0, unchanged: 20 };
  expect(all.planned.report.counts).toMatchObject({ ...counts, blanked: 20, to_send: 20 });
  expect(all.planned.report.guard).toContain("20 of 20 records (100 %) would lose a value");
  await using some = await plan(items, `${volatile}only_changed = True\n`);
  expect(some.planned.report.counts).toMatchObject({ ...counts, blanked: 0, to_send: 0 });
  expect([some.planned.isPending, some.planned.report.guard]).toEqual([false, null]);
});
