/**
 * The mapping table: built in, from Oomnitza and from the ini, in this order, and the rules of its kind.
 *
 * @module
 */
import { expect, test } from "bun:test";
import {
  applyKind,
  describeOrigin,
  describeOrigins,
  describeValueSource,
  type FieldMapping,
  type KindInputs,
  type MappingInputs,
  mergeMappings,
  reportMapping,
  splitFieldNames,
} from "../../src/transform/mapping.ts";

function merge(inputs: Partial<MappingInputs>): FieldMapping[] {
  return mergeMappings({ builtin: {}, server: undefined, ini: [], converters: {}, ...inputs });
}

const builtIn = { from: "built-in" } as const;
const oomnitza = { from: "oomnitza" } as const;
const line = (number: number) => ({ from: "ini", line: number }) as const;

test("Oomnitza outranks what is built in, the ini outranks both, and each says so", () => {
  const table = merge({
    builtin: { A: { source: "a" }, B: { source: "b" }, C: { source: "c", converter: "x" } },
    server: { "server.b": "B", "server.d": ["D", "E"], "server.c": "C" },
    ini: [{ field: "C", spec: { source: "ini.c" }, line: 7 }],
  });
  expect(table).toEqual([
    { field: "A", spec: { source: "a" }, origin: builtIn, converterOrigin: undefined },
    { field: "B", spec: { source: "server.b" }, origin: oomnitza, converterOrigin: undefined },
    {
      field: "C",
      spec: { source: "ini.c", converter: "x" },
      origin: line(7),
      converterOrigin: builtIn,
    },
    { field: "D", spec: { source: "server.d" }, origin: oomnitza, converterOrigin: undefined },
    { field: "E", spec: { source: "server.d" }, origin: oomnitza, converterOrigin: undefined },
  ]);
});

test("a converter of the ini joins the value of another origin", () => {
  const [mapping] = merge({
    builtin: { A: { source: "a" } },
    ini: [{ field: "A", spec: { converter: "upper" }, line: 3 }],
  });
  expect(mapping).toEqual({
    field: "A",
    spec: { source: "a", converter: "upper" },
    origin: builtIn,
    converterOrigin: line(3),
  });
});

test("a literal of the ini replaces a path, a setting of it does not", () => {
  const [literal] = merge({
    builtin: { A: { source: "a", converter: "upper" } },
    ini: [{ field: "A", spec: { hardcoded: "" }, line: 3 }],
  });
  expect(literal).toMatchObject({ origin: line(3) });
  expect(literal?.spec).toEqual({ hardcoded: "", converter: "upper" });
  const [setting] = merge({
    builtin: { A: { source: "a" } },
    ini: [{ field: "A", spec: { setting: "site" }, line: 3 }],
  });
  expect(setting).toMatchObject({ spec: { source: "a", setting: "site" }, origin: builtIn });
});

test("a path has the converter that its source declares, unless one is named", () => {
  const table = merge({
    ini: [
      { field: "A", spec: { source: "when" }, line: 1 },
      { field: "B", spec: { source: "when", converter: "own" }, line: 2 },
      { field: "C", spec: { source: "constructor" }, line: 3 },
    ],
    converters: { when: "date" },
  });
  expect(table.map(({ spec }) => spec.converter)).toEqual(["date", "own", undefined]);
  expect(table[0]?.converterOrigin).toEqual(builtIn);
});

const inputs: KindInputs = {
  kind: "assets",
  section: "devices",
  file: "config.ini",
  line: 4,
  syncField: "",
  defaultPosition: "",
};

test("sync fields are required, and must be mapped", () => {
  const fields = merge({ builtin: { TAG: { source: "tag" }, NAME: { source: "name" } } });
  const checked = applyKind(fields, { ...inputs, syncField: " TAG , SITE,, " });
  expect(checked.syncFields).toEqual(["TAG", "SITE"]);
  expect(checked.fields.map(({ spec }) => spec.required)).toEqual([true, undefined]);
  expect(checked.findings).toEqual([{
    code: "missing",
    severity: "error",
    file: "config.ini",
    line: 4,
    section: "devices",
    option: "sync_field",
    message: "is SITE, which is not mapped",
    hint: "Add mapping.SITE = <source path>, or map it in Oomnitza",
  }]);
  expect(applyKind(fields, inputs)).toMatchObject({ syncFields: [], findings: [] });
});

