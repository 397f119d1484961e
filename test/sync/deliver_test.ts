/**
 * Delivery: what becomes of records by what the instance answers.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { AgentError, AuthError, SinkError } from "../../src/base/errors.ts";
import type { UploadRequest } from "../../src/oomnitza/payload.ts";
import { retryPolicies } from "../../src/sdk/http/retry.ts";
import type { Sink } from "../../src/sync/deliver/deliver.ts";
import {
  deliverAll,
  FakeOutbox,
  fakeSink,
  mappedRecords,
  type Posted,
  startDelivery,
  upload,
} from "./support/fakes.ts";

function listTags(posted: readonly Posted[]): string[] {
  return posted.map(({ tags }) => tags.join(" "));
}

/** Refuses every batch that has one of some records in it. */
function poisoned(status: number, ...tags: readonly string[]) {
  return ({ tags: sent }: Posted) => sent.some((tag) => tags.includes(tag)) ? status : 200;
}

test("records go in batches, and the end of the upload is declared", async () => {
  const sink = fakeSink([200]);
  const { delivery, account } = startDelivery(sink);
  expect(await deliverAll(delivery, mappedRecords(10))).toBeUndefined();
  expect(listTags(sink.posted)).toEqual(["T1 T2 T3 T4", "T5 T6 T7 T8", "T9 T10", ""]);
  expect(sink.posted.at(-1)?.path).toBe("/api/v3/bulk/portion-1/finalize");
  expect(account.counts).toMatchObject({ sent: 10, failed: 0, kept: 0 });
  expect(delivery).toMatchObject({ protocol: "v3", requests: 4, isStopped: false });
});

test("the text that is written once for the outbox is the request that API v3 takes", async () => {
  const sink = fakeSink([200]);
  const { delivery } = startDelivery(sink, { apiVersion: "v3", outbox: new FakeOutbox() });
  await deliverAll(delivery, [{ TAG: "T1", NAME: '"records":[]' }]);
  expect(JSON.parse(sink.posted[0]?.body ?? "")).toMatchObject({
    connector_name: "Devices",
    sync_field: ["TAG"],
    records: [{ TAG: "T1", NAME: '"records":[]' }],
    portion: "portion-1",
  });
});

test("nothing is sent for no records", async () => {
  const sink = fakeSink([200]);
  const { delivery } = startDelivery(sink, { apiVersion: "v3" });
  expect(await deliverAll(delivery, [])).toBeUndefined();
  expect(sink.posted).toEqual([]);
});

test("a request has no more bytes of records than allowed, and a larger record goes alone", async () => {
  const sink = fakeSink([200]);
  const { delivery, account } = startDelivery(sink, { batchSize: 100, batchBytes: 2500 });
  const records = mappedRecords(6).map((record, index) => {
    return { ...record, TEXT: "x".repeat(index === 3 ? 5000 : 1000) };
  });
  await deliverAll(delivery, records);
  expect(listTags(sink.posted)).toEqual(["T1 T2", "T3", "T4", "T5 T6", ""]);
  expect(account.counts).toMatchObject({ sent: 6, failed: 0 });
});

test("a batch that is too large is halved", async () => {
  const sink = fakeSink(({ tags }) => tags.length > 2 ? 413 : 200);
  const { delivery, account } = startDelivery(sink);
  await deliverAll(delivery, mappedRecords(4));
  expect(listTags(sink.posted)).toEqual(["T1 T2 T3 T4", "T1 T2", "T3 T4", ""]);
  expect(account.counts).toMatchObject({ sent: 4, failed: 0 });
});

test("one poisoned record is found, and alone is refused", async () => {
  const outbox = new FakeOutbox();
  const sink = fakeSink(poisoned(400, "T3"));
  const { delivery, account, lines } = startDelivery(sink, { outbox, batchSize: 8 });
  expect(await deliverAll(delivery, mappedRecords(8))).toBeUndefined();
  expect(account.counts).toMatchObject({ sent: 7, failed: 1, kept: 0 });
  expect(account.failures).toEqual([{ record: "T3", reason: "400 no such luck" }]);
  expect(lines).toContain("error: Refused T3: 400 no such luck");
  const refused = { payload: { TAG: "T3" }, record: "T3", reason: "400 no such luck", status: 400 };
  expect(outbox.acknowledged).toEqual([{ id: 1, refused: [refused], pending: [] }]);
});

