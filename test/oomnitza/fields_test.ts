/**
 * What an instance tells about its fields, in the forms that are understood.
 *
 * @module
 */
import { afterEach, expect, test } from "bun:test";
import { SinkError } from "../../src/base/errors.ts";
import { createFieldRules, type FieldRule } from "../../src/oomnitza/fields.ts";
import { connectTo, stopAll } from "./support/instance.ts";

afterEach(stopAll);

function rulesOf(value: unknown) {
  return createFieldRules({ ask: () => Promise.resolve({ value }) })("assets");
}

test("drop-downs, dates, numbers and uniqueness of a stand-in", async () => {
  const { client, instance } = await connectTo({
    fields: {
      assets: {
        MODEL: { type: "dropdown", values: ["Laptop", "Phone"] },
        BOUGHT: { type: "date" },
        PRICE: { type: "number" },
        SERIAL: { type: "text", unique: true },
      },
      users: { USER: { type: "text", unique: true } },
    },
  });
  const rulesOf = createFieldRules(client);
  const assets = await rulesOf("assets");
  expect(assets?.find("MODEL")).toEqual({
    type: "dropdown",
    values: new Set(["Laptop", "Phone"]),
    isUnique: false,
  });
  expect(assets?.find("model")?.type).toBe("dropdown");
  expect(assets?.find("BOUGHT")?.type).toBe("date");
  expect(assets?.find("PRICE")?.type).toBe("number");
  expect(assets?.find("SERIAL")).toEqual({ type: "other", values: undefined, isUnique: true });
  expect(assets?.find("OTHER")).toBeUndefined();
  expect((await rulesOf("users"))?.find("USER")?.isUnique).toBe(true);
  await rulesOf("assets");
  const asked = instance.state.requests.filter(({ path }) => path.endsWith("/meta"));
  expect(asked.map(({ path }) => path)).toEqual(["/api/v3/assets/meta", "/api/v3/users/meta"]);
});

test.each<[unknown, Partial<FieldRule>]>([
  [{ id: "MODEL", type: "DROPDOWN", options: [{ value: "A" }, { value: 2 }] }, {
    type: "dropdown",
    values: new Set(["A", "2"]),
  }],
  [{ external_id: "model", type: "Drop-down", values: [{ name: "A" }] }, {
    values: new Set(["A"]),
  }],
  [{ id: "MODEL", name: "The model", type: "date" }, { type: "date" }],
  [{ id: "17c2-4", name: "model", type: "date" }, { type: "date" }],
  [{ external_id: "model", id: "OTHER", type: "date" }, { type: "date" }],
  [{ field: "model", type: "dropdown without value", values: ["A"] }, {
    type: "dropdown",
    values: undefined,
  }],
  [{ name: "model", type: "dropdown", values: [] }, { values: undefined }],
  [{ name: "model", type: "dropdown", values: "A,B" }, { values: undefined }],
  [{ name: "model", type: "datetime", unique: "yes" }, { type: "date", isUnique: undefined }],
  [{ name: "model", type: "integer" }, { type: "number" }],
  [{ name: "model", type: 7 }, { type: "other" }],
])("%p is understood", async (field, rule) => {
  expect((await rulesOf([field]))?.find("MODEL")).toMatchObject(rule);
});

test.each([[[]], [{}], [{ error: "no" }], [[{ type: "date" }]], [["MODEL"]], ["no"]])(
  "%p tells nothing",
  async (value) => {
    expect(await rulesOf(value)).toBeUndefined();
  },
);

test.each(["denied", "absent"] as const)("fields that are %s tell nothing", async (fields) => {
  const { client } = await connectTo({ access: { fields } });
  expect(await createFieldRules(client)("assets")).toBeUndefined();
});

test("an instance that fails does not tell either", async () => {
  const ask = () => Promise.reject(new SinkError("500"));
  expect(await createFieldRules({ ask })("assets")).toBeUndefined();
});
