/** What bodies must not be able to do: refused at translation, or contained when run. @module */

import { expect, test } from "bun:test";
import { getQuickJS, shouldInterruptAfterDeadline } from "quickjs-emscripten";
import { translatePython } from "../../src/python/mod.ts";
import { pythonRuntime } from "./python_runtime.ts";
import { pythonSettings } from "../../src/sandbox/python_settings.ts";
import { evaluate, openEngine, runBody } from "./engine.ts";

const context = await openEngine();

/** Refused at start-up: the body, and what the message must name. */
const REFUSED: readonly (readonly [string, string])[] = [
  ["x = yield", "yield"],
  ["return (yield 1)", "yield"],
  ["async def f():\n  pass", "async"],
  ["def f():\n  await x", "await"],
  ["match value:\n  case 1:\n    return 2", "match"],
  ["return eval('1')", "eval"],
  ["exec 'x = 1'", "exec"],
  ["exec('x = 1')", "exec"],
  ["return open('/etc/passwd').read()", "open"],
  ["return input()", "input"],
  ["return raw_input()", "raw_input"],
  ["return compile('1', 'x', 'eval')", "compile"],
  ["return __import__('os')", "__import__"],
  ["return __builtins__", "__builtins__"],
  ["return globals()", "globals"],
  ["return dir(record)", "dir"],
  ["return type(record).__mro__", "__mro__"],
  ["return ().__class__.__bases__[0].__subclasses__()", "__bases__"],
  ["return (lambda: 0).__globals__", "__globals__"],
  ["setattr(record, 'a', 1)", "setattr"],
  ["delattr(record, 'a')", "delattr"],
  ["import subprocess", "subprocess"],
  ["import socket", "socket"],
  ["import requests", "requests"],
  ["import js", "js"],
  ["import constructor", "constructor"],
  ["from toString import x", "toString"],
  ["import __proto__ as p\nreturn p.x", "__proto__"],
  ["from re import constructor", "re.constructor"],
  ["import re\nreturn re.constructor", "re.constructor"],
  ["from os import environ", "os.environ"],
  ["import os\nreturn os.system('id')", "os.system"],
  ["import os.path\nreturn os.path.exists('/etc')", "os.path.exists"],
  ["import sys\nsys.exit(1)", "sys.exit"],
  ["import sys\nreturn sys.modules", "sys.modules"],
  ["import uuid\nreturn uuid.uuid4()", "uuid.uuid4"],
  ["import urllib.request", "urllib.request"],
  ["import urllib\nreturn urllib.urlopen('http://x')", "urllib.urlopen"],
  ["import logging\nlogging.FileHandler('/tmp/x')", "logging.FileHandler"],
  ["import decimal\ndecimal.getcontext().prec = 10 ** 9", "decimal.getcontext"],
  ["class A(metaclass=type): pass", "metaclass"],
  ["class A(object):\n  __metaclass__ = type", "__metaclass__"],
  ["class A(object):\n  def __del__(self): pass", "__del__"],
  ["return value.__reduce__()", "__reduce__"],
  ["import ast\nreturn ast.parse('1')", "ast.parse"],
  ["from re import sre_compile", "re.sre_compile"],
  ["from math import *", "import *"],
  ["from . import x", "relative"],
  ["import time\ntime.sleep(5)", "time.sleep"],
  ["import random", "random"],
  ["import re\nreturn re.template", "re.template"],
  ["import json as j\nreturn j.load(value)", "json.load"],
  ["return 1j", "complex"],
  ["return a @ b", "@"],
  ["return ...", "..."],
  ["return id(value)", "id"],
  ["return '\\N{BULLET}'", "\\N"],
  ["try:\n  pass\nexcept* ValueError:\n  pass", "except*"],
  ["return a[1:2, 3]", "slice of several dimensions"],
  ["break", "break"],
  ["def f():\n  nonlocal zz\n  zz = 1", "nonlocal"],
  [`return ${"(".repeat(500)}1${")".repeat(500)}`, "nested"],
  [`return ${"[".repeat(5000)}${"]".repeat(5000)}`, "nested"],
  [`return ${"-".repeat(5000)}1`, "nested"],
  [`return ${"1+".repeat(5000)}1`, "nested"],
  [`return value${".a".repeat(5000)}`, "nested"],
  [`return ${"lambda: ".repeat(300)}1`, "nested"],
  [`return ${"not ".repeat(5000)}1`, "nested"],
  [
    Array.from({ length: 120 }, (_, at) => `${" ".repeat(at)}if value:`).join("\n") +
    ` ${" ".repeat(120)}pass`,
    "nested",
  ],
];