test("a batch that the instance fails on is split, and the parts are tried less often", async () => {
  const sink = fakeSink(poisoned(500, "T2"));
  const { delivery, account } = startDelivery(sink);
  await deliverAll(delivery, mappedRecords(4));
  expect(account.counts).toMatchObject({ sent: 3, failed: 1 });
  expect(sink.posted.map(({ retry }) => retry)).toEqual([
    undefined,
    retryPolicies.split,
    retryPolicies.split,
    retryPolicies.split,
    retryPolicies.split,
    undefined,
  ]);
});

test("a refused batch is split under the ordinary retry policy", async () => {
  const sink = fakeSink(poisoned(400, "T2"));
  const { delivery } = startDelivery(sink);
  await deliverAll(delivery, mappedRecords(4));
  expect(sink.posted.every(({ retry }) => retry === undefined)).toBe(true);
});

test("an instance that fails on both halves fails on the whole: no further splitting", async () => {
  const sink = fakeSink([500]);
  const { delivery, account } = startDelivery(sink, { outbox: new FakeOutbox() });
  await deliverAll(delivery, mappedRecords(4));
  expect(listTags(sink.posted).slice(0, 3)).toEqual(["T1 T2 T3 T4", "T1 T2", "T3 T4"]);
  expect(account.counts).toMatchObject({ sent: 0, failed: 4 });
});

test("what the instance could not look at stays in the outbox", async () => {
  const outbox = new FakeOutbox();
  const sink = fakeSink(({ path }) => path === "/api/v3/bulk" ? 503 : 200);
  const { delivery, account, lines } = startDelivery(sink, { outbox });
  expect(await deliverAll(delivery, mappedRecords(4))).toBeUndefined();
  expect(account.counts).toMatchObject({ sent: 0, failed: 0, kept: 4 });
  expect(outbox.acknowledged).toEqual([{ id: 1, refused: [], pending: ["T1", "T2", "T3", "T4"] }]);
  expect(lines).toContain("warning: Kept for the next run: 4 records: 503 no such luck");
  // An upload of which something is pending is not declared complete.
  expect(listTags(sink.posted)).toEqual(["T1 T2 T3 T4"]);
});

test("without an outbox, it is lost", async () => {
  const { delivery, account } = startDelivery(fakeSink([503]));
  await deliverAll(delivery, mappedRecords(4));
  expect(account.counts).toMatchObject({ failed: 4, kept: 0 });
});

test("three batches in a row that it cannot take end the delivery", async () => {
  const sink = fakeSink([503]);
  const { delivery, account } = startDelivery(sink, { outbox: new FakeOutbox() });
  const error = await deliverAll(delivery, mappedRecords(20));
  expect(error).toBeInstanceOf(SinkError);
  expect(String(error)).toContain(
    "Cannot deliver the records to Oomnitza [oomnitza]: 503 no such luck",
  );
  expect(listTags(sink.posted)).toEqual(["T1 T2 T3 T4", "T5 T6 T7 T8", "T9 T10 T11 T12"]);
  expect(account.counts).toMatchObject({ sent: 0, failed: 0, kept: 20 });
});

test("a useful answer in between begins the count anew", async () => {
  const sink = fakeSink([503, 503, 400, 400, 400, 400, 400, 400, 400, 503, 503, 200]);
  const { delivery, account } = startDelivery(sink, { outbox: new FakeOutbox(), apiVersion: "v3" });
  expect(await deliverAll(delivery, mappedRecords(24))).toBeUndefined();
  expect(account.counts).toMatchObject({ sent: 4, failed: 4, kept: 16 });
});

test("an upload that is not allowed ends the delivery at once", async () => {
  const sink = fakeSink([401]);
  const { delivery, account } = startDelivery(sink, { outbox: new FakeOutbox() });
  const error = await deliverAll(delivery, mappedRecords(12));
  expect(error).toBeInstanceOf(AuthError);
  expect(String(error)).toContain("401 no such luck (POST /api/v3/bulk)");
  expect(sink.posted).toHaveLength(1);
  expect(account.counts).toMatchObject({ sent: 0, failed: 0, kept: 12 });
});

test("an instance without API v3 gets single records over API v2", async () => {
  const sink = fakeSink(({ path }) => path.startsWith("/api/v3") ? 404 : 200);
  const { delivery, account, lines } = startDelivery(sink, { workers: 4 });
  expect(await deliverAll(delivery, mappedRecords(6))).toBeUndefined();
  const [first, ...rest] = listTags(sink.posted);
  expect(first).toBe("T1 T2 T3 T4");
  expect(rest.sort()).toEqual(["T1", "T2", "T3", "T4", "T5", "T6"]);
  expect(sink.posted[1]?.path).toBe("/api/v2/bulk/audit");
  expect(delivery.protocol).toBe("v2");
  expect(account.counts.sent).toBe(6);
  expect(lines.filter((line) => line.includes("no API v3"))).toHaveLength(1);
});

