/**
 * JavaScript bodies as admins write them, each with what it gives for a record.
 *
 * @module
 */

/** The record that the bodies see when they bring none of their own. */
export const computer = {
  id: 17,
  name: "  ann-macbook ",
  asset_type: "computer",
  position: "Engineer",
  get: "a key named get",
  constructor: "a key named constructor",
  tags: ["Laptop", "Sales", "laptop"],
  general: {
    platform: "Mac",
    serial_number: "C02XK0AAJG5H",
    last_contact: "2019-01-02T03:04:05Z",
    managed: true,
    "asset.tag": "T-9",
  },
  hardware: { ram: 16384, disks: [{ size: 512, free: 100.5 }, { size: 1024, free: 0 }] },
  owner: null,
  extension_attributes: [{ name: "Battery", value: "31" }, { name: "Colour", value: "" }],
} as const;

/** A body, what it is given, and what comes of it. */
export interface JavaScriptBody {
  readonly title: string;
  readonly body: string;
  readonly value?: unknown;
  readonly params?: Readonly<Record<string, string | true>>;
  readonly record?: unknown;
  readonly result: unknown;
}

/** The corpus. */
export const javaScriptBodies: readonly JavaScriptBody[] = [
  { title: "a field", body: "return record.position;", result: "Engineer" },
  { title: "a field by index", body: 'return record["position"];', result: "Engineer" },
  { title: "get", body: 'return record.get("position");', result: "Engineer" },
  {
    title: "get with a default",
    body: 'return record.get("nowhere", "Unknown position");',
    result: "Unknown position",
  },
  { title: "get without a default", body: 'return record.get("nowhere") === null;', result: true },
  {
    title: "get, nested",
    body: 'return record.general.get("platform", "none") + record.general.get("x", "none");',
    result: "Macnone",
  },
  {
    title: "get on what is missing",
    body: 'return record.nowhere.get("x", "default");',
    result: "default",
  },
  { title: "a missing field is null", body: "return record.nowhere === null;", result: true },
  {
    title: "missing at every depth",
    body:
      "return [record.a.b, record.a.b.c.d, record.owner.name, record.general.x.y].map(x => x === null);",
    result: [true, true, true, true],
  },
  {
    title: "missing through a variable",
    body:
      "const general = record.general; const owner = record.owner;\nreturn [general.nowhere === null, owner.name === null];",
    result: [true, true],
  },
  {
    title: "a missing element of a list",
    body: "return record.hardware.disks[9].size;",
    result: null,
  },
  {
    title: "a key named like a method, by index",
    body: 'return record["get"];',
    result: "a key named get",
  },
  {
    title: "get beside a key named get",
    body: 'return record.get("get") + "!";',
    result: "a key named get!",
  },
  {
    title: "a key named constructor",
    body: "return record.constructor;",
    result: "a key named constructor",
  },
  { title: "a record has no other methods", body: "return record.toLocaleString;", result: null },
  {
    title: "in",
    body: 'return ["position" in record, "nowhere" in record];',
    result: [true, false],
  },
  {
    title: "value and field and params",
    body: "return `${field}:${value.trim()}:${params.suffix}`;",
    value: " x ",
    params: { suffix: "-1" },
    result: "name:x:-1",
  },
  { title: "a missing parameter", body: "return params.nowhere ?? 'none';", result: "none" },
  {
    title: "a variable named value",
    body: "const value = record.position; return value.length;",
    result: 8,
  },
  { title: "no return", body: "record.position;", result: null },
  { title: "undefined", body: "return undefined;", result: null },
  {
    title: "destructuring with defaults",
    body:
      'const { position, nowhere = "none", general: { platform } } = record;\nreturn [position, nowhere, platform];',
    result: ["Engineer", "none", "Mac"],
  },
  {
    title: "optional chaining",
    body: "return record.general?.platform?.toUpperCase() ?? 'none';",
    result: "MAC",
  },
  {
    title: "arrays and arrows",
    body: "return [...new Set(record.tags.map((tag) => tag.toLowerCase()))].sort();",
    result: ["laptop", "sales"],
  },
  {
    title: "sorting a copy",
    body: "return record.hardware.disks.toSorted((a, b) => b.size - a.size)[0].size;",
    result: 1024,
  },
  {
    title: "reduce",
    body: "return record.hardware.disks.reduce((sum, { free }) => sum + free, 0);",
    result: 100.5,
  },
  {
    title: "a loop with break",
    body:
      'let found = null;\nfor (const { name, value } of record.extension_attributes) {\n  if (name === "Battery") { found = Number(value); break; }\n}\nreturn found;',
    result: 31,
  },
  {
    title: "Object.entries of a record",
    body: "return Object.entries(record.general).filter(([, v]) => v === true).map(([k]) => k);",
    result: ["managed"],
  },
  {
    title: "an object is given back",
    body: "return { platform: record.general.platform, disks: record.hardware.disks };",
    result: { platform: "Mac", disks: [{ size: 512, free: 100.5 }, { size: 1024, free: 0 }] },
  },
  {
    title: "a part of the record is given back",
    body: "return record.hardware.disks[0];",
    result: { size: 512, free: 100.5 },
  },
  {
    title: "regular expressions",
    body:
      'return record.general.serial_number.match(/^(?<plant>[A-Z0-9]{3})(?<rest>.*)$/u).groups.plant.replaceAll("0", "o");',
    result: "Co2",
  },
  {
    title: "dates",
    body:
      "const seen = new Date(record.general.last_contact);\nreturn [seen.getTime() / 1000, seen.getHours(), seen];",
    result: [1546398245, 3, "2019-01-02T03:04:05.000Z"],
  },
  {
    title: "the time of the run",
    body: "return [Date.now(), new Date().toISOString(), new Date() instanceof Date];",
    result: [1577836800000, "2020-01-01T00:00:00.000Z", true],
  },
  {
    title: "try, catch, finally",
    body:
      'let log = "";\ntry { JSON.parse("{"); } catch (error) { log += error.name; } finally { log += "!"; }\nreturn log;',
    result: "SyntaxError!",
  },
  {
    title: "an error class of one's own",
    body:
      'class Missing extends Error {\n  constructor(message) { super(message); this.name = "Missing"; }\n}\ntry { throw new Missing("x"); } catch (error) { return `${error}`; }',
    result: "Missing: x",
  },
  {
    title: "classes with private fields",
    body:
      "class Count { #n = 0; up() { return ++this.#n; } static of() { return new Count(); } }\nconst count = Count.of(); count.up(); return count.up();",
    result: 2,
  },
  {
    title: "generators and iterators",
    body: "function* upTo(n) { for (let i = 0; i < n; i++) yield i; }\nreturn [...upTo(4)].at(-1);",
    result: 3,
  },
  {
    title: "maps count",
    body:
      "const counts = new Map();\nfor (const tag of record.tags) {\n  const key = tag.toLowerCase();\n  counts.set(key, (counts.get(key) ?? 0) + 1);\n}\nreturn Object.fromEntries(counts);",
    result: { laptop: 2, sales: 1 },
  },
  {
    title: "an object as a table",
    body:
      "const seen = {};\nfor (const tag of record.tags) {\n  if (seen[tag] === undefined) seen[tag] = 0;\n  seen[tag]++;\n}\nreturn seen.Sales + seen.laptop;",
    result: 2,
  },
  {
    title: "statements without semicolons",
    body:
      "const tags = record.tags\nrecord.tags.forEach((tag) => tag)\nconst n = tags.length\nrecord.general.platform\nreturn n",
    result: 3,
  },
  {
    title: "a labelled loop and a switch",
    body:
      'let kind = "?";\nouter: for (const a of [1, 2]) { for (const b of [3]) { if (a === 2) break outer; } }\nswitch (record.asset_type) { case "computer": kind = "C"; break; default: kind = "D"; }\nreturn kind;',
    result: "C",
  },
  {
    title: "numbers",
    body: "return (record.hardware.ram / 1024).toFixed(1) + 0b11 + 1_0;",
    result: "16.0310",
  },
  { title: "a BigInt that fits", body: "return 2n ** 40n;", result: 1099511627776 },
  {
    title: "JSON there and back",
    body: "return JSON.parse(JSON.stringify(record.general)).managed;",
    result: true,
  },
  {
    title: "get_field_value",
    body:
      'return [get_field_value(record, "hardware.disks.1.size"), get_field_value(record, "general.asset.tag"),\n  get_field_value(record, "a.b", "none"), get_field_value(record.general, "platform")];',
    result: [1024, "T-9", "none", "Mac"],
  },
  {
    title: "cae",
    body:
      'return [cae(record, "Battery"), cae(record, "Colour", "red"), cae(record, "X", "none")];',
    result: ["31", "", "none"],
  },
  {
    title: "a built-in converter",
    body: 'return converter(record, "concat", { values: "position,\' at \',asset_type" });',
    result: "Engineer at computer",
  },
  {
    title: "a method call on what is missing is an error",
    body: "return record.nowhere.trim();",
    result: null,
  },
  { title: "template over lines", body: "return `a\n  b`;", result: "a\n  b" },
  {
    title: "unicode",
    body: 'return [..."añ😀"].length + "ß".toUpperCase() + "é".normalize("NFD").length;',
    result: "3SS2",
  },
];
