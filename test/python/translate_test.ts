/** What translation finds out: version, reads, problems, and the lines of errors. @module */

import { expect, test } from "bun:test";
import { translatePython } from "../../src/python/mod.ts";
import { pythonSettings } from "../../src/sandbox/python_settings.ts";
import { builtinNames, moduleNames } from "../../src/python/builtins.ts";
import { evaluate, openEngine, runBody } from "./engine.ts";

const context = await openEngine();

function translated(body: string, kind: "converter" | "filter" = "converter") {
  const result = translatePython(body, pythonSettings[kind]);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result;
}

function reads(body: string) {
  return translated(body).reads;
}

function call(body: string, record: unknown, kind: "converter" | "filter" = "converter") {
  const [outcome] = runBody(context, body, kind, [{ record }]);
  if (outcome === undefined) throw new Error("no outcome");
  return outcome;
}

test("the version is read from the syntax, the names or the first line", () => {
  const version = (body: string) => translated(body).version;
  expect(version("return record.a")).toBe(3);
  expect(version("print record.a\nreturn 1")).toBe(2);
  expect(version("return f'{value}'")).toBe(3);
  expect(version("return value.has_key('a')")).toBe(2);
  expect(version("try:\n  unicode\nexcept NameError:\n  unicode = str\nreturn unicode(1)")).toBe(3);
  expect(version("# language: python2\nreturn 1")).toBe(2);
  expect(version("# language: python3\nreturn unicode")).toBe(3);
  expect(version("return value <> 1")).toBe(2);
  expect(version("return value.keys()[0]")).toBe(2);
  expect(version("return map(str, value)[0]")).toBe(2);
});

test("contradicting evidence is a problem", () => {
  const mixed = translatePython("print value\nreturn f'{value}'", pythonSettings.converter);
  expect(mixed.ok ? [] : mixed.problems.map((one) => one.message)).toEqual([
    "the print statement is Python 2, but an f-string in line 2 says Python 3",
  ]);
  const stated = translatePython("# language: python3\nprint value", pythonSettings.converter);
  expect(stated.ok ? 0 : stated.problems[0]?.line).toBe(2);
});

test("a division whose version nothing shows is taken as Python 3's, with a warning", () => {
  const plain = translated("return record.a / 2");
  expect([plain.version, plain.warnings[0]?.line]).toEqual([3, 1]);
  expect(translated("return record.a / 2.0").warnings).toEqual([]);
  expect(translated("return float(record.a) / 2").warnings).toEqual([]);
  expect(translated("# language: python2\nreturn record.a / 2").warnings).toEqual([]);
  expect(translated("x = f'{1}'\nreturn record.a / 2").warnings).toEqual([]);
  expect(call("return 7 / 2", {}).repr).toBe("3.5");
  expect(call("print 1\nreturn 7 / 2", {}).repr).toBe("3");
});

test("the paths read are found", () => {
  expect(reads("return record.get('position', 'x')")).toEqual([["position"]]);
  expect(reads("return record.a.b or record['c']['d'] or record.get('e', {}).get('f')")).toEqual([
    ["a", "b"],
    ["c", "d"],
    ["e", "f"],
  ]);
  expect(reads("return record.name.strip().lower()")).toEqual([["name"]]);
  expect(reads("return record.a.b if record.a else None")).toEqual([["a"]]);
  expect(reads("return 'x' in record and record.has_key('y')")).toEqual([["x"], ["y"]]);
  expect(reads("return cae(record, 'A', record.d)")).toEqual([["d"], ["extension_attributes"]]);
  expect(reads("return get_field_value(record, 'a.b.c')")).toEqual([["a"], ["a.b.c"]]);
  expect(reads("return '%(a)s-%(b)d' % record")).toEqual([["a"], ["b"]]);
  expect(reads("return [x.name for x in record.items_]")).toEqual([["items_"]]);
  expect(reads("f = lambda r: r.x\nreturn f(record.sub)")).toEqual([["sub"]]);
  expect(reads("return value")).toEqual([]);
  expect(reads("def f():\n  return record.inner\nreturn f()")).toEqual([["inner"]]);
  expect(reads("return record.list[0]['a']")).toEqual([["list"]]);
});