test("an API version that was asked for and is not there ends the delivery", async () => {
  for (const apiVersion of ["v2", "v3"] as const) {
    const { delivery } = startDelivery(fakeSink([404]), { apiVersion });
    const error = await deliverAll(delivery, mappedRecords(4));
    expect(String(error)).toContain(`Oomnitza has no POST /api/${apiVersion}/bulk`);
  }
});

test("API v2 takes one sync field only", async () => {
  const several = { ...upload, syncFields: ["TAG", "NAME"] };
  const sink = fakeSink([200]);
  const { delivery } = startDelivery(sink, { apiVersion: "v2", upload: several });
  expect(String(await deliverAll(delivery, mappedRecords(2)))).toContain("one sync_field only");
  expect(sink.posted).toEqual([]);
});

test("what is shown is not sent, and no end is declared", async () => {
  const sink = fakeSink([200], false);
  const { delivery, account } = startDelivery(sink);
  await deliverAll(delivery, mappedRecords(4));
  expect(account.counts).toMatchObject({ sent: 0, shown: 4 });
  expect(listTags(sink.posted)).toEqual(["T1 T2 T3 T4"]);
});

/** A value that JSON has no form for: it holds itself. */
const ring: Record<string, unknown> = {};
ring.self = ring;

test("a record that cannot be written as JSON is lost, those beside it are sent", async () => {
  const sink = fakeSink([200]);
  const { delivery, account } = startDelivery(sink, { outbox: new FakeOutbox() });
  await deliverAll(delivery, [{ TAG: "T1" }, { TAG: "T2", size: ring }, { TAG: "T3" }]);
  expect(account.counts).toMatchObject({ sent: 2, failed: 1 });
  expect(account.failures[0]?.record).toBe("T2");
  expect(account.failures[0]?.reason).toContain("cannot be written as JSON");
});

test("a connection that fails is tried again in the next run, another error ends the delivery", async () => {
  const retriable = new AgentError("no route", { retriable: true });
  const away = startDelivery(fakeSink([retriable]), { outbox: new FakeOutbox() });
  expect(await deliverAll(away.delivery, mappedRecords(4))).toBeUndefined();
  expect(away.account.counts).toMatchObject({ kept: 4, failed: 0 });
  const final = new AgentError("the certificate is not trusted");
  const refused = startDelivery(fakeSink([final]), { outbox: new FakeOutbox() });
  expect(await deliverAll(refused.delivery, mappedRecords(8))).toBe(final);
  expect(refused.account.counts).toMatchObject({ kept: 8, failed: 0 });
});

test("an abort in the middle of a request leaves its batch, and what follows, in the outbox", async () => {
  const outbox = new FakeOutbox();
  const stop = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const sink = fakeSink(async ({ tags }) => {
    if (!tags.includes("T5")) return 200;
    resolve();
    await new Promise((end) => stop.signal.addEventListener("abort", end));
    return stop.signal.reason;
  });
  const { delivery, account } = startDelivery(sink, { outbox, apiVersion: "v3" });
  const done = deliverAll(delivery, mappedRecords(12));
  await promise;
  stop.abort(new Error("stopped by a person"));
  expect(String(await done)).toContain("stopped by a person");
  expect(account.counts).toMatchObject({ sent: 4, kept: 8, failed: 0 });
  // The batch under way is not acknowledged: what became of it is not known.
  expect(outbox.acknowledged.map(({ id, pending }) => [id, pending.length])).toEqual([
    [1, 0],
    [3, 4],
  ]);
});

test("several batches are under way at once, once the protocol is known", async () => {
  let running = 0;
  let most = 0;
  const first: number[] = [];
  const sink = fakeSink(async ({ tags }) => {
    most = Math.max(most, ++running);
    if (tags.includes("T1")) first.push(most);
    await Promise.resolve();
    await new Promise(setImmediate);
    if (tags.includes("T1")) first.push(most);
    running--;
    return 200;
  });
  const { delivery } = startDelivery(sink, { workers: 3, batchSize: 1 });
  await deliverAll(delivery, mappedRecords(9));
  expect(most).toBe(3);
  expect(first).toEqual([1, 1]);
});

