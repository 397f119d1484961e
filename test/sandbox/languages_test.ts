/**
 * Python beside JavaScript in one sandbox: the same record, the same limits, calls across.
 *
 * @module
 */

import { beforeAll, describe, expect, test } from "bun:test";
import type { SandboxOutcome } from "../../src/sandbox/mod.ts";
import { keepLog, runRecords } from "./sandbox_harness.ts";
import { slow } from "../support/slow.ts";

const script = "// language: javascript\n";
const python = "# language: python\n";

async function results(converters: Record<string, string>, record: unknown, value: unknown = null) {
  const [outcome] = await runRecords({ converters }, [record], value);
  if (outcome === undefined || !("results" in outcome)) throw new Error(JSON.stringify(outcome));
  return outcome.results;
}

describe("what both languages understand", () => {
  const cases: readonly (readonly [string, object, unknown])[] = [
    ['return record.asset_type == "computer"', { asset_type: "computer" }, true],
    ['return record.asset_type == "computer"', { asset_type: "phone" }, false],
    ['return record.asset_type == "computer"', {}, false],
    ['return record.get("position", "Unknown position")', {}, "Unknown position"],
    ['return record.get("position", "Unknown position")', { position: "Boss" }, "Boss"],
    ['return record["general"]["platform"]', { general: { platform: "Mac" } }, "Mac"],
    ["return record.a.b", { a: { b: [1, 2] } }, [1, 2]],
    ["return record.nowhere", {}, null],
    ["return value", {}, "v"],
  ];
  // One sandbox for all of them: to start one takes much longer than to run a body.
  const converters = Object.fromEntries(cases.flatMap(([body], index) => [
    [`js${index}`, script + body],
    [`py${index}`, python + body],
    [`either${index}`, body],
  ]));
  let outcomes: readonly SandboxOutcome[] = [];
  beforeAll(async () => {
    outcomes = await runRecords({ converters }, cases.map(([, record]) => record), "v");
  });

  cases.forEach(([body, record, result], index) => {
    test(`${body} of ${JSON.stringify(record)} gives the same in both`, () => {
      const outcome = outcomes[index];
      const all = outcome !== undefined && "results" in outcome ? outcome.results : [];
      expect(all.slice(3 * index, 3 * index + 3)).toEqual([result, result, result]);
    });
  });
});

describe("calls across languages", () => {
  slow("hand records, parameters and results over", async () => {
    const converters = {
      js: `${script}return converter(record, "py_inner", { by: "2" }).total;`,
      py: `${python}return converter(record, "js_inner", by="3")["total"] + 1`,
      js_inner: `${script}return { total: record.n * Number(params.by ?? 1), more: [null] };`,
      py_inner: `${python}return {"total": record["n"] * int(params.get("by", 1)), "t": (1, 2)}`,
    };
    expect(await results(converters, { n: 7 })).toEqual([
      14,
      22,
      { total: 7, more: [null] },
      { total: 7, t: [1, 2] },
    ]);
  });

  slow("let neither change the record", async () => {
    const converters = {
      py: `${python}record["list"].append(2)`,
      py2: `${python}record["n"] = 2`,
      js: `${script}record.list.push(3);`,
      js2: `${script}return [record.n, record.list];`,
    };
    expect(await results(converters, { n: 1, list: [1] })).toEqual([null, null, null, [1, [1]]]);
  });
});

describe("Python under the limits", () => {
  slow.each([
    ["an endless loop", "while True:\n    pass", "longer than 100 ms"],
    [
      "an endless loop that catches",
      "while True:\n  try:\n    while True:\n      pass\n  except:\n    pass",
      "longer than 100 ms",
    ],
    [
      "a regular expression",
      'import re\nreturn re.match("^(a+)+$", "a" * 40 + "b")',
      "longer than 100 ms",
    ],
    ["a list that grows", "a = []\nwhile True:\n  a.append([1] * 1000)", "of memory|longer"],
  ])("%s fails its record alone", async (_, body, reason) => {
    const indented = body.replaceAll("\n", "\n  ");
    const converters = { c: `${python}if record.bad:\n  ${indented}\nreturn record.n` };
    const records = [{ n: 1 }, { n: 2, bad: true }, { n: 3 }];
    const outcomes = await runRecords({ converters }, records);
    expect(outcomes[0]).toEqual({ keep: true, results: [1] });
    expect(outcomes[1]).toHaveProperty("failed");
    expect(JSON.stringify(outcomes[1])).toMatch(new RegExp(`${reason}|killed`));
    expect(outcomes[2]).toEqual({ keep: true, results: [3] });
  }, 30_000);

  slow("recursion is an error", async () => {
    const { log, lines } = keepLog();
    const converters = { c: `${python}def f(n):\n  return f(n + 1)\nreturn f(0)` };
    expect(await runRecords({ converters, log }, [{}])).toMatchObject([
      { keep: true, results: [null], failures: [{ call: 0 }] },
    ]);
    expect(lines.join()).toContain("failed");
  });

  slow("errors are named as Python names them, with their line", async () => {
    const { log, lines } = keepLog();
    const converters = { c: `${python}x = {}\nreturn x["name"].strip().zzz["a"]` };
    await runRecords({ converters, log }, [{}]);
    expect(lines[0]).toMatch(
      /^warning Converter c failed: KeyError: 'name' \(config\.ini:12\)$/,
    );
  });

  test("filters judge by Python's truth", async () => {
    const filter = `${python}return record.tags`;
    expect(await runRecords({ filter }, [{ tags: [] }, { tags: [0] }, { tags: {} }, {}])).toEqual([
      { keep: false },
      { keep: true, results: [] },
      { keep: false },
      { keep: false },
    ]);
  });

  slow("LOG and the time of the run", async () => {
    const { log, lines } = keepLog();
    const body = 'import datetime\nLOG.warning("%s of %d", record.n, 2)\n' +
      "return datetime.datetime.utcnow().isoformat()";
    const now = new Date("2020-01-02T03:04:05Z");
    const outcomes = await runRecords({ converters: { c: python + body }, log, now }, [{ n: 1 }]);
    expect(outcomes).toEqual([{ keep: true, results: ["2020-01-02T03:04:05"] }]);
    expect(lines).toEqual(["warning Converter c: 1 of 2"]);
  });
});