test("a record that is handed around needs everything", () => {
  for (
    const body of [
      "return record",
      "r = record\nreturn r.a",
      "return [k for k in record]",
      "return record[field]",
      "return record.get(field)",
      "return dict(record)",
      "return record.items()",
      "return len(record)",
      "return converter(record, 'split')",
      "return (lambda record: record.a)(value)",
      "record = value\nreturn record.a",
      "get = record.get\nreturn get('a')",
      "return '{a}'.format(**record)",
      "return field in record",
      "return cae(value, 'A') or record",
      "return f'{record}'",
    ]
  ) expect([body, reads(body)]).toEqual([body, "everything"]);
});

test("records: missing gives None by attribute and get, KeyError by index", () => {
  const record = { a: { b: [1, { c: 2 }] }, get: "field named get", items: 5, n: null, t: "x" };
  const one = (body: string) => call(body, record).repr;
  expect(one("return [record.a.b, record.a.b[1].c, record['a']['b'][1]['c']]")).toBe(
    "[[1, {'c': 2}], 2, 2]",
  );
  expect(one("return [record.x, record.x.y.z, record.a.x.y]")).toBe("[None, None, None]");
  for (
    const body of ["record['x']", "record.a['x']", "'%(x)s' % record", "'{x}'.format(**record)"]
  ) {
    expect(call(`return ${body}`, record).error).toBe("KeyError");
  }
  for (const body of ["record['x'] is None", "record['a']['x'] is None", "'%(x)s' % record"]) {
    expect(call(`return ${body}`, record, "filter").repr).toMatch(/True|'None'/);
  }
  expect(
    one("return [record.get('x'), record.get('x', 1), record.get('n', 1), record.x.get('y', 2)]"),
  ).toBe(
    "[None, 1, None, 2]",
  );
  expect(one("return [record['get'], record['items'], record.get('t')]")).toBe(
    "['field named get', 5, 'x']",
  );
  expect(one("return [hasattr(record, 'a'), hasattr(record, 'zz'), getattr(record, 'zz', 3)]"))
    .toBe(
      "[True, False, 3]",
    );
  expect(
    call("return [p.name.first for p in record.people]", { people: [{}, { name: { first: "A" } }] })
      .repr,
  )
    .toBe("[None, 'A']");
});

test("inside a try that waits for AttributeError, what is missing raises it", () => {
  expect(call("try:\n  return record['x']\nexcept KeyError:\n  return 'no x'", {}).repr).toBe(
    "'no x'",
  );
  expect(call("try:\n  return record['x']['y']\nexcept Exception:\n  return 'no'", {}).repr).toBe(
    "'no'",
  );
  expect(call("try:\n  return record['x']\nexcept ValueError:\n  return 'no'", {}).error).toBe(
    "KeyError",
  );
  expect(call("try:\n  return value.year\nexcept AttributeError:\n  return 'no'", {}).repr).toBe(
    "'no'",
  );
  expect(call("try:\n  return record.x.y\nexcept AttributeError:\n  return 'no'", {}).repr).toBe(
    "None",
  );
  expect(call("d = {}\nreturn d['x']", {})).toMatchObject({
    error: "KeyError",
    message: "'x'",
    line: 2,
  });
  expect(call("return record.x.strip()", {}).error).toBe("AttributeError");
});

test("what a body changes of the record is as before when the call is over", () => {
  const record = { a: 1, l: [3, [1], { k: [2] }], o: { x: 1 } };
  for (
    const change of [
      "record['a'] = 2",
      "record.a = 2",
      "del record['a']",
      "record.l.append(1)",
      "record.l[1].append(1)",
      "record.l[2].k.append(1)",
      "record['l'] += [1]",
      "record.l[0] = 1",
      "record.l.sort()",
      "record.l.pop()",
      "record.l[:] = []",
      "del record.l[0]",
      "record.o.update({'x': 2})",
      "record.o.pop('x')",
      "record.o.setdefault('y', 1)",
      "record.clear()",
      "list(record.l)[1].append(1)",
      "dict(record)['l'].append(1)",
      "[x.append(1) for x in record.l[1:2]]",
      "record.l[2]['new'] = record.o",
      "record['l'][2].update(k=1)",
      "record['o'] |= {'z': 1}",
    ]
  ) {
    const shown = "return [record.a, record.get('l'), record.get('o')]";
    const before = call(shown, record).repr;
    const outcome = call(`${change}\n${shown}`, record);
    expect([change, outcome.error]).toEqual([change, undefined]);
    expect([change, outcome.repr]).not.toEqual([change, before]);
    expect(call(shown, record).repr).toBe(before);
  }
  expect(
    call(
      "l = list(record.l)\nl.append(9)\nd = dict(record.o)\nd['y'] = 2\nreturn [len(l), d]",
      record,
    ).repr,
  )
    .toBe("[4, {'x': 1, 'y': 2}]");
});

