/**
 * Mapping of one record: values, what is required, what is left out when empty.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { createRedactor } from "../../src/base/redact.ts";
import { createLog } from "../../src/logging/log.ts";
import { type Converter, defineConverter, type OnError } from "../../src/sdk/converter.ts";
import type { MappingSpec } from "../../src/sdk/source.ts";
import { createConversionProblems } from "../../src/transform/conversion_problems.ts";
import { bindConverters } from "../../src/transform/convert.ts";
import { compileMapper, describeIdentity, Dropped } from "../../src/transform/map.ts";
import type { FieldMapping } from "../../src/transform/mapping.ts";

const upper = defineConverter({
  name: "upper",
  summary: "Upper case.",
  params: {},
  examples: [],
  convert: ({ value }) => String(value).toUpperCase(),
});
const strict = defineConverter({
  name: "strict",
  summary: "Refuses the word bad.",
  params: {},
  examples: [],
  convert({ value, report: report }) {
    if (value === "bad") report("the value is bad");
    return value;
  },
});
const later = defineConverter({
  name: "later",
  summary: "Upper case, after a while.",
  params: {},
  examples: [],
  waits: true,
  convert: ({ value }) => Promise.resolve(String(value).toUpperCase()),
});

function mapper(
  specs: Readonly<Record<string, MappingSpec>>,
  { texts = {}, syncFields = ["TAG"], keepIfEmpty = [], onError = "null" }: {
    readonly texts?: Readonly<Record<string, string>>;
    readonly syncFields?: readonly string[];
    readonly keepIfEmpty?: readonly string[];
    readonly onError?: OnError;
  } = {},
) {
  const fields = Object.entries(specs).map(([field, spec]): FieldMapping => {
    return { field, spec, origin: { from: "ini", line: 1 } };
  });
  const known: readonly Converter[] = [upper, later, strict];
  const conversions = bindConverters(fields, {
    lookup: {
      find: (name) => known.find((each) => each.name === name),
      names: known.map(({ name }) => name),
      custom: new Set(["own"]),
    },
    problems: createConversionProblems(createLog("test", createRedactor(), [])),
    onError,
  });
  return compileMapper(fields, { texts, conversions, syncFields, keepIfEmpty });
}

test("values come from the record, an option or the mapping itself", () => {
  const { map } = mapper({
    TAG: { source: "general.tag" },
    SITE: { setting: "site" },
    OWNER: { setting: "nobody" },
    KIND: { hardcoded: { a: [1] } },
    ZERO: { hardcoded: 0 },
    NONE: { hardcoded: null },
    NAME: { source: "name", converter: "upper" },
  }, { texts: { site: "Berlin" } });
  expect(map({ general: { tag: "T1" }, name: "air" })).toEqual({
    TAG: "T1",
    SITE: "Berlin",
    OWNER: null,
    KIND: { a: [1] },
    ZERO: 0,
    NONE: null,
    NAME: "AIR",
  });
});

test("options are own ones: no mapping reaches what every object has", () => {
  const { map } = mapper({ TAG: { source: "tag" }, A: { setting: "constructor" } });
  expect(map({ tag: "T1" })).toEqual({ TAG: "T1", A: null });
});

test("a field may have any name", () => {
  const { map } = mapper(Object.fromEntries([["TAG", { source: "tag" }], ["__proto__", {
    source: "name",
  }]]));
  expect(Object.entries(map({ tag: "T1", name: "air" }))).toEqual([["TAG", "T1"], [
    "__proto__",
    "air",
  ]]);
});

test("a record without a required value is dropped, and names all that are missing", () => {
  const { map } = mapper({
    TAG: { source: "tag" },
    NAME: { source: "name", required: true },
    SIZE: { source: "size", required: true },
  });
  expect(map({ tag: "T1", size: 0 })).toEqual(
    new Dropped("incomplete", "T1", "no value for NAME, SIZE"),
  );
  expect(map({ tag: "T1", name: "air", size: 1 })).toEqual({ TAG: "T1", NAME: "air", SIZE: 1 });
});

test("a record of which nothing is left is dropped", () => {
  const keepIfEmpty = ["*"];
  const { map } = mapper({ TAG: { source: "tag" } }, { keepIfEmpty });
  expect(map({})).toEqual(new Dropped("incomplete", "", "all of its fields are empty"));
  expect(mapper({}).map({ tag: "T1" })).toEqual(
    new Dropped("incomplete", "", "nothing is mapped"),
  );
});

test("fields that are to be kept are left out when they are blank; 0 and false are not", () => {
  const specs = Object.fromEntries(
    ["TAG", "A", "B", "C", "D", "E"].map((field) => [field, { source: field.toLowerCase() }]),
  );
  const record = { tag: "T1", a: "", b: [], c: 0, d: false, e: null };
  expect(mapper(specs, { keepIfEmpty: ["*"] }).map(record)).toEqual({ TAG: "T1", C: 0, D: false });
  expect(mapper(specs, { keepIfEmpty: ["A"] }).map(record)).toEqual({
    TAG: "T1",
    B: [],
    C: 0,
    D: false,
    E: null,
  });
});

test("converters that wait give the same record", async () => {
  const { mapWaiting } = mapper({
    TAG: { source: "tag" },
    NAME: { source: "name", converter: "later" },
    SIZE: { source: "size", required: true },
  });
  expect(await mapWaiting({ tag: "T1", name: "air", size: 1 })).toEqual({
    TAG: "T1",
    NAME: "AIR",
    SIZE: 1,
  });
  expect(await mapWaiting({ tag: "T1", name: "air" })).toEqual(
    new Dropped("incomplete", "T1", "no value for SIZE"),
  );
});

test("custom converters get their values, and their results go into their fields", () => {
  const { map, customValues } = mapper({
    NAME: { source: "name", converter: "own" },
    TAG: { source: "tag" },
    OS: { source: "os", converter: "OWN:a=1" },
  });
  const record = { tag: "T1", name: "air" };
  expect(customValues(record)).toEqual(["air", null]);
  expect(map(record, ["AIR", 14])).toEqual({ NAME: "AIR", TAG: "T1", OS: 14 });
  expect(map(record)).toEqual({ NAME: null, TAG: "T1", OS: null });
});

test("a record is named by its sync fields, also when it is not mapped", () => {
  const specs = {
    TAG: { source: "tag", converter: "upper" },
    SITE: { source: "site" },
    NAME: { source: "name", converter: "later" },
  };
  const { identify, identifyRaw } = mapper(specs, { syncFields: ["TAG", "SITE", "NAME"] });
  expect(identify({ TAG: "T1", SITE: "", NAME: null })).toBe("T1");
  expect(identifyRaw({ tag: "t1", site: "Berlin", name: "air" })).toBe("T1 / Berlin");
  expect(describeIdentity({ TAG: 5, SITE: "Berlin" }, ["TAG", "SITE"])).toBe("5 / Berlin");
  expect(describeIdentity({ TAG: 5 }, [])).toBe("");
});

test("what cannot be converted becomes what on_error of its mapping, else of the section, wants", () => {
  const specs = { TAG: { source: "tag" }, NAME: { source: "name", converter: "strict" } };
  const record = { tag: "T1", name: "bad" };
  expect(mapper(specs).map(record)).toEqual({ TAG: "T1", NAME: "bad" });
  expect(mapper(specs, { onError: "keep" }).map(record)).toEqual({ TAG: "T1" });
  const reason = "converter strict of NAME: the value is bad";
  expect(mapper(specs, { onError: "skip" }).map(record))
    .toEqual(new Dropped("failed", "T1", reason));
  expect(mapper(specs, { onError: "fail" }).map(record))
    .toEqual(new Dropped("failed", "T1", reason, true));
  const own = { ...specs, NAME: { ...specs.NAME, on_error: "keep" as const } };
  expect(mapper(own, { onError: "fail" }).map(record)).toEqual({ TAG: "T1" });
  const required = { ...specs, NAME: { ...specs.NAME, required: true } };
  expect(mapper(required, { onError: "keep" }).map(record))
    .toEqual(new Dropped("incomplete", "T1", "no value for NAME"));
});
