/**
 * The stand-in shows its assets and people, lets single ones be changed, and remembers who did what.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { call, postBulk, postUser, start } from "./stand_in_calls.ts";

async function withAssets(count: number) {
  const standIn = await start({ username: "ann" });
  const records = Array.from({ length: count }, (_, index) => ({
    BARCODE: `A${index + 1}`,
    MODEL: index % 2 === 0 ? "Laptop" : "Phone",
  }));
  await postBulk(standIn, { records });
  return standIn;
}

test("assets are listed by the names that Oomnitza has for fields", async () => {
  const standIn = await withAssets(1);
  expect((await call(standIn, "GET", "/api/v3/assets")).body).toEqual([{
    barcode: "A1",
    model: "Laptop",
    equipment_id: 1,
    changed_by: "CSV_assets",
    change_date: expect.any(Number),
  }] as unknown as Record<string, unknown>);
});

test("people are listed by their user names", async () => {
  const standIn = await start();
  await postUser(standIn, { USER: "ann", FIRST_NAME: "Ann" });
  expect((await call(standIn, "GET", "/api/v3/users")).body).toMatchObject([
    { username: "ann", first_name: "Ann" },
  ] as unknown as Record<string, unknown>);
});

test.each([
  ["limit=2", ["A1", "A2"]],
  ["limit=2&skip=3", ["A4", "A5"]],
  ["sortby=barcode%20desc&limit=1", ["A5"]],
  ["filter=barcode%20eq%20%27A3%27", ["A3"]],
  ["filter=(barcode%20eq%20%22A3%22)", ["A3"]],
  ["filter=(barcode%20gt%20%27A2%27)%20and%20(model%20eq%20%27Phone%27)", ["A4"]],
  ["filter=(equipment_id%20gte%204)", ["A4", "A5"]],
  ["filter=(nothing%20eq%20%27A3%27)", []],
])("a list with %s", async (query, barcodes) => {
  const standIn = await withAssets(5);
  const { body } = await call(standIn, "GET", `/api/v3/assets?fields=barcode&${query}`);
  expect(body).toEqual(barcodes.map((barcode) => ({ barcode })) as unknown as typeof body);
});

test("a list that was sorted is sorted anew when something changes", async () => {
  const standIn = await withAssets(2);
  const list = "/api/v3/assets?fields=barcode&sortby=barcode%20desc&limit=1";
  expect((await call(standIn, "GET", list)).body[0]).toEqual({ barcode: "A2" });
  await postBulk(standIn, { records: [{ BARCODE: "A9" }] });
  expect((await call(standIn, "GET", list)).body[0]).toEqual({ barcode: "A9" });
});

test.each([
  ["limit is not a number", "limit=many"],
  ["page is not known in the query", "page=2"],
  ["filter is not a filter", "filter=barcode%20like%20%27A%27"],
  ["limit is in the query more than once", "limit=1&limit=2"],
])("a list says %s", async (error, query) => {
  const standIn = await withAssets(1);
  expect(await call(standIn, "GET", `/api/v3/assets?${query}`)).toMatchObject({
    status: 400,
    body: { error },
  });
});

describe("a change of one record", () => {
  test("is shown, and so is who made it", async () => {
    const standIn = await withAssets(2);
    await call(standIn, "PATCH", "/api/v3/assets/2", { body: { model: "Tablet", owner: "bob" } });
    const { body } = await call(standIn, "GET", "/api/v3/assets?filter=(barcode%20eq%20'A2')");
    expect(body[0]).toMatchObject({ model: "Tablet", owner: "bob", changed_by: "ann" });
    expect((await call(standIn, "GET", "/api/v3/assets/2/changes-history")).body).toEqual([
      {
        field: "owner",
        old_value: null,
        new_value: "bob",
        changed_by: "ann",
        change_date: expect.any(Number),
      },
      {
        field: "model",
        old_value: "Phone",
        new_value: "Tablet",
        changed_by: "ann",
        change_date: expect.any(Number),
      },
    ] as unknown as Record<string, unknown>);
    expect(standIn.state.assets[1]?.record).toEqual({
      BARCODE: "A2",
      MODEL: "Tablet",
      OWNER: "bob",
    });
  });

  test("by an upload has the name of the connector", async () => {
    const standIn = await start();
    await postUser(standIn, { USER: "ann", POSITION: "Cook" });
    await postUser(standIn, { USER: "ann", POSITION: "Chef" });
    expect((await call(standIn, "GET", "/api/v3/users/ann/changes-history")).body).toMatchObject([
      { field: "position", old_value: "Cook", new_value: "Chef", changed_by: "CSV_users" },
    ] as unknown as Record<string, unknown>);
  });

  test("needs a record", async () => {
    const standIn = await withAssets(1);
    expect((await call(standIn, "PATCH", "/api/v3/assets/2", { body: {} })).status).toBe(404);
    expect((await call(standIn, "GET", "/api/v3/assets/2/changes-history")).status).toBe(404);
    expect((await call(standIn, "PATCH", "/api/v3/assets/1", { body: [] })).status).toBe(400);
  });
});

test("it tells which fields there are, as far as they are defined", async () => {
  const standIn = await start({
    fields: {
      assets: {
        MODEL: { type: "dropdown", values: ["Laptop"] },
        SERIAL: { type: "text", unique: true },
      },
    },
  });
  expect((await call(standIn, "GET", "/api/v3/assets/meta")).body).toEqual([
    { external_id: "model", type: "dropdown", values: ["Laptop"], unique: false },
    { external_id: "serial", type: "text", unique: true },
  ] as unknown as Record<string, unknown>);
  expect((await call(standIn, "GET", "/api/v3/users/meta")).body).toEqual([] as unknown as Record<
    string,
    unknown
  >);
});

test.each([
  ["records", "/api/v3/assets"],
  ["history", "/api/v3/assets/1/changes-history"],
  ["fields", "/api/v3/assets/meta"],
])("%s can be denied and absent", async (what, path) => {
  const denied = await start({ access: { [what]: "denied" } });
  await postBulk(denied);
  expect((await call(denied, "GET", path)).status).toBe(403);
  const absent = await start({ access: { [what]: "absent" } });
  await postBulk(absent);
  expect((await call(absent, "GET", path)).status).toBe(404);
});