for (const [body, named] of REFUSED) {
  test(`refused: ${body.slice(0, 50)}`, () => {
    const result = translatePython(body, pythonSettings.converter);
    expect(result.ok).toBe(false);
    const messages = result.ok ? "" : result.problems.map((one) => one.message).join("; ");
    expect(messages).toContain(named);
  });
}

/** Runs, but reaches nothing: the body and what it gives (a repr, or the name of an error). */
const CONTAINED: readonly (readonly [string, string])[] = [
  ["return record.constructor", "None"],
  ["return record.toString", "None"],
  ["return record['constructor']", "KeyError"],
  ["return record['__proto__']", "KeyError"],
  ["return record.get('__proto__')", "None"],
  ["return record.get('hasOwnProperty', 'none')", "'none'"],
  ["return '__proto__' in record", "False"],
  ["return 'constructor' in record", "False"],
  ["return {}['constructor']", "KeyError"],
  ["return {}.get('__proto__')", "None"],
  ["return ''.constructor", "AttributeError"],
  ["return [].length", "AttributeError"],
  ["return [].push(1)", "AttributeError"],
  ["return [].map", "AttributeError"],
  ["return 'x'.codePointAt(0)", "AttributeError"],
  ["return (lambda: 1).constructor('return 1')()", "AttributeError"],
  ["return (lambda: 1).call()", "AttributeError"],
  ["return len.apply(None, [])", "AttributeError"],
  ["f = lambda: 1\nreturn f.prototype", "AttributeError"],
  ["return getattr('', 'constructor')", "AttributeError"],
  ["return getattr(record, '__proto__', 'no')", "'no'"],
  ["return getattr([], '__class__', 'no')", "'no'"],
  ["return hasattr(record, '__proto__')", "False"],
  ["return '{0.__class__}'.format(value)", "AttributeError"],
  ["return '{0.constructor}'.format('x')", "AttributeError"],
  ["return '{a.__class__.__mro__}'.format(a=1)", "AttributeError"],
  ["return '{0[constructor]}'.format({})", "KeyError"],
  ["return '%(constructor)s' % {}", "KeyError"],
  ["import operator\nreturn operator.attrgetter('constructor')('x')", "AttributeError"],
  ["import operator\nreturn operator.attrgetter('__class__')('x')", "AttributeError"],
  ["import operator\nreturn operator.methodcaller('constructor')('x')", "AttributeError"],
  ["return globalThis", "NameError"],
  ["return Function('return 1')()", "NameError"],
  ["return this", "NameError"],
  ["return $py", "SYNTAX"],
  ["return arguments", "NameError"],
  ["return undefined", "NameError"],
  ["return process.env", "NameError"],
  [
    "constructor = 1\nprototype = 2\nlet = 3\nvar = 4\narguments = 5\nreturn [constructor, prototype, let, var, arguments]",
    "[1, 2, 3, 4, 5]",
  ],
  ["eval_ = 1\ntypeof = 2\nnew = 3\nthis = 4\nreturn typeof + new + this", "9"],
  ["d = {'__proto__': {'polluted': 1}}\nreturn {}.get('polluted')", "None"],
  [
    "d = {}\nd['__proto__'] = 1\nd['constructor'] = 2\nreturn d",
    "{'__proto__': 1, 'constructor': 2}",
  ],
  ["import json\nreturn json.dumps({}, constructor=1)", "TypeError"],
  ["import re\nm = re\nreturn m.constructor", "AttributeError"],
  ["import datetime\nd = datetime.datetime\nreturn d.constructor", "AttributeError"],
  ["return str.constructor('return 1')", "AttributeError"],
  ["return ValueError('x').stack", "AttributeError"],
  ["try:\n  1 / 0\nexcept Exception as e:\n  return e.constructor", "AttributeError"],
  ["return (x for x in []).constructor", "AttributeError"],
  ["return LOG.constructor", "AttributeError"],
  ["return LOG.info.constructor", "AttributeError"],
  ["return sorted([1], constructor=1)", "TypeError"],
  ["return print('x', constructor=1)", "TypeError"],
  ["return '{constructor}'.format(a=1)", "KeyError"],
  ["return '{}'.format(*[1], **{'__proto__': 2})", "'1'"],
  ["import collections\nreturn collections.namedtuple('P', '__proto__ x')", "ValueError"],
  [
    "import collections\nreturn collections.namedtuple('P', 'constructor x')(1, 2).constructor",
    "1",
  ],
  ["return dict(__proto__=1)", "{'__proto__': 1}"],
  ["import json\nreturn json.loads('{\"__proto__\": {\"x\": 1}}').get('x')", "None"],
  ["def f(**kw):\n  return kw\nreturn f(constructor=1)", "{'constructor': 1}"],
  ["return 'a/*0*/b' + '*/' + \"`${1}`\"", "'a/*0*/b*/`${1}`'"],
  ["return '\\u2028\\u2029</script>'", "'\\u2028\\u2029</script>'"],
  ["x = [1]\nx.append(x)\nreturn repr(x)", "'[1, [...]]'"],
  ["x = {}\nx['x'] = [x]\nreturn str(x)", "\"{'x': [{...}]}\""],
  // Records that are written to.
  [
    "record['__proto__'] = {'polluted': 1}\nreturn [{}.get('polluted'), record.get('polluted')]",
    "[None, None]",
  ],
  ["record['constructor'] = 1\nreturn [record['constructor'], {}.get('constructor')]", "[1, None]"],
  ["record['toJSON'] = lambda: 1\nreturn len(record)", "1"],
  ["record.__proto__ = 1\nreturn 1", "SYNTAX"],
  ["record[1] = 2", "TypeError"],
  ["record[None] = 2", "TypeError"],
  ["record['self'] = record\nreturn repr(record)", "\"{'self': {...}}\""],
  ["record['l'] = [1]\nl = record['l']\nl.append(l)\nreturn repr(record)", "\"{'l': [1, [...]]}\""],
  ["for i in range(1000): record['k%d' % i] = record\nreturn len(record)", "1000"],
  ["record.update(record)\nrecord.clear()\nreturn record", "{}"],
  ["del record['nope']", "KeyError"],
  ["params['__proto__'] = 1\nreturn params.get('polluted')", "None"],
  ["record['f'] = record.get\nreturn record['f']('constructor', 'no')", "TypeError"],
  ["d = {}\nd.update(record)\nd['constructor'] = 1\nreturn 'constructor' in record", "False"],
  // Classes.
  ["class A(object): pass\nreturn A().constructor", "AttributeError"],
  [
    "class A(object): pass\na = A()\na.constructor = 1\nreturn [a.constructor, {}.get('constructor')]",
    "[1, None]",
  ],
  ["class A(object): pass\na = A()\na.attributes = 1\nreturn a.__dict__", "{'attributes': 1}"],
  ["class A(object):\n  __proto__ = 1\nreturn 1", "SYNTAX"],
  ["class A(object):\n  constructor = 5\nreturn [A.constructor, A().constructor]", "[5, 5]"],
  ["class A(object): pass\nA.x = 1", "AttributeError"],
  ["class A(str): pass", "TypeError"],
  ["class A(dict): pass", "TypeError"],
  ["class A(type): pass", "TypeError"],
  [
    "class A(object):\n  def __getattr__(self, n): return getattr(self, n)\nreturn A().x",
    "RecursionError",
  ],
  ["class A(object):\n  def __repr__(self): return repr(self)\nreturn repr(A())", "RecursionError"],
  [
    "class A(object):\n  def __eq__(self, o): return self == o\nreturn A() == A()",
    "RecursionError",
  ],
  ["class A(object):\n  def __repr__(self): return 5\nreturn repr(A())", "TypeError"],
  ["class A(object): pass\nreturn type(A())('x')", "TypeError"],
  ["return ().__class__('ab')", "('a', 'b')"],
  ["return (lambda: 0).__class__()", "TypeError"],
  ["return super(int, 1).x", "AttributeError"],
  ["@record.get\ndef f(): pass\nreturn f", "TypeError"],
  ["with value as x: pass", "TypeError"],
  ["def g():\n  yield 1\nreturn g().source", "AttributeError"],
  ["def g():\n  yield 1\nx = g()\nx.throw(ValueError)", "AttributeError"],
  ["return locals().get('arguments', 'none')", "'none'"],
  // Modules.
  ["import ast\nreturn ast.literal_eval('__import__(\"os\")')", "ValueError"],
  ["import ast\nreturn ast.literal_eval('[' * 5000)", "ValueError"],
  ["import ast\nreturn ast.literal_eval(\"'\" + '\\\\' * 5000)", "ValueError"],
  ["from decimal import Decimal\nreturn Decimal('1e999999999')", "InvalidOperation"],
  ["from decimal import Decimal\nreturn Decimal(10) ** 10 ** 9", "InvalidOperation"],
  ["from decimal import Decimal\nreturn Decimal('9' * 100000)", "InvalidOperation"],
  [
    "from decimal import Decimal\nreturn Decimal('1e15000') + Decimal('1e-15000')",
    "InvalidOperation",
  ],
  ["from decimal import Decimal\nreturn str(Decimal(1)).constructor", "AttributeError"],
  ["import uuid\nreturn uuid.UUID('x' * 100000)", "ValueError"],
  ["from dateutil import parser\nreturn parser.parse('9' * 100000)", "ParserError"],
  ["from dateutil import parser\nreturn parser.parse('1:' * 90)", "ParserError"],
  ["import arrow\nreturn arrow.get('2024', '(' * 50)", "ArrowParserError"],
  ["import arrow\nreturn arrow.get(2024, 1, 1).moment", "AttributeError"],
  ["import arrow\nreturn arrow.get(1e300)", "ValueError"],
  ["import arrow\ntry:\n  return arrow.get('1' * 100000)\nexcept ValueError:\n  return 1", "1"],
  [
    "import arrow\nreturn str(arrow.get('1' * 5000, 'S' * 5000))",
    "'0001-01-01T00:00:00.111111+00:00'",
  ],
  [
    "import arrow\ntry:\n  return arrow.get('a ' * 5000, 'YYYY ' * 2000)\nexcept ValueError:\n  return 1",
    "1",
  ],
  ["import arrow\nreturn arrow.get('2024-01-01').shift(months=10 ** 12)", "ValueError"],
  ["from dateutil import parser\nreturn parser.isoparse('9' * 100000)", "ValueError"],
  ["from dateutil import parser\nreturn parser.parse('1h' * 100)", "ParserError"],
  ["return len(b'a'.translate(bytes.maketrans(b'a', b'b') * 2))", "ValueError"],
  ["import urllib.parse\nreturn len(urllib.parse.quote('é' * 1000))", "6000"],
  ["import os.path\nreturn os.path.join.constructor", "AttributeError"],
  ["import string\nreturn string.maketrans('a', 'bc')", "ValueError"],
  ["import unicodedata\nreturn unicodedata.normalize('constructor', 'a')", "ValueError"],
  ["import logging\nlogging.getLogger('constructor').info('%s', logging)\nreturn 1", "1"],
  ["import sys\nsys.stdout.write('x' * 100000)\nreturn 1", "1"],
  ["import sys\nreturn sys.stdout.members", "AttributeError"],
  ["return 2 ** 10000000", "OverflowError"],
  ["return 1 << 99999999", "OverflowError"],
  ["return 'x' * 10 ** 12", "MemoryError"],
  ["return '{:9999999999}'.format(1)", "ValueError"],
  ["return '{:.99999999f}'.format(1.5)", "ValueError"],
  ["return '%.99999999f' % 1.5", "ValueError"],
  ["return '%99999999999d' % 1", "MemoryError"],
  ["return 'x'.zfill(10 ** 12)", "MemoryError"],
  ["return round(5, -10 ** 9)", "0"],
  ["return int('9' * 100000)", "ValueError"],
  ["return int('z' * 100000, 36)", "ValueError"],
  ["def f():\n  return f()\nreturn f()", "RecursionError"],
  ["return (lambda f: f(f))(lambda f: f(f))", "RecursionError"],
  ["import re\nreturn re.compile('(?P<n>a)(?(n)b|c)')", "error"],
  ["import re\nreturn re.match('(a)?b\\\\1', 'b')", "error"],
  ["raise 'text'", "TypeError"],
  ["raise 5", "TypeError"],
];

