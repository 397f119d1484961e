/**
 * What a plain body decides without the sandbox is what the sandbox decides.
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import { plainSection } from "../../src/sandbox/plain/section.ts";
import { PlainTrial } from "../../src/sandbox/plain/trial.ts";
import {
  createSandbox,
  defaultLimits,
  type PreparedProgram,
  type SandboxOutcome,
} from "../../src/sandbox/mod.ts";
import {
  converterSource,
  filterSource,
  keepLog,
  prepared,
  runRecords,
  withSandbox,
} from "./sandbox_harness.ts";
import { slow } from "../support/slow.ts";
import { javaScriptBodies } from "./javascript_bodies.ts";
import { everyPart, hostileRecords, randomBody, randomNumbers } from "./plain_bodies.ts";

type Given = { readonly record: unknown; readonly value: unknown };

/** What the sandbox makes of each program and record. */
async function askSandbox(programs: readonly PreparedProgram[], given: readonly Given[]) {
  // One that reads all of it, so that records go there as they are.
  const whole = "// language: javascript\nreturn Object.keys(record).length;";
  const all = [...programs, ...prepared(converterSource("whole", whole))];
  const sandbox = await createSandbox({
    programs: all.map((program) => ({ ...program, plain: undefined })),
    calls: all.map(({ source }) => ({ converter: source.name, field: "b", params: {} })),
    limits: { ...defaultLimits, memoryMb: 512, recordMs: 5000 },
    log: keepLog().log,
  });
  try {
    return await sandbox.run(
      given.map(({ record, value }) => ({ record, values: all.map(() => value) })),
    );
  } finally {
    await sandbox.close();
  }
}

/** A result as text; ints beyond what a number can hold are none of JSON's. */
function shown(result: unknown): string {
  return typeof result === "bigint" ? `${result}n` : JSON.stringify(result);
}

/** What differs, and how many records were decided without the sandbox. */
async function compare(programs: readonly PreparedProgram[], given: readonly Given[]) {
  const outcomes = await askSandbox(programs, given);
  const differences: unknown[] = [];
  let decided = 0;
  programs.forEach((program, at) => {
    const plain = plainSection([program], undefined);
    given.forEach(({ record, value }, index) => {
      const mine = plain?.(record, [value]);
      if (mine === undefined) return;
      decided++;
      const outcome = outcomes[index];
      const isFailed = outcome === undefined || !("results" in outcome) ||
        outcome.failures?.some(({ call }) => call === at) === true;
      const theirs = isFailed ? "failed" : shown(outcome.results[at]);
      const own = "results" in mine ? shown(mine.results[0]) : "filtered";
      if (own !== theirs) differences.push({ body: program.source.body, index, own, theirs });
    });
  });
  return { differences, decided };
}

/** How many random bodies a test looks at; more on request, for a longer look. */
const count = Number(process.env["PLAIN_BODIES"] ?? 60);
const seed = Number(process.env["PLAIN_SEED"] ?? 1);

describe.each(["javascript", "python"] as const)("in %s", (language) => {
  slow("bodies decide as the sandbox does, whatever they are given", async () => {
    const random = randomNumbers(seed);
    const bodies = [
      ...everyPart(language, random),
      ...Array.from({ length: count }, () => randomBody(language, random)),
    ];
    const programs = prepared(...bodies.map((body, at) => converterSource(`body${at}`, body)));
    const plain = programs.filter((program) => program.plain !== undefined);
    expect(plain.length).toBeGreaterThan(bodies.length * 0.8);
    const { differences, decided } = await compare(plain, hostileRecords);
    expect(differences.slice(0, 5)).toEqual([]);
    // Otherwise nothing was compared.
    expect(decided).toBeGreaterThan(bodies.length * 10);
  }, 300_000);
});

test("bodies as admins write them decide as the sandbox does", async () => {
  const programs = javaScriptBodies.flatMap(({ body }, at) =>
    prepared(converterSource(`body${at}`, `// language: javascript\n${body}`))
  ).filter(({ plain }) => plain !== undefined);
  expect(programs.length).toBeGreaterThan(10);
  const { differences } = await compare(programs, hostileRecords);
  expect(differences).toEqual([]);
});

