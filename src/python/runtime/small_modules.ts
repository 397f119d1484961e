/**
 * Small modules: logging, sys, ast, html and __future__.
 *
 * @module
 */

import { fromLiteral } from "./literal_eval.ts";
import { createLogger, logFunctions, print } from "./output.ts";
import { needText } from "./text.ts";
import { members, native, PyModule, PyTuple, state, type Value } from "./types.ts";

const levels = { NOTSET: 0, DEBUG: 10, INFO: 20, WARNING: 30, WARN: 30, ERROR: 40, CRITICAL: 50 };

function logger(name: string): PyModule {
  return Object.assign(createLogger(name), {});
}

/** The members of logging: its lines go to the host's log. */
export const loggingModule: Record<string, Value> = members({
  ...logFunctions,
  ...levels,
  getLogger: [0, 1, (name) => logger(typeof name === "string" ? name : "root"), "name"],
  basicConfig: Object.assign(native("basicConfig", 0, 0, () => null), { $keywords: () => null }),
});

/** What `print >>sys.stderr` and `sys.stdout.write` write to: the log. */
const stream = new PyModule(
  "stream",
  members({
    write: [1, 1, (text) => print([needText(text).replace(/\n$/, "")])],
    flush: [0, 0, () => null],
  }),
);

/** The members of sys; some are of one version. */
export const sysModule: Record<string, Value> = members({
  stdout: stream,
  stderr: stream,
  maxsize: native("maxsize", 0, 0, () => null),
  maxunicode: 0x10ffff,
  byteorder: "little",
  platform: "linux",
});
Object.defineProperties(sysModule, {
  maxsize: { value: 9223372036854775807n, enumerable: true },
  maxint: { value: 9223372036854775807n, enumerable: true },
  version_info: {
    get: () => new PyTuple(state.version === 2 ? [2, 7, 18, "final", 0] : [3, 11, 7, "final", 0]),
    enumerable: true,
  },
});

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#x27;",
};
const named: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\xa0",
};

/** The members of html. */
export const htmlModule: Record<string, Value> = members({
  escape: [1, 2, (text, quote = true) => {
    const pattern = quote === false ? /[&<>]/g : /[&<>"']/g;
    return needText(text).replace(pattern, (char) => entities[char] ?? char);
  }, "s quote"],
  unescape: [
    1,
    1,
    (text) =>
      needText(text).replace(/&(?:#x([\da-f]+)|#(\d+)|([a-z]+));/gi, (whole, hex, number, name) => {
        if (name !== undefined) return named[name] ?? whole;
        const code = hex === undefined ? Number(number) : parseInt(hex, 16);
        return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
      }),
  ],
});

/** The members of ast. */
export const astModule: Record<string, Value> = members({
  literal_eval: [1, 1, (text) => fromLiteral(needText(text))],
});

/** The members of __future__: what they change is known when the body is translated. */
export const futureModule: Record<string, Value> = members(
  Object.fromEntries(
    [
      "division",
      "print_function",
      "unicode_literals",
      "absolute_import",
      "generators",
      "annotations",
      "with_statement",
      "nested_scopes",
    ]
      .map((name) => [name, new PyTuple([])]),
  ),
);