test("a state file that fails ends the delivery", async () => {
  const outbox = new FakeOutbox();
  outbox.acknowledge = () => Promise.reject(new AgentError("the disk is full"));
  const { delivery, account } = startDelivery(fakeSink([200]), { outbox });
  expect(String(await deliverAll(delivery, mappedRecords(4)))).toContain("the disk is full");
  expect(account.counts.sent).toBe(4);
  outbox.put = outbox.acknowledge as never;
  const unsafe = startDelivery(fakeSink([200]), { outbox });
  expect(String(await deliverAll(unsafe.delivery, mappedRecords(4)))).toContain("the disk is full");
  expect(unsafe.account.counts).toMatchObject({ sent: 0, failed: 4 });
});

test("an upload that cannot be declared complete has failed, unless nobody takes that", async () => {
  const failing = fakeSink(({ path }) => path.endsWith("/finalize") ? 400 : 200);
  const { delivery, account } = startDelivery(failing);
  expect(String(await deliverAll(delivery, mappedRecords(4)))).toContain("could not be finalized");
  expect(account.counts.sent).toBe(4);
  const absent = fakeSink(({ path }) => path.endsWith("/finalize") ? 404 : 200);
  expect(await deliverAll(startDelivery(absent).delivery, mappedRecords(4))).toBeUndefined();
});

test("an upload whose answers cannot be kept is not declared complete", async () => {
  const outbox = new FakeOutbox();
  const sink = fakeSink([200]);
  const { delivery } = startDelivery(sink, { outbox });
  outbox.keepAnswers = () => Promise.reject(new AgentError("the disk is full"));
  expect(String(await deliverAll(delivery, mappedRecords(4)))).toContain("the disk is full");
  expect(listTags(sink.posted)).toEqual(["T1 T2 T3 T4"]);
});

test("a batch of the outbox is resumed under its id", async () => {
  const outbox = new FakeOutbox();
  const { delivery, account } = startDelivery(fakeSink([200]), { outbox });
  await delivery.resume(7, mappedRecords(2));
  expect(outbox.acknowledged).toEqual([{ id: 7, refused: [], pending: [] }]);
  expect(outbox.puts).toEqual([]);
  expect(account.counts.sent).toBe(2);
  const refused = startDelivery(fakeSink([401]), { outbox });
  await expect(refused.delivery.resume(8, mappedRecords(1))).rejects.toThrow(AuthError);
});

test("every request is shown before it is sent", async () => {
  const shown: UploadRequest[] = [];
  const sink = fakeSink([200]);
  const { delivery } = startDelivery(sink, { onRequest: (request) => void shown.push(request) });
  await deliverAll(delivery, mappedRecords(4));
  expect(shown.map(({ path }) => path)).toEqual(sink.posted.map(({ path }) => path));
});

test("the page of a portal in place of API v3 does not lead to API v2", async () => {
  const paths: string[] = [];
  const page = "<html>Sign in to the network</html>";
  const sink: Sink = {
    writes: true,
    post({ path }) {
      paths.push(path);
      return Promise.resolve({ status: 404, body: page });
    },
  };
  const { delivery, account } = startDelivery(sink, { outbox: new FakeOutbox() });
  const error = await deliverAll(delivery, mappedRecords(20));
  expect(String(error)).toContain("a web page, not an answer of Oomnitza");
  expect(new Set(paths)).toEqual(new Set(["/api/v3/bulk"]));
  expect(delivery.protocol).toBeUndefined();
  expect(account.counts).toMatchObject({ sent: 0, failed: 0, kept: 20 });
});

test("what the state does not take is not called lost: it is said how it comes again, once", async () => {
  const outbox = new FakeOutbox();
  outbox.sync = () => Promise.reject(new AgentError("another process may do its work now"));
  const sink = fakeSink([200]);
  const comesAgain = "Their events are kept, and are processed again";
  const { delivery, account, lines } = startDelivery(sink, { outbox, comesAgain });
  const ended = await deliverAll(delivery, mappedRecords(6));
  expect(ended).toMatchObject({ message: "another process may do its work now" });
  expect(sink.posted).toEqual([]);
  expect(account.counts).toMatchObject({ sent: 0, failed: 6, kept: 0 });
  expect(lines.join("\n")).toContain(
    "Not sent: 6 records: another process may do its work now. Their events are kept, and are processed again",
  );
  expect(lines.join("\n")).not.toContain("Lost");
});