test("people should have a user and an e-mail address, which API v2 needs, and have a position and a role by default", () => {
  const fields = merge({ builtin: { USER: { source: "user" } } });
  const people = { ...inputs, kind: "users", syncField: "USER" } as const;
  const checked = applyKind(fields, people);
  expect(checked.fields.map(({ field }) => field)).toEqual(["USER", "POSITION", "PERMISSIONS_ID"]);
  expect(checked.fields[1]).toMatchObject({
    spec: { setting: "default_position" },
    origin: { from: "default" },
  });
  expect(checked.findings).toMatchObject([{ severity: "warning", option: undefined }]);
  expect(checked.findings[0]?.message).toStartWith("does not map EMAIL: ");
  expect(checked.missingForV2).toEqual(["EMAIL"]);
  expect(checked.fields.filter(({ spec }) => spec.required).map(({ field }) => field)).toEqual([
    "USER",
  ]);
  expect(applyKind(fields, { ...people, apiVersion: "v2" }).findings).toMatchObject([
    { severity: "error", message: "does not map EMAIL, which API v2 needs" },
  ]);
  expect(applyKind([], { ...people, syncField: "" })).toMatchObject({
    syncFields: [],
    missingForV2: ["USER", "EMAIL"],
  });
  expect(checked.normalPosition).toBe(false);
  const own = merge({ builtin: { POSITION: { source: "title" } } });
  expect(applyKind(own, people).fields[0]?.spec).toEqual({ source: "title" });
});

test("default_position = unused leaves the position to the mappings, of people only", () => {
  const unused = { ...inputs, kind: "users", defaultPosition: " Unused " } as const;
  const checked = applyKind([], unused);
  expect(checked.fields.map(({ field }) => field)).toEqual(["PERMISSIONS_ID"]);
  expect(checked.normalPosition).toBe(true);
  expect(applyKind([], { ...unused, kind: "assets" }).normalPosition).toBe(false);
});

test("a mapping without a value is an error at the line that names it", () => {
  const fields = merge({
    builtin: { A: { converter: "upper" } },
    ini: [{ field: "B", spec: { converter: "upper" }, line: 9 }],
  });
  const { findings } = applyKind(fields, inputs);
  expect(findings.map(({ option, line }) => [option, line])).toEqual([["mapping.a", 4], [
    "mapping.b",
    9,
  ]]);
});

test("origins and values are reported in words", () => {
  expect([builtIn, oomnitza, { from: "default" } as const, line(7)].map(describeOrigin)).toEqual([
    "built-in",
    "Oomnitza",
    "default",
    "ini line 7",
  ]);
  const mapping = { field: "A", spec: { source: "a" }, origin: builtIn };
  expect(describeOrigins(mapping)).toBe("built-in");
  expect(describeOrigins({ ...mapping, converterOrigin: builtIn })).toBe("built-in");
  const both = { ...mapping, converterOrigin: line(7) };
  expect(describeOrigins(both)).toBe("built-in, converter: ini line 7");
  expect(JSON.stringify(reportMapping(both))).toBe(
    '{"field":"A","spec":{"source":"a"},"origin":"built-in","converterOrigin":"ini line 7"}',
  );
  expect(reportMapping(mapping).converterOrigin).toBeUndefined();
  expect(describeValueSource({ spec: { source: "a" } })).toBe("a");
  expect(describeValueSource({ spec: { setting: "site" } })).toBe("setting site");
  expect(describeValueSource({ spec: { hardcoded: [1] } })).toBe("[1]");
  expect(describeValueSource({ spec: {} })).toBe("(nothing)");
});

test("names are split at commas, without blanks", () => {
  expect(splitFieldNames(" A,B ,, C ")).toEqual(["A", "B", "C"]);
  expect(splitFieldNames("")).toEqual([]);
});
