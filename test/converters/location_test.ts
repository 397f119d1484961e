/**
 * `location`: loaded once, one target field a run, and a summing-up.
 *
 * @module
 */

import { expect, test } from "bun:test";
import { contextOf, convert, converterOf, run, services } from "./converter_run.ts";
import { parseConverterCall } from "../../src/transform/converter_call.ts";

const converter = converterOf("location");

function prepare(context: Parameters<typeof contextOf>[0], ...calls: string[]) {
  const made = contextOf(context);
  const params = calls.map((call) => parseConverterCall(call).params);
  return { ...made, state: converter.prepare?.(made.context, params) };
}

test("asks Oomnitza once, whatever the number of calls and labels", async () => {
  const paths: string[] = [];
  const oomnitza = (path: string) => {
    paths.push(path);
    return [{ name: "Main Office", code: "MO", location_id: "main" }];
  };
  const { state } = prepare({ ...services, oomnitza }, "location", "location:label=code");
  expect((await convert("location", { value: "Main Office" }, await state)).result).toBe("main");
  expect((await convert("location:label=code", { value: "MO" }, await state)).result).toBe("main");
  expect(paths).toEqual(["/api/v3/locations"]);
});

test("fails for a later call with another field", async () => {
  const { state } = prepare(services, "location", "location:field=id");
  const first = await convert("location", { value: "Annex" }, await state);
  const later = await convert("location:field=id", { value: "Annex" }, await state);
  expect(first).toEqual({ result: "annex", problems: [], thrown: undefined });
  expect(String(later.thrown)).toContain("field location_id already");
  expect(later.result).toBeNull();
});

test("skips locations that lack the label or the field", async () => {
  const oomnitza =
    () => [{ name: "A" }, { location_id: "b" }, null, { name: "C", location_id: "" }];
  for (const value of ["A", "C"]) {
    expect((await run("location", { value, services: { ...services, oomnitza } })).result).toBe(
      value,
    );
  }
});

test("says at the end what was not found and how often", async () => {
  const { state, context, entries } = prepare(services, "location");
  for (const value of ["X", "Y", "Main Office", "X", "", null]) {
    await convert("location", { value }, await state);
  }
  converter.finish?.(context, await state);
  expect(entries.map(({ level, message }) => [level, message])).toEqual([
    ["error", 'location: not found in Oomnitza: "X", "Y"'],
    ["warning", 'location: 3 of 4 values stay unchanged: "X" (2), "Y" (1)'],
  ]);
});

test("says nothing at the end when all was found", async () => {
  const { state, context, entries } = prepare(services, "location");
  await convert("location", { value: "Annex" }, await state);
  converter.finish?.(context, await state);
  expect(entries).toEqual([]);
});

for (
  const [failure, oomnitza] of Object.entries({
    "an error": () => {
      throw new Error("503 Service Unavailable");
    },
    "something that is no list": () => ({ error: "no" }),
  })
) {
  test(`goes on without locations when Oomnitza answers with ${failure}`, async () => {
    const { state, entries } = prepare({ ...services, oomnitza }, "location");
    expect((await convert("location", { value: "Annex" }, await state)).result).toBe("Annex");
    expect(entries.map(({ level }) => level)).toEqual(["error"]);
    expect(entries[0]?.message).toStartWith("location: cannot load the locations from Oomnitza: ");
  });
}

test("does not go on when the run was aborted", async () => {
  const reason = new Error("stop");
  const oomnitza = () => {
    throw reason;
  };
  const { context } = contextOf({ ...services, oomnitza }, AbortSignal.abort(reason));
  await expect(Promise.resolve(converter.prepare?.(context, []))).rejects.toBe(reason);
});

test("leaves values that are not text and no label as they are", async () => {
  expect((await run("location", { value: 12, services })).result).toBe(12);
});
