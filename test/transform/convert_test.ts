/**
 * Converters of a mapping: which are bound, what they get, and what becomes of their problems.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { createRedactor } from "../../src/base/redact.ts";
import { createLog } from "../../src/logging/log.ts";
import {
  type Converter,
  type ConverterCall,
  type ConverterContext,
  defineConverter,
} from "../../src/sdk/converter.ts";
import { createConversionProblems } from "../../src/transform/conversion_problems.ts";
import { bindConverters } from "../../src/transform/convert.ts";
import type { FieldMapping } from "../../src/transform/mapping.ts";

function converter(details: Partial<Converter>): Converter {
  const convert = ({ value }: ConverterCall) => value;
  return { name: "same", summary: "Same.", params: {}, examples: [], convert, ...details };
}

function field(name: string, call: string | undefined, source?: string): FieldMapping {
  const spec = {
    ...(source !== undefined && { source }),
    ...(call !== undefined && { converter: call }),
  };
  return { field: name, spec, origin: { from: "built-in" } };
}

function bind(
  fields: readonly FieldMapping[],
  known: readonly Converter[] = [],
  custom: readonly string[] = [],
) {
  const lines: string[] = [];
  const log = createLog("test", createRedactor(), [
    ({ level, message }) => lines.push(`${level}: ${message}`),
  ]);
  const problems = createConversionProblems(log);
  const lookup = {
    find: (name: string) => known.find((each) => each.name === name.toLowerCase()),
    names: known.map(({ name }) => name),
    custom: new Set(custom),
  };
  const conversions = bindConverters(fields, { lookup, problems, onError: "null" });
  return { conversions, problems, lines };
}

const context = {} as ConverterContext;

test("a converter gets record, value, parameters and the path it is about", () => {
  const calls: unknown[] = [];
  const same = converter({
    convert({ report: _report, ...call }) {
      calls.push(call);
      return undefined;
    },
  });
  const { conversions } = bind([field("A", "same:on=,|x", "a.b"), field("B", "same")], [same]);
  const record = { a: { b: 1 } };
  expect(conversions.of("A")?.(record, 1)).toBeNull();
  conversions.of("B")?.(record, null);
  expect(calls).toEqual([
    { field: "a.b", record, value: 1, params: { on: ",", x: true } },
    { field: "B", record, value: null, params: {} },
  ]);
  expect(conversions.of("C")).toBeUndefined();
});

test("custom converters win over built-in ones, and are left to the sandbox", () => {
  const { conversions } = bind(
    [field("A", "Same:on=1", "a"), field("B", "SAME")],
    [converter({})],
    [
      "same",
    ],
  );
  expect(conversions.custom).toEqual([
    { target: "A", converter: "same", field: "a", params: { on: "1" } },
    { target: "B", converter: "same", field: "B", params: {} },
  ]);
  expect(conversions.of("A")).toBeUndefined();
});

test("failures are counted by field; what is empty was not there to be converted", () => {
  const strict = converter({
    convert({ value, report: complain }) {
      if (value === "bad") complain("is bad");
      if (value === "odd") complain("is odd", "warning");
      return value;
    },
  });
  const { conversions } = bind([field("A", "same", "a"), field("B", "same")], [strict]);
  for (const value of ["bad", "odd", "good", null, ""]) {
    conversions.of("A")?.({}, value);
    conversions.of("B")?.({}, value);
  }
  expect(conversions.counts).toEqual([
    { converter: "same", field: "A", tried: 3, failed: 1, reason: "is bad" },
    { converter: "same", field: "B", tried: 5, failed: 1, reason: "is bad" },
  ]);
});

test("what a converter throws becomes nothing; each kind is logged once and counted", () => {
  const broken = converter({
    convert({ value, report }) {
      if (value === "unusual") report("is unusual", "warning");
      if (value === "throw") throw new Error("is bad");
      return value;
    },
  });
  const { conversions, problems, lines } = bind([field("A", "same", "a")], [broken]);
  const convert = conversions.of("A");
  expect(convert?.({}, "throw")).toBeNull();
  expect(convert?.({}, "throw")).toBeNull();
  expect(convert?.({}, "unusual")).toBe("unusual");
  expect(lines).toEqual([
    "error: Converter same of A: is bad",
    "warning: Converter same of A: is unusual",
  ]);
  expect(problems.count()).toBe(3);
  problems.summarise();
  problems.summarise();
  expect(lines.slice(2)).toEqual(["error: Converter same of A: is bad: 2 times in all"]);
});

test("of calls that overlap, each has its own outcome", async () => {
  const waiting = converter({
    waits: true,
    async convert({ value, report }) {
      if (value === "bad") report("is bad");
      await new Promise(setImmediate);
      if (value === "away") throw new Error("is away");
      return value;
    },
  });
  const { conversions, lines } = bind([field("A", "same", "a")], [waiting]);
  const convert = conversions.of("A");
  const values = ["fine", "bad", "away", "fine"];
  const results = await Promise.all(values.map((value) => convert?.({}, value)));
  expect(results).toEqual(["fine", "bad", null, "fine"]);
  expect(conversions.counts).toEqual([
    { converter: "same", field: "A", tried: 4, failed: 2, reason: "is bad" },
  ]);
  expect(lines).toEqual([
    "error: Converter same of A: is bad",
    "error: Converter same of A: is away",
  ]);
});

test("problems of more kinds than can be distinguished are one kind", () => {
  const { problems, lines } = bind([]);
  for (let number = 0; number < 300; number++) problems.note("c", "A", `odd ${number}`);
  expect(lines).toHaveLength(201);
  expect(lines.at(-1)).toBe("error: Converter c of A: other problems");
  expect(problems.count()).toBe(300);
});

test("a converter is prepared once for all of its calls, and finished with what that gave", async () => {
  const events: unknown[] = [];
  const lookup = defineConverter<string>({
    name: "same",
    summary: "Looks up.",
    params: {},
    examples: [],
    prepare(_context, calls) {
      events.push(["prepare", calls]);
      return Promise.resolve("ready");
    },
    convert: (_call, state) => state,
    finish: (_context, state) => void events.push(["finish", state]),
  });
  const { conversions } = bind([field("A", "same:a=1"), field("B", "same:b=2")], [lookup]);
  await conversions.prepare(context);
  expect([conversions.of("A"), conversions.of("B")].map((convert) => convert?.({}, 1))).toEqual([
    "ready",
    "ready",
  ]);
  conversions.finish(context);
  expect(events).toEqual([["prepare", [{ a: "1" }, { b: "2" }]], ["finish", "ready"]]);
});

test("it is known what converters read beside their own path, and whether they wait", () => {
  const reading = converter({ reads: ({ of }) => [String(of)] });
  const fields = [field("A", "same:of=x"), field("B", "same:of=y")];
  expect(bind(fields, [reading]).conversions).toMatchObject({ reads: ["x", "y"], waits: false });
  expect(bind(fields, [converter({ waits: true })]).conversions.waits).toBe(true);
});
