/**
 * Random plain bodies, and records and values that are hostile to them.
 *
 * @module
 */

/** Numbers from 0 to below `below`, always the same for a seed (mulberry32). */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Values with something in them that engines, languages or the way between processes may treat otherwise. */
export const hostileValues: readonly unknown[] = [
  "2020-01-12",
  "2023-07-30",
  "",
  "-",
  "--a--",
  " padded\t",
  "\x0b\x0c\x1c\x1f\x85\xa0 odd spaces \u2028\u3000",
  "\ufeff marked",
  "Straße İstanbul ŉ ǰ ΐ ς",
  "ﬁ",
  "ÄÖÜ äöü é",
  "a\u0000b",
  "\u0001i123",
  "\ud83d\ude00 wide \ud83d\ude01",
  "\ud800 alone",
  "\udc00",
  "\ue000 \uffff",
  "$& $1 $$ $`",
  "%s %d %% {0} {}",
  "__proto__",
  "constructor",
  "value - of - many - parts",
  "x".repeat(9_999),
  "y".repeat(20_000),
  "true",
  "0",
  "None",
  "42",
  "-0",
  "007",
  " 7 ",
  "+5",
  "1_000",
  "\u0663",
  "9".repeat(20),
  "they're mcDonald o'neil-x",
  "a b  c",
  "a\u001cb",
  0,
  -0,
  1,
  -7,
  2.5,
  1e21,
  1e-7,
  2 ** 53,
  2 ** 53 + 2,
  NaN,
  Infinity,
  true,
  false,
  null,
  undefined,
  [],
  ["a", "b"],
  {},
  { a: "inner", length: 3, get: "mine" },
  new Date(0),
  new String("boxed"),
  { d: "x", toJSON: () => ({ d: "written otherwise" }) },
  { toJSON: () => "written otherwise" },
];

/** Records with every hostile value in each place, and some that lack what bodies read. */
export const hostileRecords: readonly { readonly record: unknown; readonly value: unknown }[] = [
  ...hostileValues.map((one, index) => ({
    record: { a: one, b: hostileValues[(index * 7 + 3) % hostileValues.length], c: { d: one } },
    value: hostileValues[(index * 5 + 1) % hostileValues.length],
  })),
  ...hostileValues.map((one) => ({ record: { a: "2020-01-12", b: "x-y", c: one }, value: one })),
  ...hostileValues.map((one) => ({ record: { a: one, b: one, c: { d: one } }, value: one })),
  { record: {}, value: "a-b" },
  { record: { a: null, c: null, toString: "own", constructor: "own" }, value: "b" },
  { record: { a: "x", toJSON: () => ({ a: "written otherwise" }) }, value: "b" },
  { record: { a: "x", c: new String("boxed") }, value: "b" },
  { record: null, value: "b" },
  { record: "no record", value: "b" },
  { record: ["a"], value: "b" },
  { record: JSON.parse('{"__proto__": {"a": "inherited"}, "b": "x"}'), value: null },
  { record: Object.create({ a: "inherited", b: "inherited" }), value: "b" },
];

type Random = (below: number) => number;

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)] as T;
}

const texts = ['"-"', '"a"', '"2022"', '""', '"x-y"', '" "', '"-0"', '"K\\u00e9"'];
const wholeNumbers = ["0", "1", "2", "-1", "10"];

/** How the parts of a body are written in a language; each takes parts that are done. */
interface Grammar {
  readonly leaves: readonly string[];
  readonly expressions: readonly ((part: () => string, random: Random) => string)[];
  body(expression: () => string, random: Random): string;
}

