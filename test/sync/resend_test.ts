/**
 * Dead letters that are sent again.
 *
 * @module
 */
import { expect, test } from "bun:test";
import type { MappedRecord } from "../../src/base/record.ts";
import type { StateStore } from "../../src/state/store.ts";
import { resend, type Resent } from "../../src/sync/deliver/resend.ts";
import { type FakeSink, fakeSink, keepLog, mappedRecords, upload } from "./support/fakes.ts";
import { openTestStore, storedSection } from "./support/store.ts";

/** Lets records become dead letters. */
async function refuse(
  store: StateStore,
  records: readonly MappedRecord[],
  stored = storedSection,
): Promise<void> {
  const run = await store.begin(stored, "upload", () => ({}));
  const [id = 0] = await run.outbox.put([{ records, text: undefined }]);
  const refused = records.map((payload) => {
    return { payload, record: String(payload.TAG), reason: "400 a secret", status: 400 };
  });
  await run.outbox.acknowledge(id, refused, []);
  await run.outbox.finish();
}

async function retry(store: StateStore, sink: FakeSink) {
  const resent: Resent = { accepted: 0, refused: 0, unanswered: 0, processing: 0 };
  const redact = (text: string) => text;
  const how = {
    ...{ apiVersion: "auto", batchSize: 10, batchBytes: 1e6, workers: 1, version: "2" } as const,
    receipts: { mode: "off", timeoutMs: 0 } as const,
    signal: new AbortController().signal,
  };
  const oomnitza = { post: sink.post } as never;
  const { log } = keepLog();
  const error = await resend(
    await store.deadLetters.find({}),
    { ...how, store, oomnitza, log, redact },
    resent,
  )
    .catch((thrown) => thrown);
  return { resent, error };
}

test("what is accepted now is gone, and known for the next comparison", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await refuse(store, mappedRecords(3));
  const sink = fakeSink([200]);
  expect((await retry(store, sink)).resent).toEqual({
    accepted: 3,
    refused: 0,
    unanswered: 0,
    processing: 0,
  });
  expect(await store.deadLetters.find({})).toEqual([]);
  const baseline = await store.accepted.openBaseline("devices", storedSection.upload);
  expect((await baseline.findAll(['["T2"]']))[0]).toMatchObject({ mustSend: false });
  const sent = JSON.parse(sink.posted[0]?.body ?? "");
  expect(sent.connector_version).toBe("2");
  expect(sent.portion).not.toBe(upload.portion);
});

test("what is refused again stays with its new reason, what is not answered as it was", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await refuse(store, mappedRecords(2));
  const sink = fakeSink(({ tags }) => tags.includes("T1") ? 422 : 200);
  expect((await retry(store, sink)).resent).toEqual({
    accepted: 1,
    refused: 1,
    unanswered: 0,
    processing: 0,
  });
  expect(await store.deadLetters.find({})).toMatchObject([
    { record: "T1", status: 422, reason: "422 no such luck" },
  ]);
  const away = await retry(store, fakeSink([503]));
  expect(away.resent).toEqual({ accepted: 0, refused: 0, unanswered: 1, processing: 0 });
  expect(await store.deadLetters.find({})).toMatchObject([{ record: "T1", status: 422 }]);
});

test("letters go by section and by how they are sent", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const users = JSON.stringify({ ...upload, kind: "users", portion: "other" });
  await refuse(store, mappedRecords(2));
  await refuse(store, [{ TAG: "U1" }], { ...storedSection, upload: users as never });
  await refuse(store, [{ TAG: "T9" }]);
  const sink = fakeSink([200]);
  await retry(store, sink);
  const batches = sink.posted.filter(({ tags }) => tags.length > 0);
  expect(batches.map(({ tags }) => tags.join(" "))).toEqual(["T1 T2 T9", "U1"]);
});

test("what ends the sending is thrown, after what was answered is written down", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await refuse(store, mappedRecords(1));
  const { resent, error } = await retry(store, fakeSink([401]));
  expect(String(error)).toContain("Oomnitza refused the upload");
  expect(resent).toEqual({ accepted: 0, refused: 0, unanswered: 1, processing: 0 });
  expect(await store.deadLetters.find({})).toMatchObject([{ reason: "400 a ***" }]);
});
