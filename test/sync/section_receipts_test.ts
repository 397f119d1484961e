/**
 * What is done with what Oomnitza tells of an upload, with an instance that tells as configured.
 *
 * @module
 */
import { expect, test } from "bun:test";
import type { MappedRecord } from "../../src/base/record.ts";
import { AuthError, SinkError } from "../../src/base/errors.ts";
import { openAccount } from "../../src/sync/account.ts";
import { askReceipts, type ReceiptClient } from "../../src/sync/receipt/ask.ts";
import { describeReceipt } from "../../src/sync/receipt/receipt.ts";
import { type ReceiptOptions, SectionReceipts } from "../../src/sync/receipt/section_receipts.ts";
import type { StateStore } from "../../src/state/store.ts";
import { keepLog, mappedRecords, upload } from "./support/fakes.ts";
import { openTestStore, storedSection } from "./support/store.ts";

/** What an instance answers: JSON, that it does not tell, or what is thrown. */
type Reported = Record<string, unknown> | readonly unknown[] | "not_reported" | Error;

/** An instance that answers with these, the last of which lasts. */
function instance(answers: readonly Reported[]) {
  const asked: string[] = [];
  const left = [...answers];
  const client: ReceiptClient = {
    ask(path) {
      asked.push(path);
      const answer = left.length > 1 ? left.shift() : left[0];
      if (answer instanceof Error) return Promise.reject(answer);
      return Promise.resolve(answer === "not_reported" ? answer : { value: answer });
    },
  };
  return { client, asked };
}

function portion(objects: Record<string, number>, logs: Record<string, readonly string[]> = {}) {
  return { connector: "Devices", start_time: 1, end_time: 2, status: "x", objects, logs };
}

/** Sends records in a run of a store, as a delivery would. */
async function send(store: StateStore, records: readonly MappedRecord[], stored = {}) {
  const run = await store.begin(
    { ...storedSection, awaitsReceipt: true, ...stored },
    "upload",
    () => ({ sent: records.length }),
  );
  const [id = 0] = await run.outbox.put([{ records, text: undefined }]);
  await run.outbox.acknowledge(id, [], []);
  await run.outbox.finish();
  return run;
}

interface Given extends Partial<ReceiptOptions> {
  readonly answers: readonly Reported[];
  readonly store?: StateStore;
  readonly count?: number;
  readonly stored?: Record<string, unknown>;
  readonly signal?: AbortSignal;
}

async function begin({ answers, store, count = 3, stored = {}, signal, ...options }: Given) {
  const { client, asked } = instance(answers);
  const { log, lines } = keepLog();
  const account = openAccount();
  account.counts.fetched = count;
  account.counts.sent = count;
  const records = mappedRecords(count);
  const run = store === undefined ? undefined : await send(store, records, stored);
  const receipts = new SectionReceipts({
    ...{ mode: "auto", timeoutMs: 60_000, ...options },
    oomnitza: client,
    identify: ({ TAG }) => String(TAG),
    log,
    signal: signal ?? new AbortController().signal,
  });
  receipts.expect({ upload, sent: count, stored: run?.receipt, account });
  return { receipts, account, asked, lines, run };
}

async function mustSend(store: StateStore): Promise<string[]> {
  const baseline = await store.accepted.openBaseline("devices", storedSection.upload);
  const tags = mappedRecords(3).map(({ TAG }) => String(TAG));
  const known = await baseline.findAll(tags.map((tag) => JSON.stringify([tag])));
  return tags.filter((_, index) => known[index]?.mustSend === true);
}

test("an instance that tells at once is asked once", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const { receipts, account, asked, run } = await begin({
    answers: [portion({ added: 2, unchanged: 1 })],
    store,
  });
  expect(await receipts.ask()).toBe(true);
  expect(asked).toHaveLength(1);
  expect(receipts.own).toMatchObject({ state: "reported", added: 2, unchanged: 1, failed: 0 });
  expect(account.counts).toMatchObject({ sent: 3, failed: 0 });
  expect(await store.run(run?.id ?? "")).toMatchObject({
    awaits_receipt: false,
    receipt: { state: "reported", added: 2 },
  });
  expect(await mustSend(store)).toEqual([]);
});