const javascript: Grammar = {
  leaves: [
    "value",
    "record.a",
    'record["b"]',
    "record.c.d",
    "record.nowhere",
    "record.nowhere.at.all",
    "record.constructor",
    'record.get("a")',
    'record.get("none", "other")',
    'record.c.get("d", "other")',
    'record.nowhere.get("x", "other")',
    'record.get("b", record.a.trim())',
    "record?.a",
    "record.c?.d",
    "record.nowhere?.at",
    "record.nowhere.at?.all",
    "record.a?.nowhere",
    '({ a: "x", constructor: "y", "2022": null, "-": 7 })[value]',
    '({ a: "x", b: true }).b',
    '["a", "2022", "x-y"]',
    "null",
    "undefined",
    "true",
    "17",
    ...texts,
  ],
  expressions: [
    (part) => `(${part()} + ${part()})`,
    (part, random) => `(${part()} ${pick(random, ["===", "!==", "<", "<=", ">", ">="])} ${part()})`,
    (part, random) => `(${part()} ${pick(random, ["&&", "||", "??"])} ${part()})`,
    (part) => `(${part()} ? ${part()} : ${part()})`,
    (part, random) => `(${part()} ${pick(random, ["==", "!=", "-", "*"])} ${part()})`,
    (part) => `({ a: "x", "x-y": false, "": null })[${part()}]`,
    (part) => `[${part()}, ${part()}]`,
    (part) => `["a", "-", ""].includes(${part()})`,
    (part) => `[${part()}, ${part()}].join(${part()})`,
    (part, random) => `${pick(random, ["String", "Number", "Boolean"])}(${part()})`,
    (part) => `parseInt(${part()}, 10)`,
    (part) => `(${part()}).concat(${part()})`,
    (part, random) => `(${part()}).charAt(${pick(random, wholeNumbers)})`,
    (part, random) =>
      `(${part()}).substring(${pick(random, wholeNumbers)}, ${pick(random, wholeNumbers)})`,
    (part) => `(${part()}).split("-")[(${part()}).length]`,
    (part) => `!${part()}`,
    (part) => `(typeof ${part()})`,
    (part) => "`${" + part() + "}/${" + part() + "}`",
    (part, random) =>
      `(${part()}).${
        pick(random, ["toUpperCase", "toLowerCase", "trim", "trimStart", "trimEnd"])
      }()`,
    (part, random) => `(${part()})?.${pick(random, ["toUpperCase", "trim"])}()`,
    (part, random) =>
      `(${part()}).${
        pick(random, ["startsWith", "endsWith", "includes", "indexOf", "lastIndexOf", "split"])
      }(${part()})`,
    (part, random) =>
      `(${part()}).${pick(random, ["replace", "replaceAll"])}(${part()}, ${part()})`,
    (part, random) => `(${part()}).split("-")[${random(3)}]`,
    (part, random) => `(${part()}).split("-").at(${pick(random, wholeNumbers)})`,
    (part) => `(${part()}).split("-").slice(1).join(${part()})`,
    (part) => `(${part()}).split("-").length`,
    (part, random) => `(${part()}).slice(${random(3)}, ${random(6)})`,
    (part, random) => `(${part()}).padStart(${random(20)}, ${part()})`,
    (part, random) => `(${part()})[${random(3)}]`,
    (part) => `(${part()}).length`,
  ],
  body(expression, random) {
    const [one, two, three, four] = [expression(), expression(), expression(), expression()];
    switch (random(9)) {
      case 8:
        return `let x = ${one};\nx += ${two};\nif (${three}) throw new Error(x);\nreturn x;`;
      case 7:
        return `const t = { a: ${JSON.stringify(random(9))}, "-": "x" };\nreturn t[${one}] ?? t.a;`;
      case 6:
        return `try {\n  try {\n    return ${one};\n  } finally {\n    if (${two}) return ${three};\n  }` +
          `\n} catch { return ${four}; }`;
      case 5:
        return `let x = ${one};\ntry {\n  x = ${two};\n  if (${three}) return x;\n} catch (error) {` +
          `\n  x = String(error.name);\n} finally { x = x + "!"; }\nreturn x;`;
      case 4:
        return `try {\n  const x = ${one};\n  return x;\n} catch (error) {\n  return ${two};\n}`;
      case 0:
        return `return ${one};`;
      case 1:
        return `const [x, y] = (${one}).split("-");\nif (${two}) return x + y;\nreturn ${three};`;
      case 2:
        return `let x;\nif (${one}) {\n  x = ${two};\n} else if (${three}) x = ${four};\nreturn x;`;
      default:
        return `const x = ${one}, y = ${two};\nreturn x === y ? x : [x].length === 1 ? y : null;`
          .replace("[x].length === 1", three);
    }
  },
};