describe("what would grow too large is left to the sandbox", () => {
  const long = "a".repeat(9000);
  test.each([
    ["javascript", 'return value.replaceAll("a", value);'],
    ["javascript", 'return value.split("a").join(value);'],
    ["javascript", "const x = value + value; return x + x;"],
    ["javascript", 'return "x".padEnd(2000, value);'],
    ["python", 'return value.replace("a", value)'],
    ["python", 'return value.join(value.split("a"))'],
    ["python", 'return "%s%s" % (value, value)'],
    ["python", "return value + value"],
  ])("in %s: %s", (language, body) => {
    const mark = language === "python" ? "#" : "//";
    const programs = prepared(converterSource("own", `${mark} language: ${language}\n${body}`));
    const plain = plainSection(programs, undefined);
    expect(plain).toBeDefined();
    expect(plain?.({}, [long])).toBeUndefined();
  });

  test("and so is a body of many parts", () => {
    const body = `return ${Array.from({ length: 600 }, () => "value").join(" && ")};`;
    const [program] = prepared(converterSource("own", `// language: javascript\n${body}`));
    expect(program?.plain).toBeUndefined();
  });
});

describe("is left to the sandbox", () => {
  test.each([
    "for (const x of value) return x;",
    "return value.repeat(3);",
    "return value.match(/a/);",
    "return record;",
    "return params.by;",
    "var x = value; return x;",
    "return x; const x = value;",
    "{ const x = 1; } return x;",
    "const x = 1; x = 2; return x;",
    "{ const value = 1; } return value;",
    "return record.__proto__;",
    "return record.toString;",
    "return record[value];",
    "return value / 2;",
    "return value % 2;",
    "return +value;",
    "return parseInt(value, 16);",
    "return Date.now();",
    "const String = 1; return String(value);",
    "return { a: value }.a;",
    "return { ...record }.a;",
    'return { __proto__: "x" }.a;',
    "return { a() {} }.a;",
    "return [...value];",
    "return [, value];",
    "try { return value; } catch { var record = 1; }",
    "try { return value; } catch { for (var x of value) {} }",
    "try { return value.match(/a/); } catch { return null; }",
    "try { return value; } finally { LOG.info(value); }",
    "try { const x = value; } catch {} return x;",
    "return value.a?.b;",
    "return record.a[0]?.b;",
    "return LOG.info(value);",
    "return (() => value)();",
    "return arguments[0];",
    "const { a } = record; return a;",
    'return converter(record, "upper");',
  ])("%s", (body) => {
    const programs = prepared(converterSource("own", `// language: javascript\n${body}`));
    expect(programs.map(({ plain }) => plain)).toEqual([undefined]);
  });

  test.each([
    "for x in value:\n  return x",
    "return value / 3",
    "return value // 3",
    "return -value",
    "return [x for x in value]",
    "return record",
    "record = value\nreturn record",
    "len = value\nreturn len(value)",
    "y = len(value)\nlen = 3\nreturn y",
    "return value.swapcase()",
    "return {'a': value}.get('a')",
    "return {value: 'a'}.get('a')",
    "return {1: 'a'}.get(value)",
    "return {**record}",
    "return [*value]",
    "return '{x}'.format(x=value)",
    "return '{:>5}'.format(value)",
    "return '{{}}'.format(value)",
    "return '{} {0}'.format(value)",
    "return '{}'.format(*value)",
    "return value.format(1)",
    "return f'{value!r}'",
    "return f'{value:>5}'",
    "return int(value, 16)",
    "return isinstance(value, list)",
    "return isinstance(value, (str, int))",
    "str = value\nreturn isinstance(value, str)",
    "value /= 3",
    "record['a'] += 'x'",
    "raise (x := ValueError(value))",
    "return u'\\u00e9' 'x'[0:1:2]",
    "try:\n  return len(value)\nexcept Exception:\n  len = 3",
    "try:\n  return len(value)\nexcept Exception as len:\n  pass",
    "try:\n  return len(value)\nexcept Exception:\n  for len in value:\n    pass",
    "try:\n  return len(value)\nexcept Exception:\n  return [len for len in value]",
    "try:\n  return x\nexcept Exception:\n  x = 3",
    "try:\n  return record.a\nexcept Exception:\n  record = {}",
    "try:\n  import re\nexcept ImportError:\n  pass\nreturn value",
    "try:\n  return value\nfinally:\n  LOG.info(value)",
    "print(value)",
    "LOG.info(value)",
    "import re\nreturn value",
    "return '%.2f' % value",
    "return '%(a)s' % record",
    "return '%5s' % value",
    "global x\nx = 1\nreturn x",
    "return x\nx = 1",
  ])("%s", (body) => {
    const programs = prepared(converterSource("own", `# language: python\n${body}`));
    expect(programs.map(({ plain }) => plain)).toEqual([undefined]);
  });
});

