/**
 * The text that makes a QuickJS context safe for user code: only the listed globals are left, none
 * tells the time, makes code from text or remembers anything from one record to the next.
 *
 * @module
 */

/** The globals that user code can reach, and nothing else; `docs/sandbox.md` lists them too. */
export const reachableGlobals: readonly string[] = [
  "Array",
  "BigInt",
  "Boolean",
  "Date",
  "Error",
  "EvalError",
  "Infinity",
  "JSON",
  "Map",
  "Math",
  "NaN",
  "Number",
  "Object",
  "RangeError",
  "ReferenceError",
  "RegExp",
  "Set",
  "String",
  "Symbol",
  "SyntaxError",
  "TypeError",
  "URIError",
  "WeakMap",
  "WeakSet",
  "decodeURI",
  "decodeURIComponent",
  "encodeURI",
  "encodeURIComponent",
  "globalThis",
  "isFinite",
  "isNaN",
  "parseFloat",
  "parseInt",
  "undefined",
];

/**
 * A function expression `(allowed) => { lock, setClock }`: calling it takes away what has no place in
 * the sandbox; calling `lock(extra)` freezes all that is left, and `extra` with it. `setClock(now)` says
 * which time user code sees, in milliseconds since 1970.
 */
export const realmText = String.raw`(function (allowed) {
  "use strict";
  const { ownKeys, getOwnPropertyDescriptor, getPrototypeOf, defineProperty, construct } = Reflect;
  const { freeze, isFrozen } = Object;
  const RealDate = Date;

  function blocked() {
    throw new TypeError("code cannot be made from text here");
  }
  defineProperty(blocked, "prototype", { value: Function.prototype });

  // The agent's clock stands still for user code: the time at which the run began.
  let now = 0;
  function SteadyDate(...parts) {
    if (new.target === undefined) return new RealDate(now).toString();
    return construct(RealDate, parts.length === 0 ? [now] : parts, new.target);
  }
  defineProperty(SteadyDate, "name", { value: "Date" });
  defineProperty(SteadyDate, "length", { value: 7 });
  defineProperty(SteadyDate, "prototype", { value: RealDate.prototype });
  SteadyDate.now = function now_() { return now; };
  SteadyDate.parse = RealDate.parse;
  SteadyDate.UTC = RealDate.UTC;
  RealDate.prototype.constructor = SteadyDate;
  // @ts-expect-error: it has what user code may use of a Date, and no more.
  globalThis.Date = SteadyDate;
  delete Math.random;
  // @ts-expect-error: of this engine.
  delete Error.captureStackTrace;
  // @ts-expect-error: of this engine.
  delete Error.prepareStackTrace;

  const samples = [
    function () {}, function* () {}, async function () {}, async function* () {},
    [][Symbol.iterator](), new Map().entries(), new Set().values(), ""[Symbol.iterator](),
    "".matchAll(/x/g), (function* () {})(), Array.prototype[Symbol.unscopables],
  ];
  for (const sample of samples) {
    const prototype = getPrototypeOf(sample);
    if (typeof sample === "function") {
      defineProperty(prototype, "constructor", { value: blocked, writable: false, configurable: false });
    }
  }

  // With a frozen prototype, "error.name = ..." would fail: a setter makes an own property of it.
  function overridable(prototype, key) {
    const found = getOwnPropertyDescriptor(prototype, key);
    if (found === undefined || !("value" in found)) return;
    const { value } = found;
    defineProperty(prototype, key, {
      get() { return value; },
      set(given) {
        if (this === prototype) throw new TypeError("the sandbox's own objects are frozen");
        defineProperty(this, key, { value: given, writable: true, enumerable: true, configurable: true });
      },
      enumerable: false,
      configurable: false,
    });
  }

  function freezeAll(roots) {
    const pending = roots.slice();
    const seen = new Set();
    while (pending.length > 0) {
      const thing = pending.pop();
      if (thing === null || (typeof thing !== "object" && typeof thing !== "function")) continue;
      if (seen.has(thing)) continue;
      seen.add(thing);
      freeze(thing);
      pending.push(getPrototypeOf(thing));
      for (const key of ownKeys(thing)) {
        const found = getOwnPropertyDescriptor(thing, key);
        pending.push(found.value, found.get, found.set);
      }
    }
  }

  function setClock(time) {
    now = time;
  }
  function lock(extra) {
    const errors = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];
    for (const { prototype } of errors) {
      for (const key of ["name", "message", "constructor", "toString"]) overridable(prototype, key);
    }
    for (const key of ["constructor", "toString", "valueOf", "toLocaleString", "hasOwnProperty"]) {
      overridable(Object.prototype, key);
    }
    for (const key of ownKeys(globalThis)) {
      if (!allowed.includes(key)) delete globalThis[key];
    }
    freezeAll([globalThis, ...samples, ...extra]);
  }
  return { lock, setClock };
})`;
