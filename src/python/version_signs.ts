/**
 * Names that tell the version of Python; syntax that tells it is noted by the parser itself.
 *
 * @module
 */

import type { Expr } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import type { Place } from "./problem.ts";

/** Names and attributes that existed in one version only. */
const oldNames = new Set(
  "unicode basestring xrange unichr long raw_input cmp reduce StandardError execfile apply".split(
    " ",
  ),
);
const oldAttributes = new Set(
  "has_key iteritems iterkeys itervalues viewkeys viewitems viewvalues".split(" "),
);
const newAttributes = new Set(
  "casefold format_map removeprefix removesuffix isidentifier".split(" "),
);
const listsOnce = new Set(["keys", "values", "items"]);

/** Notes a name that only Python 2 has. */
export function noticeName(c: Cursor, id: string, place: Place): void {
  if (oldNames.has(id)) c.notice(2, `'${id}'`, place, false);
}

/** Notes an attribute that only one version has. */
export function noticeAttribute(c: Cursor, name: string, place: Place): void {
  if (oldAttributes.has(name)) c.notice(2, `'.${name}'`, place, false);
  if (newAttributes.has(name)) c.notice(3, `'.${name}'`, place, false);
}

/** `sorted(x, cmp)` and `print(x, sep="")` tell the version. */
export function noticeCall(c: Cursor, call: Expr, place: Place): void {
  if (call.kind !== "call" || call.func.kind !== "name") return;
  const keys = call.keywords.map((keyword) => keyword.name);
  if (call.func.id === "print" && keys.length > 0) c.notice(3, "print() with keywords", place);
  if (call.func.id === "sorted" && keys.includes("cmp")) c.notice(2, "sorted(cmp=…)", place, false);
}

/** `d.keys()[0]` and `map(…)[0]` work in Python 2 only. */
export function noticeOldList(c: Cursor, value: Expr, place: Place): void {
  if (value.kind !== "call") return;
  const { func, args } = value;
  const lists = func.kind === "attr" && listsOnce.has(func.name) && args.length === 0;
  const made = func.kind === "name" && ["map", "filter", "zip"].includes(func.id);
  if (lists || made) c.notice(2, `an index after '${lists ? func.name : "map"}()'`, place, false);
}