test("what failed is a dead letter with Oomnitza's text, and is sent again", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const { receipts, account, run } = await begin({
    answers: [portion({ added: 2, failed: 1 }, { failed: ["T2: a secret is no model"] })],
    store,
  });
  await receipts.ask();
  expect(account.counts).toMatchObject({ fetched: 3, sent: 2, failed: 1 });
  expect(account.failures).toEqual([{ record: "T2", reason: "T2: a secret is no model" }]);
  expect(receipts.letters).toBe(1);
  expect(await store.deadLetters.find({})).toMatchObject([
    { record: "T2", reason: "T2: a *** is no model", payload: { TAG: "T2" }, run: run?.id },
  ]);
  expect((await store.run(run?.id ?? ""))?.counts).toMatchObject({ sent: 2, failed: 1 });
  expect(await mustSend(store)).toEqual(["T2"]);
});

test("a comparison while it is waited for takes nothing from the receipt", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const { receipts } = await begin({
    answers: [portion({ added: 2, failed: 1 }, { failed: ["T2 failed"] })],
    store,
  });
  expect(await mustSend(store)).toEqual([]);
  await receipts.ask();
  expect(await store.deadLetters.find({})).toMatchObject([{ record: "T2" }]);
  expect(await mustSend(store)).toEqual(["T2"]);
});

test("when Oomnitza names nobody, all of the upload is sent again", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const { receipts, account } = await begin({
    answers: [portion({ added: 1, failed: 1, canceled: 1 }, { failed: ["T1 failed"] })],
    store,
  });
  await receipts.ask();
  expect(account.counts).toMatchObject({ sent: 1, failed: 2 });
  expect(account.failures[1]).toEqual({
    record: "a record that Oomnitza does not name",
    reason: "Oomnitza gives no reason",
  });
  expect(await mustSend(store)).toEqual(["T1", "T2", "T3"]);
});

test("a section that remembers nothing keeps its records until the receipt", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const { receipts } = await begin({
    answers: [portion({ failed: 3 }, { failed: ["T1 x", "T2 x", "T3 x"] })],
    store,
    stored: { remember: false },
  });
  // The next run forgets what is remembered, and not what is waited for.
  await store.begin({ ...storedSection, remember: false }, "upload", () => ({}));
  await receipts.ask();
  expect((await store.deadLetters.find({})).map(({ record }) => record)).toEqual([
    "T1",
    "T2",
    "T3",
  ]);
  const run = await store.begin(storedSection, "upload", () => ({}));
  expect(await Array.fromAsync(run.receipt.records())).toEqual([]);
});

test("without a state file, failures are listed by Oomnitza's texts", async () => {
  const { receipts, account } = await begin({
    answers: [portion({ added: 2, failed: 1 }, { failed: ["T2 failed"] })],
  });
  await receipts.ask();
  expect(account.failures).toEqual([
    { record: "a record that Oomnitza does not name", reason: "T2 failed" },
  ]);
  expect(receipts.letters).toBe(0);
});

test("it is asked until nothing is processed any more", async () => {
  const { receipts, asked, lines } = await begin({
    answers: [
      // What it has not looked at yet is in no count.
      { ...portion({ added: 2 }), end_time: null },
      new SinkError("503", { retriable: true }),
      portion({ added: 3 }),
    ],
  });
  expect(await receipts.ask()).toBe(false);
  await receipts.wait();
  expect(asked).toHaveLength(3);
  expect(receipts.own).toMatchObject({ state: "reported", added: 3 });
  expect(lines).toContain("info: Waiting until Oomnitza has processed the records");
});

test("what is processed at the end of the time is told as such, and asked for by the next run", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const { receipts, account, run } = await begin({
    answers: [{ ...portion({ added: 1, processing: 2 }), end_time: null }],
    store,
    timeoutMs: 1,
  });
  await receipts.ask();
  await receipts.wait();
  expect(receipts.own).toMatchObject({ state: "processing", added: 1, processing: 2 });
  expect(account.counts).toMatchObject({ sent: 3, failed: 0 });
  const [next, ...others] = await store.awaitedReceipts("devices", 10);
  expect(others).toEqual([]);
  expect(next?.run).toBe(run?.id);
  const later = await begin({ answers: [portion({ added: 2, failed: 1 }, { failed: ["T3 x"] })] });
  const earlier = openAccount();
  await later.receipts.askEarlier([{ upload, sent: 1, stored: next, account: earlier }]);
  expect(later.receipts.earlier).toMatchObject([{ run: run?.id, state: "reported", failed: 1 }]);
  expect(await store.deadLetters.find({})).toMatchObject([{ record: "T3", run: run?.id }]);
  expect(await store.awaitedReceipts("devices", 10)).toEqual([]);
});

