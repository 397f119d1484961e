/**
 * What Python bodies may do in the sandbox: change records, meet large ints, be of either version.
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import { prepareUserCode } from "../../src/sandbox/mod.ts";
import { runRecords } from "./sandbox_harness.ts";
import { slow } from "../support/slow.ts";

async function results(converters: Record<string, string>, record: unknown, value: unknown = null) {
  const [outcome] = await runRecords({ converters }, [record], value);
  if (outcome === undefined || !("results" in outcome)) throw new Error(JSON.stringify(outcome));
  return outcome.results;
}

describe("a record that a body changes", () => {
  const record = { n: 1, list: [1, [2]], inner: { a: 1 }, rows: [{ x: 1 }] };

  slow("is changed for that call only", async () => {
    const show = "return [sorted(record.items()), len(record)]";
    const converters = {
      a_change: [
        "record['new'] = {'k': [1]}",
        "record['n'] += 1",
        "record['list'].append(3)",
        "record['list'][1].insert(0, 0)",
        "record.inner.update(b=2)",
        "record.inner.c = 3",
        "del record['rows'][0]['x']",
        "record['rows'].append(record.pop('inner'))",
        show,
      ].join("\n"),
      b_show: show,
      c_js: "// language: javascript\nreturn JSON.stringify(record);",
    };
    expect(await results(converters, record)).toEqual([
      [
        [["list", [1, [0, 2], 3]], ["n", 2], ["new", { k: [1] }], ["rows", [{}, {
          a: 1,
          b: 2,
          c: 3,
        }]]],
        4,
      ],
      [
        [["inner", { a: 1 }], ["list", [1, [2]]], ["n", 1], ["rows", [{ x: 1 }]]],
        4,
      ],
      JSON.stringify(record),
    ]);
  });

  slow("is given back when the body fails, and keeps the order of its keys", async () => {
    const converters = {
      a_fail: "record.clear()\nrecord['z'] = 1\nreturn 1 // 0",
      b_show: "return list(record)",
    };
    expect(await results(converters, record)).toEqual([null, ["n", "list", "inner", "rows"]]);
  });

  slow("goes changed to the converters that the body calls, and comes back unchanged", async () => {
    const converters = {
      a_outer:
        "record['n'] = 5\nx = converter(record, 'b_inner')\nreturn [x, record['n'], record.get('m')]",
      b_inner: "record['m'] = record['n'] * 2\nrecord['n'] = 0\nreturn record.get('m')",
      c_upper: "record['n'] = 'ab'\nreturn converter(record, 'upper', source='n')",
    };
    const [outer, inner] = await results(converters, record);
    expect([outer, inner]).toEqual([[10, 5, null], 2]);
  });

  slow("may hold parameters and values that are changed too", async () => {
    const converters = {
      a: "params['x'] = value\nvalue.append(9)\nreturn [params, value]",
      b: "return [params, value]",
    };
    const [a, b] = await results(converters, {}, [1]);
    expect(a).toEqual([{ x: [1, 9] }, [1, 9]]);
    expect(b).toEqual([{}, [1]]);
  });
});

slow("ints of databases keep all their digits", async () => {
  const converters = {
    a: "return [str(record['id'] + 1), str(value), record['text'], record['id'] % 10]",
    b: "// language: javascript\nreturn [record.id, value, record.text];",
    c: "return record['id']",
  };
  const record = { id: 9223372036854775807n, text: "\u0001i5" };
  expect(await results(converters, record, 12345678901234567890n)).toEqual([
    ["9223372036854775808", "12345678901234567890", "\u0001i5", 7],
    ["9223372036854775807", "12345678901234567890", "\u0001i5"],
    "9223372036854775807",
  ]);
});

describe("the version of a body", () => {
  const source = { section: "converters", option: "x", file: "a.ini", line: 3, name: "x" };
  const prepared = (body: string, python?: 2 | 3) => {
    const { programs, findings } = prepareUserCode([{
      ...source,
      kind: "converter",
      body,
      python,
    }]);
    const [program] = programs;
    return program === undefined
      ? findings.map(({ message }) => message)
      : [program.languageName, program.reason, program.isOpen];
  };

  test.each(
    [
      ["# language: python2\nreturn 1", undefined, ["Python 2", "the first line says so", false]],
      ["print 1", 3, ["Python 2", "the print statement in line 3", false]],
      ["return f'{value}'", 2, ["Python 3", "an f-string in line 3", false]],
      ["return unicode(value)", undefined, ["Python 2", "'unicode' in line 3", false]],
      ["return value", undefined, ["Python 3", "nothing in it tells the version", true]],
      ["return value", 3, ["Python 3", "the configuration says so", false]],
      ["return value", 2, ["Python 2", "the configuration says so", false]],
      ["const x = 1; return x;", undefined, ["JavaScript", "it is no Python", false]],
      ["// language: javascript\nreturn 1", 2, ["JavaScript", "the first line says so", false]],
    ] as const,
  )("%j with python = %p", (body, python, expected) => {
    expect(prepared(body, python)).toEqual([...expected]);
  });

  slow("decides about results that differ, and only about these", async () => {
    const body = "return [7 / 2, round(2.5), len(map(str, [1])), value.encode('ascii', 'ignore')]";
    const converters = { a: body, b: `# language: python2\n${body}` };
    expect(await results(converters, {}, "zoë")).toEqual([[3.5, 2, 1, "zo"], [3, 3, 1, "zo"]]);
  });
});

slow("a converter that calls itself without end gives null and says why", async () => {
  const [outcome] = await runRecords({ converters: { a: "return converter(record, 'a')" } }, [{}]);
  expect(outcome).toMatchObject({ results: [null] });
});
