/**
 * The stand-in takes records in, processes them afterwards, and tells in its run log what became of them.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import type { StandIn } from "../support/stand_in/mod.ts";
import { call, postBulk, start } from "./stand_in_calls.ts";

const portion = "0b8bd6cc-5b9b-4bd4-9f0a-0f6d3e3a3a11";
const log = "/api/v3/connector_run_logs";

function finalize(standIn: StandIn) {
  return call(standIn, "POST", `/api/v3/bulk/${portion}/finalize`, { body: {} });
}

function askPortion(standIn: StandIn, ident: string = portion) {
  return call(standIn, "GET", `${log}/connectors/${ident}`);
}

const none = { added: 0, updated: 0, unchanged: 0, skipped: 0, failed: 0, canceled: 0 };
const noTexts = {
  added: [],
  updated: [],
  unchanged: [],
  canceled: [],
  processing: [],
  skipped: [],
  failed: [],
  "Fatal Error": [],
};

test("a portion is taken in first and processed later", async () => {
  const standIn = await start({
    processing: {
      delayMs: 1,
      rules: [
        { outcome: "failed", text: "Record {key} has no model", field: "MODEL", values: [""] },
        { outcome: "skipped", text: "left out", field: "MODEL", values: ["Old"] },
      ],
    },
    holdsProcessing: true,
  });
  const records = ["Laptop", "", "Old", "Phone"].map((MODEL, index) => ({
    BARCODE: `A${index}`,
    MODEL,
  }));
  expect((await postBulk(standIn, { records })).body).toEqual({
    received: 4,
    created: 0,
    updated: 0,
    skipped: 0,
  });
  expect((await askPortion(standIn)).body).toMatchObject({
    status: "Processing",
    end_time: null,
    objects: { ...none, processing: 4 },
  });
  expect(standIn.state.assets).toEqual([]);
  await finalize(standIn);
  expect((await askPortion(standIn)).body).toMatchObject({ status: "Processing", end_time: null });
  standIn.state.process();
  expect((await askPortion(standIn)).body).toEqual({
    connector: "CSV_assets",
    deployment: "local",
    start_time: expect.any(Number),
    end_time: expect.any(Number),
    status: "Completed with errors",
    ipv4_address: "127.0.0.1",
    objects: { ...none, added: 2, skipped: 1, failed: 1, processing: 0 },
    logs: { ...noTexts, failed: ["Record A1 has no model"], skipped: ["left out"] },
    file_attachment: null,
    test_run: false,
    test_run_payload: null,
  });
  expect(standIn.state.assets.map(({ key }) => key)).toEqual(["A0", "A3"]);
  expect(standIn.state.counters).toMatchObject({ received: 4, created: 2, skipped: 1 });
});

test("with a delay, processing needs nobody to ask for it", async () => {
  const standIn = await start({ processing: { delayMs: 5 } });
  await postBulk(standIn);
  while (standIn.state.assets.length === 0) await Bun.sleep(1);
  expect((await askPortion(standIn)).body).toMatchObject({
    objects: { ...none, added: 1, processing: 0 },
    // The run is not over before the connector says so.
    end_time: null,
  });
});

test("what changes nothing is unchanged", async () => {
  const standIn = await start();
  await postBulk(standIn);
  const second = "0b8bd6cc-5b9b-4bd4-9f0a-0f6d3e3a3a12";
  await postBulk(standIn, {
    portion: second,
    records: [{ BARCODE: "A1", MODEL: "Laptop" }, { BARCODE: "A2" }],
  });
  await postBulk(standIn, { portion: second, records: [{ BARCODE: "A2", MODEL: "Phone" }] });
  expect((await askPortion(standIn, second)).body).toMatchObject({
    objects: { ...none, added: 1, updated: 1, unchanged: 1, processing: 0 },
  });
});

test("a share of the records is refused", async () => {
  const standIn = await start({
    processing: { rules: [{ outcome: "failed", text: "no room", share: 0.25 }] },
  });
  const records = Array.from({ length: 8 }, (_, index) => ({ BARCODE: `A${index}` }));
  await postBulk(standIn, { records });
  expect((await askPortion(standIn)).body).toMatchObject({
    objects: { ...none, added: 6, failed: 2, processing: 0 },
    logs: { failed: ["no room", "no room"] },
  });
});

test("a drop-down field takes the values of its list only, a date field dates", async () => {
  const standIn = await start({
    fields: {
      assets: {
        MODEL: { type: "dropdown", values: ["Laptop", "Phone"] },
        BOUGHT: { type: "date" },
        PRICE: { type: "number" },
      },
    },
  });
  await postBulk(standIn, {
    records: [
      { BARCODE: "A1", MODEL: "Laptop", BOUGHT: "2026-03-01T12:00:00+02:00", PRICE: "12.5" },
      { BARCODE: "A2", MODEL: "Tablet" },
      { BARCODE: "A3", BOUGHT: "yesterday" },
      { BARCODE: "A4", PRICE: "cheap" },
      { BARCODE: "A5", MODEL: "", BOUGHT: null },
    ],
  });
  expect((await askPortion(standIn)).body).toMatchObject({
    objects: { ...none, added: 2, failed: 3, processing: 0 },
    logs: {
      failed: [
        "A2: MODEL: the value 'Tablet' is not in the list of the field",
        "A3: BOUGHT: the value 'yesterday' is not a date",
        "A4: PRICE: the value 'cheap' is not a number",
      ],
    },
  });
  // Like Oomnitza, it ignores the offset.
  expect(standIn.state.assets[0]?.record).toMatchObject({
    BOUGHT: Date.UTC(2026, 2, 1, 12) / 1000,
  });
});

describe("the list of runs", () => {
  async function withThreeRuns() {
    const standIn = await start();
    for (const last of ["1", "2", "3"]) {
      await postBulk(standIn, { portion: portion.slice(0, -1) + last });
    }
    return standIn;
  }

  test("has the runs of one connector, sorted, in parts", async () => {
    const standIn = await withThreeRuns();
    const page = await call(
      standIn,
      "GET",
      `${log}/CSV_assets?limit=2&skip=1&sortby=portion_id%20desc`,
    );
    expect(page.body).toEqual(
      [2, 1].map((number) => ({
        portion_id: number,
        portion_correlation_id: portion.slice(0, -1) + number,
        start_time: expect.any(Number),
        end_time: null,
        connector: "CSV_assets",
        is_media_storage_service: false,
        status: "Processing",
        deployment: "local",
        ipv4_address: "127.0.0.1",
        test_run: false,
        added_records_count: number === 1 ? 1 : 0,
        updated_records_count: 0,
        skipped_records_count: 0,
        error_logs_count: 0,
      })) as unknown as typeof page.body,
    );
  });

  test("finds the portion of an upload", async () => {
    const standIn = await withThreeRuns();
    const filter = encodeURIComponent(
      `(portion_correlation_id eq '${portion.slice(0, -1)}2') and (portion_id gt 1)`,
    );
    const { body } = await call(standIn, "GET", `${log}/CSV_assets?filter=${filter}`);
    expect(body).toHaveLength(1);
    expect(body[0]).toMatchObject({ portion_id: 2 });
  });

  test.each([
    ["limit is not a number", "?limit=0"],
    ["skip is not a number", "?skip=-1"],
    ["sortby is not the name of a field with asc or desc", "?sortby=portion_id%20up"],
    ["filter is not a filter", "?filter=portion_id"],
    ["filter is not a filter", "?filter=(portion_id%20eq%201"],
    ["filter is not a filter", "?filter=(portion_id%20eq%201)%20or%20(portion_id%20eq%202)"],
    ["fields is not known in the query", "?fields=portion_id"],
    ["page is not known in the query", "?page=1"],
  ])("says %s", async (error, query) => {
    const standIn = await withThreeRuns();
    expect(await call(standIn, "GET", `${log}/CSV_assets${query}`)).toMatchObject({
      status: 400,
      body: { error },
    });
  });
});

describe("who does not get the run log", () => {
  test.each(
    [
      ["a role without the right", "denied", 403],
      ["nobody, of an old instance", "absent", 404],
    ] as const,
  )("%s", async (_, runLog, status) => {
    const standIn = await start({ access: { runLog } });
    await postBulk(standIn);
    expect((await askPortion(standIn)).status).toBe(status);
    expect((await call(standIn, "GET", `${log}/CSV_assets`)).status).toBe(status);
  });

  test("who asks for what is not there", async () => {
    const standIn = await start();
    expect((await askPortion(standIn)).status).toBe(404);
    expect((await askPortion(standIn, "1")).status).toBe(404);
    expect((await askPortion(standIn, "x")).status).toBe(404);
    expect((await call(standIn, "GET", `${log}/CSV_assets`)).status).toBe(404);
  });

  test("who asks by the upload's id where only the number is known", async () => {
    const standIn = await start({ knowsUploadIds: false });
    await postBulk(standIn);
    expect((await askPortion(standIn)).status).toBe(404);
    expect((await askPortion(standIn, "1")).body).toMatchObject({ connector: "CSV_assets" });
  });
});
