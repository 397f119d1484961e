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
    switch (random(4)) {
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
    switch (random(4)) {
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

function marked(language: keyof typeof grammars, body: string): string {
  return `${language === "python" ? "#" : "//"} language: ${language}\n${body}`;
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
    ...leaves.flatMap((leaf) => [leaf, `(${leaf} ${asTest})`]),
    ...expressions.flatMap((write) =>
      Array.from({ length: 12 }, (_, round) => {
        let count = 0;
        return write(() => count++ === round % 2 ? "value" : pick(random, texts), random);
      })
    ),
  ];
  return [...new Set(parts)].map((part) => marked(language, `return ${part}`));
}