test("a filter and a converter decide together, and what they leave open goes through the sandbox", async () => {
  const setting = {
    filter: '// language: javascript\nreturn record.state !== "retired";',
    converters: { upper: "# language: python\nreturn value.upper()" },
  };
  const [filter] = prepared(filterSource(setting.filter));
  const plain = plainSection(prepared(converterSource("upper", setting.converters.upper)), filter);
  expect(plain?.({ state: "retired" }, ["a"])).toEqual({ keep: false });
  expect(plain?.({ state: "in use" }, ["a"])).toEqual({ keep: true, results: ["A"] });
  expect(plain?.({ state: "in use" }, ["straße"])).toBeUndefined();
  const whole = {
    filter: setting.filter,
    converters: { upper: '# language: python\nreturn record["name"].upper()' },
  };
  const names = ["straße", "ann", "größe", "x", "öl", "y"];
  const records = [
    { state: "retired" },
    ...names.map((name) => ({ state: "in use", name })),
    { state: ["x"], name: "bob" },
  ];
  expect(await runRecords(whole, records)).toEqual([
    { keep: false },
    ...["STRASSE", "ANN", "GRÖSSE", "X", "ÖL", "Y", "BOB"].map((one) => ({
      keep: true,
      results: [one],
    })),
  ] as SandboxOutcome[]);
});

describe("a section whose records are seldom decided", () => {
  /** How many of the records reach the body, when these are decided. */
  function tried(records: number, decides: (record: number) => boolean): number {
    let count = 0;
    const trial = new PlainTrial((record) => {
      count++;
      return decides(record as number) ? { keep: true, results: [] } : undefined;
    });
    for (let record = 0; record < records; record++) {
      if (!trial.rests(1)) trial.decide(record, []);
    }
    return count;
  }

  test("goes through the sandbox, and is tried again after a while", () => {
    expect(tried(200, () => false)).toBe(200);
    expect(tried(10_200, () => false)).toBe(200);
    expect(tried(10_201, () => false)).toBe(201);
    // Each time it takes longer, up to a limit.
    expect(tried(30_400, () => false)).toBe(400);
    expect(tried(30_401, () => false)).toBe(401);
    expect(tried(1_000_000, () => false)).toBe(2000);
    // What changed is noticed at the next trial.
    expect(tried(20_000, (record) => record >= 10_200)).toBe(10_000);
  });

  test("is tried throughout when one in ten is decided", () => {
    expect(tried(20_000, (record) => record % 10 === 0)).toBe(20_000);
    expect(tried(20_000, (record) => record % 11 === 0)).toBeLessThan(1500);
  });
});

test("with an error in each record, what catches it is run whether the record was tried or not", async () => {
  const upper =
    "# language: python\ntry:\n  return int(value)\nexcept ValueError:\n  return 'no ' + value";
  const programs = prepared(converterSource("upper", upper));
  expect(programs[0]?.plain).toBeDefined();
  await withSandbox({ converters: { upper } }, async (sandbox) => {
    const batch = Array.from({ length: 600 }, (_, at) => ({ record: {}, values: [`x${at}`] }));
    const expected = batch.map(({ values }) => ({ keep: true, results: [`no ${values[0]}`] }));
    expect(await sandbox.run(batch)).toEqual(expected);
    expect(await sandbox.run(batch)).toEqual(expected);
    // While nothing is tried, this goes through the sandbox too.
    const mixed = [{ record: {}, values: ["12"] }, ...batch];
    expect((await sandbox.run(mixed))[0]).toEqual({ keep: true, results: [12] });
    expect(sandbox.stats.records).toBe(1801);
  });
});