/** How Python bodies catch errors: what they wait for changes what some reads do. */
const handlers = [
  "except:",
  "except Exception as e:",
  "except KeyError:",
  "except (AttributeError, IndexError):",
  "except TypeError as value:",
  "except ValueError:",
];

const python: Grammar = {
  leaves: [
    "value",
    'record["a"]',
    'record["b"]',
    'record["c"]["d"]',
    "record.a",
    "record.nowhere",
    "record.nowhere.at",
    "record.c.d",
    'record.get("a")',
    'record.get("none")',
    'record.get("none", "other")',
    'record["c"].get("d")',
    'record.get("a", record["b"])',
    'record.get("b", record["c"]["d"])',
    'record.get("c", {}).get("d")',
    'record.get("none", {}).get("d", "other")',
    'record.get("c", {})["d"]',
    'record.get("c", {}).get("e", {}).get("f", record["b"])',
    '{"a": "x", "2022": None, "-": 7}.get(value)',
    '{"a": "x", "2022": None}[value]',
    '["a", "2022", "x-y"]',
    "(value, value)",
    "-1",
    "None",
    "True",
    "17",
    ...texts,
  ],
  expressions: [
    (part) => `(${part()} + ${part()})`,
    (part, random) => `(${part()} ${pick(random, ["==", "!=", "<", "<=", ">", ">="])} ${part()})`,
    (part, random) => `(${part()} ${pick(random, ["in", "not in"])} ${part()})`,
    (part) => `(${part()} in ("a", "2022", "-"))`,
    (part, random) => `(${part()} ${pick(random, ["is", "is not"])} None)`,
    (part, random) => `(${part()} ${pick(random, ["and", "or"])} ${part()})`,
    (part) => `(${part()} if ${part()} else ${part()})`,
    (part) => `(not ${part()})`,
    (part, random) => `(${part()} ${pick(random, ["-", "*"])} ${part()})`,
    (part) => `{"a": "x", "x-y": False, "": None, "-": -3}.get(${part()}, ${part()})`,
    (part) => `{"a": "x", "x-y": False, "": None}[${part()}]`,
    (part) => `(${part()} in {"a": 1, "": 2})`,
    (part) => `[${part()}, ${part()}]`,
    (part) => `(${part()}).join([${part()}, ${part()}])`,
    (part) => `("%s is %d%s" % (${part()}, ${part()}, ${part()}))`,
    (part) => `("%03d" % ${part()})`,
    (part) => `"{} of {}".format(${part()}, ${part()})`,
    (part) => `"{1}/{0}/{1}".format(${part()}, ${part()}, ${part()})`,
    (part) => `f"<{(${part().replaceAll('"', "'")})}>"`,
    (part) => `int(${part()})`,
    (part) => `bool(${part()})`,
    (part, random) => `isinstance(${part()}, ${pick(random, ["str", "int"])})`,
    (part, random) =>
      `(${part()}).${
        pick(random, ["title", "capitalize", "isdigit", "isalpha", "isalnum", "split"])
      }()`,
    (part, random) =>
      `(${part()}).${
        pick(random, "strip lstrip rstrip rfind index count partition rpartition rsplit".split(" "))
      }(${part()})`,
    (part, random) => `(${part()}).rsplit("-", ${pick(random, wholeNumbers)})`,
    (part) => `(${part()}).split("-", ${part()})`,
    (part, random) => `(${part()}).zfill(${random(12)})`,
    (part) => `(${part()})[len(${part()}) - 1]`,
    (part) => `("%s/%s" % (${part()}, ${part()}))`,
    (part) => `("<%s>" % ${part()})`,
    (part, random) =>
      `(${part()}).${pick(random, ["upper", "lower", "strip", "lstrip", "rstrip"])}()`,
    (part, random) =>
      `(${part()}).${pick(random, ["startswith", "endswith", "find", "split"])}(${part()})`,
    (part, random) => `(${part()}).split("-", ${pick(random, wholeNumbers)})`,
    (part) => `(${part()}).replace(${part()}, ${part()})`,
    (part, random) => `(${part()}).split("-")[${pick(random, wholeNumbers)}]`,
    (part) => `"+".join((${part()}).split("-")[1:])`,
    (part, random) => `(${part()})[${pick(random, wholeNumbers)}]`,
    (part, random) => `(${part()})[${pick(random, wholeNumbers)}:${pick(random, wholeNumbers)}]`,
    (part) => `len(${part()})`,
    (part) => `str(${part()})`,
  ],
  body(expression, random) {
    const [one, two, three, four] = [expression(), expression(), expression(), expression()];
    const caught = pick(random, handlers);
    switch (random(10)) {
      case 9:
        return `try:\n  x = ${one}\n${caught}\n  x = ${two}\nelse:\n  x = ${three}\nfinally:\n  y = ${four}` +
          "\nreturn [str(x), str(y)]";
      case 8:
        return `x = ${one}\nx += ${two}\nif ${three}:\n  raise ValueError(x)\nreturn x`;
      case 7:
        return `t = {"a": "x", "-": ${random(9)}}\nreturn t.get(${one}) or t[${two}]`;
      case 6:
        return `try:\n  try:\n    return ${one}\n  finally:\n    if ${two}:\n      return ${three}\n${caught}\n` +
          `  return ${four}`;
      case 5:
        return `x = ${one}\ntry:\n  x = ${two}\n  if ${three}:\n    return x\n${caught}\n  value = "caught"\n` +
          `finally:\n  x = "%s!" % x\nreturn x`;
      case 4:
        return `try:\n  x, y = (${one}).split("-")\n${caught}\n  return ${two}\nreturn y + x`;
      case 0:
        return `return ${one}`;
      case 1:
        return `x, y = (${one}).split("-")[:2]\nif ${two}:\n  return x + y\nreturn ${three}`;
      case 2:
        return `if ${one}:\n  x = ${two}\nelif ${three}:\n  x = ${four}\nreturn x`;
      default:
        return `value = ${one}\nx = ${two}\nif x:\n  value = x\nreturn value`;
    }
  },
};