for (const [body, wanted] of CONTAINED) {
  test(`contained: ${body.slice(0, 50)}`, () => {
    const translated = translatePython(body, pythonSettings.converter);
    if (!translated.ok) {
      expect(wanted).toBe("SYNTAX");
      return;
    }
    const [outcome] = runBody(context, body, "converter", [{ record: {}, value: "v" }]);
    const found = outcome?.repr ?? outcome?.error ?? "";
    expect(found).toBe(wanted);
  });
}

test("own keys named like JavaScript's are only data", () => {
  const record = JSON.parse(
    '{"__proto__": {"x": 1}, "constructor": "c", "toString": [1], "$info": 2}',
  );
  const body =
    "return [record['__proto__'], record.constructor, record.toString[0], record.x, record['$info'], sorted(record)]";
  const [outcome] = runBody(context, body, "converter", [{ record }]);
  expect(outcome?.repr).toBe(
    "[{'x': 1}, 'c', 1, None, 2, ['$info', '__proto__', 'constructor', 'toString']]",
  );
});

test("nothing leaks into the objects of the context", () => {
  runBody(context, "d = {'__proto__': {'leak': 1}}\nreturn d", "converter", [{}]);
  expect(evaluate(context, "({}).leak === undefined && [].leak === undefined", "leak")).toBe(true);
  expect(evaluate(context, "Object.isFrozen($py)", "leak")).toBe(true);
});

test("an endless loop ends at the deadline, and no except clause catches that", async () => {
  const runtime = (await getQuickJS()).newRuntime();
  runtime.setMaxStackSize(256 * 1024);
  const own = runtime.newContext();
  evaluate(own, pythonRuntime, "runtime");
  for (
    const body of [
      "while True:\n  try:\n    while 1: pass\n  except:\n    pass",
      "import re\nreturn re.match('(a+)+$', 'a' * 40 + 'b')",
    ]
  ) {
    const translated = translatePython(body, pythonSettings.converter);
    if (!translated.ok) throw new Error("not translated");
    evaluate(own, `globalThis.body = ${translated.code}`, "body.py");
    runtime.setInterruptHandler(shouldInterruptAfterDeadline(Date.now() + 200));
    const started = Date.now();
    expect(() => evaluate(own, "body({}, '', null, {})", "call")).toThrow("interrupted");
    expect(Date.now() - started).toBeLessThan(20_000);
    runtime.removeInterruptHandler();
  }
});
