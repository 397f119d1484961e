/**
 * The itertools module.
 *
 * @module
 */

import { c1, ck } from "./calls.ts";
import { eq, t } from "./compare.ts";
import { raise } from "./errors.ts";
import { add } from "./operators.ts";
import { gen, iter, iterator, list } from "./sequences.ts";
import {
  members,
  native,
  newType,
  type Pair,
  type PyFunction,
  PyTuple,
  type Value,
} from "./types.ts";

type Source = { bivariant(...args: Value[]): Generator<Value> }["bivariant"];
const lazily = (run: Source): PyFunction => (...args: Value[]) => gen(run(...args));

function* chain(...sources: Value[]): Generator<Value> {
  for (const source of sources) yield* iter(source);
}

function* islice(source: Value, a: Value, b: Value, c: Value): Generator<Value> {
  const [start, stop, step] = b === undefined ? [0, a, 1] : [a ?? 0, b, c ?? 1];
  if (Number(start) < 0 || Number(step) < 1) {
    raise("ValueError", "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.");
  }
  const from = iterator(source);
  let at = 0;
  let next = Number(start);
  while (stop === null || at < Number(stop)) {
    const { done, value } = from.next();
    if (done) return;
    if (at === next) {
      yield value;
      next += Number(step);
    }
    at++;
  }
}

function* count(start: Value = 0, step: Value = 1): Generator<Value> {
  for (let value: Value = start;; value = add(value, step)) yield value;
}

function* cycle(source: Value): Generator<Value> {
  const items = list(source);
  while (items.length > 0) yield* items;
}

function* repeat(value: Value, times: Value): Generator<Value> {
  for (let n = 0; times === undefined || n < Number(times); n++) yield value;
}

function* takewhile(test: Value, source: Value): Generator<Value> {
  for (const item of iter(source)) {
    if (!t(c1(test, item))) return;
    yield item;
  }
}

function* dropwhile(test: Value, source: Value): Generator<Value> {
  let dropping = true;
  for (const item of iter(source)) {
    if (dropping && t(c1(test, item))) continue;
    dropping = false;
    yield item;
  }
}

function* filterfalse(test: Value, source: Value): Generator<Value> {
  for (const item of iter(source)) if (!t(test === null ? item : c1(test, item))) yield item;
}

function* accumulate(source: Value, combine: Value): Generator<Value> {
  let total: Value;
  for (const item of iter(source)) {
    total = total === undefined ? item : combine ? ck(combine, [total, item]) : add(total, item);
    yield total;
  }
}

function* starmap(run: Value, source: Value): Generator<Value> {
  for (const args of iter(source)) yield ck(run, list(args));
}

function* compress(source: Value, selectors: Value): Generator<Value> {
  const picks = iterator(selectors);
  for (const item of iter(source)) {
    const { done, value } = picks.next();
    if (done) return;
    if (t(value)) yield item;
  }
}

function* product(...sources: Value[]): Generator<Value> {
  const pools = sources.map((source) => list(source));
  function* pick(at: number, chosen: Value[]): Generator<Value> {
    if (at === pools.length) yield new PyTuple(chosen);
    else for (const item of pools[at] ?? []) yield* pick(at + 1, [...chosen, item]);
  }
  yield* pick(0, []);
}

function* combinations(source: Value, size: Value): Generator<Value> {
  const items = list(source);
  function* pick(from: number, chosen: Value[]): Generator<Value> {
    if (chosen.length === Number(size)) yield new PyTuple(chosen);
    else for (let at = from; at < items.length; at++) yield* pick(at + 1, [...chosen, items[at]]);
  }
  yield* pick(0, []);
}

function* permutations(source: Value, size: Value): Generator<Value> {
  const items = list(source);
  const wanted = size === undefined || size === null ? items.length : Number(size);
  function* pick(chosen: number[]): Generator<Value> {
    if (chosen.length === wanted) yield new PyTuple(chosen.map((at) => items[at]));
    else {for (let at = 0; at < items.length; at++) {
        if (!chosen.includes(at)) yield* pick([...chosen, at]);
      }}
  }
  yield* pick([]);
}