test("an instance that does not tell is no failure, unless a receipt is required", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const { receipts, run } = await begin({ answers: ["not_reported"], store });
  expect(await receipts.ask()).toBe(true);
  expect(receipts.failure).toBeUndefined();
  expect(describeReceipt(receipts.own ?? {} as never)).toStartWith(
    "Oomnitza does not tell what became of the records: ",
  );
  expect((await store.run(run?.id ?? ""))?.awaits_receipt).toBe(false);
  const required = await begin({ answers: ["not_reported"], mode: "require" });
  await required.receipts.ask();
  expect(required.receipts.failure?.message).toContain("does not tell");
  const denied = await begin({ answers: [new AuthError("401")] });
  expect(await denied.receipts.ask()).toBe(true);
});

test("an upload that the run log does not have is waited for, but not for long", async () => {
  const { receipts, asked } = await begin({
    answers: ["not_reported", [], "not_reported", []],
    timeoutMs: 1,
  });
  await receipts.ask();
  await receipts.wait();
  expect(asked.length).toBeGreaterThanOrEqual(2);
  expect(receipts.own).toMatchObject({
    state: "not_reported",
    reason: "its run log does not have this upload",
  });
});

test("when the waiting is ended, the next run asks", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const end = new AbortController();
  const { receipts, run } = await begin({
    answers: [{ ...portion({ processing: 3 }), end_time: null }],
    store,
    signal: end.signal,
  });
  await receipts.ask();
  const waited = receipts.wait();
  end.abort();
  await waited;
  expect((await store.awaitedReceipts("devices", 10)).map(({ run }) => run)).toEqual([
    run?.id ?? "",
  ]);
});

test("many uploads are asked about with one list, and those with errors one by one", async () => {
  const line = {
    ...{ portion_id: 1, start_time: 1, end_time: 2, connector: "Devices", status: "x" },
    ...{ added_records_count: 1, updated_records_count: 1, skipped_records_count: 0 },
  };
  const { client, asked } = instance([
    [
      { ...line, portion_correlation_id: "a", error_logs_count: 0 },
      { ...line, portion_correlation_id: "b", error_logs_count: 1 },
      { ...line, portion_correlation_id: "c", error_logs_count: 0, end_time: null },
    ],
    portion({ failed: 1 }, { failed: ["T1 x"] }),
  ]);
  const answers = await askReceipts(
    client,
    ["a", "b", "c", "d"].map((id) => ({ upload: { ...upload, portion: id }, sent: 3 })),
  );
  expect(asked).toHaveLength(2);
  expect(answers).toMatchObject([
    { kind: "reported", log: { objects: { added: 1, updated: 1, unchanged: 1, processing: 0 } } },
    { kind: "reported", log: { objects: { failed: 1 } } },
    { kind: "reported", log: { objects: { processing: 1 } } },
    { kind: "unknown" },
  ]);
});

test("the list of runs is read on until all that wait are found, and not for ever", async () => {
  const line = (id: string) => ({
    ...{ portion_id: 1, portion_correlation_id: id, start_time: 1, end_time: 2 },
    ...{ connector: "Devices", status: "x", error_logs_count: 0 },
    ...{ added_records_count: 3, updated_records_count: 0, skipped_records_count: 0 },
  });
  const full = Array.from({ length: 100 }, (_, index) => line(`other ${index}`));
  const wanted = ["a", "b"].map((id) => ({ upload: { ...upload, portion: id }, sent: 3 }));
  const found = instance([full, [line("a"), line("b")]]);
  expect(await askReceipts(found.client, wanted)).toMatchObject([
    { kind: "reported", log: { objects: { added: 3, unchanged: 0 } } },
    { kind: "reported" },
  ]);
  expect(found.asked).toHaveLength(2);
  const endless = instance([full]);
  expect(await askReceipts(endless.client, wanted)).toMatchObject([
    { kind: "unanswered" },
    { kind: "unanswered" },
  ]);
  expect(endless.asked).toHaveLength(10);
});
