/**
 * What became of an upload's records, read from the run log of a stand-in.
 *
 * @module
 */
import { afterEach, expect, test } from "bun:test";
import { AuthError } from "../../src/base/errors.ts";
import { fetchPortion, fetchRuns } from "../../src/oomnitza/run_log.ts";
import type { StandIn, StandInOptions } from "../support/stand_in/mod.ts";
import { connectTo, stopAll, upload } from "./support/instance.ts";

afterEach(stopAll);

const rules = [
  { outcome: "failed", text: "{key}: no such model", field: "MODEL", values: ["Tablet"] },
] as const;

const records = [{ BARCODE: "A1", MODEL: "Laptop" }, { BARCODE: "A2", MODEL: "Tablet" }];

async function withUpload(options: StandInOptions = {}) {
  const { instance, client } = await connectTo({ processing: { rules }, ...options });
  const portion = await upload(client, "CSV_assets", records);
  return { instance, client, portion };
}

function changes(instance: StandIn): readonly string[] {
  return instance.state.requests.map(({ method, path }) => `${method} ${path}`);
}

test("a portion is found by the id of its upload", async () => {
  const { client, portion } = await withUpload();
  expect(await fetchPortion(client, portion)).toEqual({
    connector: "CSV_assets",
    status: "Completed with errors",
    objects: {
      added: 1,
      updated: 0,
      unchanged: 0,
      skipped: 0,
      failed: 1,
      canceled: 0,
      processing: 0,
    },
    logs: {
      added: [],
      updated: [],
      unchanged: [],
      skipped: [],
      failed: ["A2: no such model"],
      canceled: [],
      processing: [],
      fatal: [],
    },
    startedAt: expect.any(Number),
    endedAt: expect.any(Number),
    isTestRun: false,
  });
});

test("times are milliseconds, and an open run has no end", async () => {
  const { client, instance, portion } = await withUpload({
    processing: { delayMs: 1 },
    holdsProcessing: true,
  });
  const before = Date.now();
  const waiting = await fetchPortion(client, portion);
  expect(waiting).toMatchObject({ objects: { processing: 2 }, endedAt: undefined });
  expect(Math.abs(Reflect.get(Object(waiting), "startedAt") - before)).toBeLessThan(3_600_000);
  instance.state.process();
  expect(await fetchPortion(client, portion)).toMatchObject({
    objects: { processing: 0, added: 2 },
    endedAt: expect.any(Number),
  });
});

test("a portion is found by its number where nothing else is known", async () => {
  const { client, instance, portion } = await withUpload({ knowsUploadIds: false });
  expect(await fetchPortion(client, portion)).toBe("not_reported");
  expect(await fetchPortion(client, portion, "CSV_assets")).toMatchObject({
    objects: { added: 1, failed: 1 },
  });
  expect(changes(instance).slice(-3)).toEqual([
    `GET /api/v3/connector_run_logs/connectors/${portion}`,
    "GET /api/v3/connector_run_logs/CSV_assets",
    "GET /api/v3/connector_run_logs/connectors/1",
  ]);
});

test("a portion that the run log does not have is unknown", async () => {
  const { client } = await withUpload();
  expect(await fetchPortion(client, crypto.randomUUID(), "CSV_assets")).toBe("unknown");
});

test.each(["denied", "absent"] as const)("a run log that is %s does not tell", async (runLog) => {
  const { client, portion } = await withUpload({ access: { runLog } });
  expect(await fetchPortion(client, portion)).toBe("not_reported");
  expect(await fetchPortion(client, portion, "CSV_assets")).toBe("not_reported");
  expect(await fetchRuns(client, "CSV_assets", { limit: 10 })).toBe("not_reported");
});

test("runs are listed, the newest first", async () => {
  const { client, portion } = await withUpload();
  const later = await upload(client, "CSV_assets", [{ BARCODE: "A1", MODEL: "Phone" }]);
  const runs = await fetchRuns(client, "CSV_assets", { limit: 10 });
  expect(runs).toHaveLength(2);
  expect(runs).toMatchObject([later, portion].map((correlationId) => ({ correlationId })));
  expect(runs[1]).toMatchObject({ added: 1, errors: 1, status: "Completed with errors" });
  expect(await fetchRuns(client, "CSV_assets", { limit: 10, skip: 1 })).toMatchObject([
    { correlationId: portion },
  ]);
});

function answering(value: unknown) {
  return { ask: () => Promise.resolve({ value }) };
}

test("only the counts that an instance names are counted", async () => {
  const portion = { status: "Failed", objects: { failed: 2 }, logs: { failed: ["a", { b: 1 }] } };
  expect(await fetchPortion(answering(portion), "1")).toMatchObject({
    status: "Failed",
    objects: { failed: 2, added: 0, processing: 0 },
    logs: { failed: ["a", '{"b":1}'], fatal: [] },
  });
});

test.each([[{ error: "down" }], [[]], [null], [{ objects: 3 }]])(
  "%p tells nothing about a portion",
  async (value) => {
    expect(await fetchPortion(answering(value), "1")).toBe("not_reported");
  },
);

test("a token that is refused is not taken for an instance that does not tell", async () => {
  const { client, instance, portion } = await withUpload();
  instance.setFaults({ scope: "all", failEvery: 1, mix: ["401-once"] });
  expect(await fetchPortion(client, portion).catch((error) => error)).toBeInstanceOf(AuthError);
});