const grammars = { javascript, python };

/** The language in the first line; for Python also with a version, which some bodies then are not of. */
function marked(language: keyof typeof grammars, body: string): string {
  if (language === "javascript") return `// language: javascript\n${body}`;
  // Formatted texts are of version 3, and what version 2 reads otherwise would not be plain there.
  const isOfBoth = !/\bf"|\\u/.test(body);
  return `# language: python${["", "3", isOfBoth ? "2" : ""][body.length % 3]}\n${body}`;
}

/** A random body, with its language in the first line. */
export function randomBody(language: keyof typeof grammars, random: Random): string {
  const { leaves, expressions, body } = grammars[language];
  const expression = (depth: number): string => {
    if (depth === 0 || random(3) === 0) return pick(random, leaves);
    return pick(random, expressions)(() => expression(depth - 1), random);
  };
  return marked(language, body(() => expression(1 + random(2)), random));
}

/** Bodies that have each part of the language, with the value in it and with texts. */
export function everyPart(language: keyof typeof grammars, random: Random): readonly string[] {
  const { leaves, expressions } = grammars[language];
  const asTest = language === "python" ? "is None" : "=== null";
  const parts = [
    // Each one beside an even number of others, so that half of it comes in `try`.
    ...leaves.flatMap((
      leaf,
    ) => [leaf, `(${leaf})`, `(${leaf} ${asTest})`, `((${leaf}) ${asTest})`]),
    ...expressions.flatMap((write) =>
      Array.from({ length: 12 }, (_, round) => {
        let count = 0;
        return write(() => count++ === round % 2 ? "value" : pick(random, texts), random);
      })
    ),
  ];
  return [...new Set(parts)].map((part, at) => {
    if (at % 2 === 0) return marked(language, `return ${part}`);
    const caught = handlers[at % handlers.length] ?? "";
    const tried = language === "python"
      ? `try:\n  return ${part}\n${caught}\n  return "caught"`
      : `try {\n  return ${part};\n} catch {\n  return "caught";\n}`;
    return marked(language, tried);
  });
}
