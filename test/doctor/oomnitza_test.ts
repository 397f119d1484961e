/**
 * What the doctor reads from Oomnitza, by the answers of the instance.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { AuthError, SinkError } from "../../src/base/errors.ts";
import type { Oomnitza } from "../../src/oomnitza/client.ts";
import { checkFields, checkRights, readFields } from "../../src/doctor/oomnitza.ts";
import { mergeMappings } from "../../src/transform/mapping.ts";

/** An instance that answers everything in one way, with what it was asked. */
function answering(answer: () => unknown) {
  const asked: unknown[][] = [];
  const get: Oomnitza["get"] = (...words) => {
    asked.push(words);
    return Promise.try(answer);
  };
  return { get, asked };
}

test("rights are fine when a bulk upload may be asked about", async () => {
  const instance = answering(() => ({}));
  expect(await checkRights(instance)).toMatchObject({ area: "rights", state: "ok" });
  expect(instance.asked).toEqual([[expect.stringMatching(/^\/api\/v3\/bulk\/[0-9a-f-]{36}$/)]]);
});

test("rights are missing when asking is refused, with advice", async () => {
  const refusing = answering(() => {
    throw new AuthError("403 Forbidden");
  });
  expect(await checkRights(refusing)).toMatchObject({
    state: "failed",
    found: "403 Forbidden",
    todo: expect.stringContaining("the right to upload"),
  });
});

test("rights stay open when the instance fails in another way", async () => {
  const failing = answering(() => {
    throw new SinkError("404 Not Found");
  });
  expect(await checkRights(failing)).toMatchObject({ state: "skipped" });
});

test("fields are those of all records, in upper case", async () => {
  const instance = answering(() => [{ Barcode: 1 }, { barcode: 2, model: 3 }, "no record"]);
  expect(await readFields(instance, "assets")).toEqual(new Set(["BARCODE", "MODEL"]));
  expect(instance.asked).toEqual([["/api/v3/assets", { limit: "20" }]]);
});

test.each([
  ["no records", () => [], "Oomnitza shows no users yet"],
  ["something else", () => ({ error: "x" }), "Oomnitza shows no users yet"],
  ["an error", () => Promise.reject(new Error("503")), "Oomnitza does not show its users: 503"],
])("fields cannot be read from %s", async (_title, answer, expected) => {
  expect(await readFields(answering(answer), "users")).toBe(expected);
});

const mapping = {
  fields: mergeMappings({
    builtin: { BARCODE: { source: "tag" }, MODEL: { source: "model" } },
    server: { serial: "SERIAL_NUMBER" },
    ini: [],
    converters: {},
  }),
};
const mapped = { section: { name: "csv_assets", kind: "assets" as const }, mapping };

test("mapped fields that Oomnitza has are fine; those that the instance maps need no look", () => {
  expect(checkFields(mapped, new Set(["BARCODE", "MODEL"]))).toMatchObject({
    area: "fields",
    subject: "csv_assets",
    state: "ok",
    found: "Oomnitza knows all 3 mapped fields",
  });
});

test("mapped fields that no record has are named", () => {
  expect(checkFields(mapped, new Set(["BARCODE"]))).toMatchObject({
    state: "warning",
    found: "no assets in Oomnitza have MODEL",
    todo: expect.stringContaining("mapping."),
  });
});

test("the user name of people is looked for under the name that lists have for it", () => {
  const people = {
    section: { name: "csv_users", kind: "users" as const },
    mapping: {
      fields: mergeMappings({
        builtin: { USER: { source: "u" } },
        server: {},
        ini: [],
        converters: {},
      }),
    },
  };
  expect(checkFields(people, new Set(["USERNAME"])).state).toBe("ok");
  expect(checkFields(people, new Set(["USER"])).found).toBe("no users in Oomnitza have USER");
});

test("without known fields nothing is compared", () => {
  expect(checkFields(mapped, "Oomnitza shows no assets yet")).toMatchObject({
    state: "skipped",
    found: "fields cannot be compared: Oomnitza shows no assets yet",
  });
});