/** Consecutive items of the same key; each group is read at once. */
function* groupby(source: Value, key: Value = null): Generator<Value> {
  let group: Value[] | undefined;
  let current: Value;
  for (const item of iter(source)) {
    const value = key === null ? item : c1(key, item);
    if (group !== undefined && eq(value, current)) group.push(item);
    else {
      if (group !== undefined) yield new PyTuple([current, gen(group[Symbol.iterator]())]);
      [current, group] = [value, [item]];
    }
  }
  if (group !== undefined) yield new PyTuple([current, gen(group[Symbol.iterator]())]);
}

function* longest(columns: Value[], fill: Value): Generator<Value> {
  const lists = columns.map((column) => list(column));
  const size = Math.max(0, ...lists.map((one) => one.length));
  for (let at = 0; at < size; at++) {
    yield new PyTuple(lists.map((one) => one[at] === undefined ? fill : one[at]));
  }
}

const zipLongest = Object.assign((...columns: Value[]) => gen(longest(columns, null)), {
  $keywords: (columns: Value[], pairs: readonly Pair[]) =>
    gen(longest(columns, Object.fromEntries(pairs)["fillvalue"] ?? null)),
});
const productFunction = Object.assign(lazily(product), {
  $keywords: (sources: Value[], pairs: readonly Pair[]) => {
    const times = Number(Object.fromEntries(pairs)["repeat"] ?? 1);
    const pools = sources.map((source) => list(source));
    return gen(product(...Array.from({ length: times }, () => pools).flat(1)));
  },
});

const chainType = newType("itertools.chain", undefined, lazily(chain));
Object.assign(chainType, { $name: "chain", $least: 0, $most: Infinity });
members({
  from_iterable: [
    1,
    1,
    lazily(function* (sources) {
      for (const source of iter(sources)) yield* iter(source);
    }),
  ],
}, chainType.$info.statics);

const lazyMap = lazily(function* (run, ...columns) {
  const sources = columns.map((column) => iterator(column));
  for (;;) {
    const row = sources.map((source) => source.next());
    if (row.some((one) => one.done)) return;
    yield ck(run, row.map((one) => one.done ? null : one.value));
  }
});
const lazyZip = lazily(function* (...columns) {
  const sources = columns.map((column) => iterator(column));
  for (;;) {
    const row = sources.map((source) => source.next());
    if (row.length === 0 || row.some((one) => one.done)) return;
    yield new PyTuple(row.map((one) => one.done ? null : one.value));
  }
});

/** The members of itertools. */
export const itertoolsModule = members({
  chain: chainType,
  islice: [2, 4, lazily(islice)],
  count: [0, 2, lazily(count), "start step"],
  cycle: [1, 1, lazily(cycle)],
  repeat: [1, 2, lazily(repeat), "object times"],
  takewhile: [2, 2, lazily(takewhile)],
  dropwhile: [2, 2, lazily(dropwhile)],
  filterfalse: [2, 2, lazily(filterfalse)],
  ifilterfalse: [2, 2, lazily(filterfalse)],
  ifilter: [
    2,
    2,
    lazily(function* (test, source) {
      for (const item of iter(source)) if (t(test === null ? item : c1(test, item))) yield item;
    }),
  ],
  imap: [2, Infinity, lazyMap],
  izip: [0, Infinity, lazyZip],
  accumulate: [1, 2, lazily(accumulate), "iterable func"],
  starmap: [2, 2, lazily(starmap)],
  compress: [2, 2, lazily(compress)],
  product: native("product", 0, Infinity, productFunction),
  combinations: [2, 2, lazily(combinations)],
  permutations: [1, 2, lazily(permutations)],
  groupby: [1, 2, lazily(groupby), "iterable key"],
  zip_longest: native("zip_longest", 0, Infinity, zipLongest),
  izip_longest: zipLongest,
  tee: [1, 2, (source, times = 2) => {
    const items = list(source);
    return new PyTuple(Array.from({ length: Number(times) }, () => gen(items[Symbol.iterator]())));
  }],
});