test("an error tells the line of the body", () => {
  const body =
    "\nx = [1,\n  2]\n\ndef f(a):\n  b = a\n  return b['k']\n\nif value:\n  y = 1\nelse:\n  y = f({})\nreturn y";
  expect(call(body, {})).toMatchObject({ error: "KeyError", line: 7 });
  expect(call("a = 1\nreturn [\n  int('x')]", {})).toMatchObject({ error: "ValueError", line: 2 });
  expect(call("a = 1\n\n\nraise ValueError('no')", {})).toMatchObject({
    error: "ValueError",
    message: "no",
    line: 4,
  });
  expect(call("def f(n):\n  return f(n + 1)\n\nreturn f(0)", {}).error).toBe("RecursionError");
});

test("problems tell line and column; firstLine shifts them", () => {
  const where = (body: string, firstLine = 1) => {
    const result = translatePython(body, { ...pythonSettings.converter, firstLine });
    return result.ok ? [] : result.problems.map((one) => [one.line, one.column, one.message]);
  };
  expect(where("return (1 +")).toEqual([[1, 8, "'(' was never closed"]]);
  expect(where("if value:\nreturn 1")).toEqual([[2, 1, "expected an indented block"]]);
  expect(where("x = 1\n  y = 2")).toEqual([[2, 3, "unexpected indent"]]);
  expect(where("if value\n  return 1")).toEqual([[1, 9, "expected ':'"]]);
  expect(where("x = 'abc\nreturn x", 10)).toEqual([[10, 5, "unterminated string"]]);
  expect(where("import foo\nimport bar")).toEqual([
    [1, 8, "import of 'foo' is not supported"],
    [2, 8, "import of 'bar' is not supported"],
  ]);
  expect(where("5 = x")).toEqual([[1, 1, "cannot assign to literal"]]);
  expect(where("if x = 1:\n  pass")[0]?.[0]).toBe(1);
  expect(where("return 1 2")).toEqual([[1, 10, "invalid syntax"]]);
});

test("results leave as JSON", () => {
  const json = (body: string) => call(body, {}).json;
  expect(json("return (1, [2.0, 'x'], {'a': None, 1: True})")).toEqual([1, [2, "x"], {
    a: null,
    "1": true,
  }]);
  expect(json("return 2 ** 64")).toBe("18446744073709551616");
  expect(json("pass")).toBeNull();
  expect(json("return {'__proto__': 1}")).toEqual(JSON.parse('{"__proto__": 1}'));
  expect(json("return {1}")).toMatchObject({ refused: { type: "TypeError" } });
  expect(json("return float('nan')")).toMatchObject({ refused: { type: "ValueError" } });
});

test("the clock is the host's", () => {
  evaluate(context, "$py.host.now = undefined", "clock");
  const body = "from datetime import datetime\nreturn datetime.utcnow().isoformat()";
  expect(call(body, {})).toMatchObject({
    error: "RuntimeError",
    message: "the current time is not available here",
  });
  evaluate(context, "$py.host.now = 1565358758.5", "host");
  expect(call(body, {}).repr).toBe("'2019-08-09T13:52:38.500000'");
  expect(call("import time\nreturn time.time()", {}).repr).toBe("1565358758.5");
  evaluate(context, "$py.host.now = undefined", "host");
});

test("the runtime has exactly the names that translation lets through", () => {
  const names = JSON.parse(String(evaluate(context, "JSON.stringify($py.moduleNames())", "names")));
  const listed = Object.fromEntries(
    Object.entries(moduleNames).map(([name, all]) => [name, [...all].sort()]),
  );
  const there = Object.fromEntries(
    Object.entries(names as Record<string, string[]>).map(([name, all]) => [name, [...all].sort()]),
  );
  expect(there).toEqual(listed);
  for (const name of [...builtinNames[2], ...builtinNames[3]]) {
    expect([name, evaluate(context, `"b_${name}" in $py`, "names")]).toEqual([name, true]);
  }
});
