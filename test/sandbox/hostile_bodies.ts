/**
 * JavaScript bodies that try to hang, exhaust, escape from or poison the sandbox.
 *
 * @module
 */

/**
 * What must become of the record: `stopped` = it fails; `error` = the result is null and the error is
 * counted; `either` = one of the two, by whose stack is used up first; otherwise the result itself.
 */
export type HostileEnd = "stopped" | "error" | "either" | { readonly result: unknown };

export interface HostileBody {
  readonly title: string;
  readonly body: string;
  readonly end: HostileEnd;
}

const stopped = "stopped";
const error = "error";
const either = "either";

/** The corpus. */
export const hostileBodies: readonly HostileBody[] = [
  // Running on and on.
  { title: "an endless loop", body: "for (;;) {}", end: stopped },
  {
    title: "an endless loop that catches",
    body: "for (;;) { try { for (;;) {} } catch {} }",
    end: stopped,
  },
  { title: "a loop in finally", body: "try { throw 1; } finally { for (;;) {} }", end: stopped },
  {
    title: "a generator without end",
    body: "function* on() { for (;;) yield 1; }\nfor (const x of on()) {}",
    end: stopped,
  },
  {
    title: "a regular expression that backtracks",
    body: 'return /^(a+)+$/.test("a".repeat(40) + "b");',
    end: stopped,
  },
  { title: "nested quantifiers", body: 'return /(x+x+)+y/.exec("x".repeat(60));', end: stopped },
  {
    title: "a comparator that never decides",
    body: "return [3, 2, 1].sort(() => { for (;;) {} });",
    end: stopped,
  },
  { title: "a getter that loops", body: "return { get x() { for (;;) {} } };", end: stopped },
  {
    title: "thrown methods that loop",
    body:
      "throw { toString() { for (;;) {} } , toJSON() { for (;;) {} }, get a() { for (;;) {} } };",
    end: error,
  },
  {
    title: "an error whose message loops",
    body:
      'const e = new Error("x");\nObject.defineProperty(e, "message", { get() { for (;;) {} } });\nthrow e;',
    end: stopped,
  },
  {
    title: "joining a huge array",
    body: 'return new Array(5e7).join("abc").length;',
    end: stopped,
  },
  { title: "squaring a BigInt", body: "let n = 3n;\nfor (;;) n *= n;", end: either },
  {
    title: "an iterator that never ends",
    body:
      "const it = { [Symbol.iterator]() { return this; }, next() { return { done: false }; } };\nreturn [...it];",
    end: stopped,
  },
  {
    title: "converters that call each other",
    body: 'for (;;) { try { converter(record, "mirror"); } catch {} }',
    end: stopped,
  },
  // Recursion.
  { title: "recursion", body: "const f = () => f() + 1;\nreturn f();", end: error },
  {
    title: "recursion through JSON",
    body: 'let text = "";\nfor (let i = 0; i < 20000; i++) text += "[";\nreturn JSON.parse(text);',
    end: either,
  },
  {
    title: "recursion through a getter",
    body: "const o = { get x() { return this.x; } };\nreturn o.x;",
    end: error,
  },
  {
    title: "a converter that calls itself",
    body: 'return converter(record, "recursive");',
    end: error,
  },
  {
    title: "a deep regular expression",
    body: 'const F = "(".repeat(5000) + ")".repeat(5000);\nreturn new RegExp(F).test("x");',
    end: either,
  },
  // Taking memory.
  { title: "a string that doubles", body: 'let s = "xy";\nfor (;;) s += s;', end: error },
  { title: "a string of a billion characters", body: 'return "x".repeat(1e9);', end: stopped },
  {
    title: "an array of arrays",
    body: "const all = [];\nfor (;;) all.push(new Array(1000).fill(all));",
    end: stopped,
  },
  {
    title: "many small objects",
    body: "const all = [];\nfor (;;) all.push({ a: [1] });",
    end: stopped,
  },
  {
    title: "many strings",
    body: "const all = [];\nfor (let i = 0;; i++) all.push(String(i).repeat(200));",
    end: stopped,
  },
  {
    title: "a map that grows",
    body: "const all = new Map();\nfor (let i = 0;; i++) all.set(i, {});",
    end: stopped,
  },
  {
    title: "a caught shortage of memory",
    body:
      'const all = [];\nfor (;;) { try { all.push("x".repeat(1e6) + all.length); } catch { all.push({}); } }',
    end: stopped,
  },
  { title: "a huge result", body: 'return "x".repeat(1.1e6);', end: either },
  { title: "a long list as result", body: "return new Array(1.1e6).fill(0);", end: either },
  // Results that are no data.
  { title: "a result that holds itself", body: "const o = {};\no.o = o;\nreturn o;", end: error },
  { title: "a function", body: "return () => 1;", end: error },
  { title: "a symbol", body: "return Symbol.iterator;", end: error },
  { title: "not a number", body: "return [0 / 0];", end: error },
  { title: "infinity", body: "return 1 / 0;", end: error },
  { title: "a toJSON of its own", body: 'return { toJSON() { return "x"; } };', end: error },
  { title: "throwing null", body: "throw null;", end: error },
  { title: "throwing undefined", body: "throw undefined;", end: error },
  {
    title: "throwing an object that hides",
    body: 'throw { get message() { throw new Error("no"); }, get name() { throw 1; } };',
    end: error,
  },
  // Getting out.
  {
    title: "the Function constructor",
    body: 'return (() => {}).constructor("return globalThis")();',
    end: error,
  },
  {
    title: "the generator function's constructor",
    body: 'return Object.getPrototypeOf(function* () {}).constructor("yield 1")();',
    end: error,
  },
  { title: "eval", body: 'return eval("1 + 1");', end: error },
  {
    title: "the host",
    body:
      "return [typeof process, typeof Bun, typeof require, typeof fetch, typeof setTimeout, typeof WebAssembly, typeof console];",
    end: { result: new Array(7).fill("undefined") },
  },
  { title: "promises", body: "return new Promise(() => {});", end: error },
  {
    title: "shared memory",
    body:
      "return [typeof SharedArrayBuffer, typeof Atomics, typeof WeakRef, typeof FinalizationRegistry];",
    end: { result: new Array(4).fill("undefined") },
  },
  { title: "chance", body: "return Math.random();", end: error },
  {
    title: "Error.prepareStackTrace",
    body:
      "Error.prepareStackTrace = (_, frames) => frames[0].getThis();\nreturn new Error().stack;",
    end: error,
  },
  { title: "the caller", body: "return arguments.callee.caller;", end: error },
  // Poisoning what the next record sees.
  {
    title: "the prototype through __proto__",
    body: 'const o = {};\no.__proto__.poison = "x";',
    end: error,
  },
  {
    title: "the prototype through constructor",
    body: 'const o = {};\no.constructor.prototype.poison = "x";',
    end: error,
  },
  { title: "a method of arrays", body: "Array.prototype.map = () => [];", end: error },
  {
    title: "defineProperty on a prototype",
    body: 'Object.defineProperty(Object.prototype, "poison", { value: 1 });',
    end: error,
  },
  {
    title: "the prototype of an iterator",
    body: "[][Symbol.iterator]().__proto__.next = () => ({ done: true });",
    end: error,
  },
  {
    title: "another prototype for a prototype",
    body: "Object.setPrototypeOf(Array.prototype, { poison: 1 });",
    end: error,
  },
  { title: "a global variable", body: "globalThis.poison = 1;", end: error },
  { title: "JSON.stringify", body: "JSON.stringify = () => '{}';", end: error },
  {
    title: "Symbol.species",
    body: "Object.defineProperty(Array, Symbol.species, { value: Object });",
    end: error,
  },
  {
    title: "Symbol.hasInstance",
    body: "Object.defineProperty(Date, Symbol.hasInstance, { value: () => true });",
    end: error,
  },
  {
    title: "the override setters",
    body:
      "const set = Object.getOwnPropertyDescriptor(Object.prototype, 'toString').set;\nset.call(Object.prototype, () => 'x');",
    end: error,
  },
  { title: "the record", body: 'record.n = "x";', end: error },
  { title: "deep in the record", body: 'record.inner.list.push("x");', end: error },
  { title: "the record's prototype", body: 'Object.getPrototypeOf(record).n = "x";', end: error },
  { title: "the record gets a prototype", body: "Object.setPrototypeOf(record, {});", end: error },
  { title: "the parameters", body: 'params.poison = "x";', end: error },
  { title: "the helpers", body: "LOG.info = () => {};", end: error },
  { title: "what missing stands for", body: "record.nowhere.poison = 1;", end: error },
];
