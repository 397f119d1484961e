/**
 * zip, map, filter and their like.
 *
 * @module
 */

import { define } from "./builtins.ts";
import { c1, ck } from "./calls.ts";
import { eq, t } from "./compare.ts";
import { nextItem } from "./container_methods.ts";
import { raise } from "./errors.ts";
import { gen, iter, iterator, list } from "./sequences.ts";
import { PyLazy, PyTuple, state, type Value } from "./types.ts";

/** A lazy sequence; in Python 2 a list. */
function lazy(source: Generator<Value>): Value {
  return state.version === 2
    ? [...source]
    : state.lenient
    ? new PyLazy(source, "list")
    : gen(source);
}

function* zipped(columns: Value[]): Generator<Value[]> {
  const sources = columns.map((column) => iterator(column));
  for (;;) {
    const row = [];
    for (const source of sources) {
      const { done, value } = source.next();
      if (done) return;
      row.push(value);
    }
    if (row.length === 0) return;
    yield row;
  }
}

function* mapped(f: Value, columns: Value[]): Generator<Value> {
  if (columns.length === 1) {
    for (const item of iter(columns[0])) yield f === null ? item : c1(f, item);
  } else if (state.version === 2 || (f === null && state.lenient)) {
    const lists = columns.map((column) => list(column));
    const size = Math.max(...lists.map((one) => one.length));
    for (let at = 0; at < size; at++) {
      const row = lists.map((one) => one[at] ?? null);
      yield f === null ? new PyTuple(row) : ck(f, row);
    }
  } else for (const row of zipped(columns)) yield ck(f, row);
}

function* filtered(f: Value, items: Value): Generator<Value> {
  for (const item of iter(items)) if (f === null ? t(item) : t(c1(f, item))) yield item;
}

function* tuples(rows: Iterable<Value[]>): Generator<Value> {
  for (const row of rows) yield new PyTuple(row);
}

define("zip", 0, Infinity, (...columns) => lazy(tuples(zipped(columns)))).$keywords = (
  columns,
  pairs,
) => {
  const [[name, value]] = [pairs[0] ?? ["", null]];
  if (name !== "strict") raise("TypeError", `zip() got an unexpected keyword argument '${name}'`);
  const lists = columns.map((column) => list(column));
  if (t(value) && lists.some((one) => one.length !== lists[0]?.length)) {
    raise("ValueError", "zip() arguments have different lengths");
  }
  return lazy(tuples(zipped(lists)));
};
define("map", 2, Infinity, (f, ...columns) => {
  for (const column of columns) iter(column);
  return lazy(mapped(f, columns));
});
define("filter", 2, 2, (f, items) => {
  if (state.version === 3) {
    const shape = typeof items === "string" ? "text" : items instanceof PyTuple ? "tuple" : "list";
    return state.lenient ? new PyLazy(filtered(f, items), shape) : gen(filtered(f, items));
  }
  const kept = [...filtered(f, items)];
  if (typeof items === "string") return kept.join("");
  return items instanceof PyTuple ? new PyTuple(kept) : kept;
});
define("enumerate", 1, 2, (items, start = 0) => {
  function* pairs() {
    let at = Number(start);
    for (const item of iter(items)) yield new PyTuple([at++, item]);
  }
  iter(items);
  return gen(pairs());
}, "iterable start");
define("iter", 1, 2, (value, sentinel) => {
  if (sentinel === undefined) return iterator(value);
  function* calls() {
    for (;;) {
      const item = ck(value, []);
      if (eq(item, sentinel)) return;
      yield item;
    }
  }
  return gen(calls());
});
define("next", 1, 2, nextItem);
