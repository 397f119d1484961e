/**
 * The runtime as translated bodies and the host see it: the global `$py`.
 *
 * @module
 */

import { arrowModule } from "./arrow.ts";
import { builtins } from "./builtins.ts";
import {
  argCount,
  attr,
  attrStrict,
  c0,
  c1,
  c2,
  c3,
  c4,
  ck,
  fn,
  m0,
  m1,
  m2,
  m3,
  m4,
  mk,
  pairs,
  pathGet,
} from "./calls.ts";
import { locals, makeClass } from "./classes.ts";
import {
  base64Module,
  binasciiModule,
  copyModule,
  hashlibModule,
  stringModule,
  typesModule,
} from "./codecs_modules.ts";
import { collectionsModule } from "./collections.ts";
import { eq, ge, gt, is, le, lt, t } from "./compare.ts";
import {
  delitem,
  delslice,
  dict,
  flat,
  item,
  itemStrict,
  makeSet,
  setattr,
  setitem,
  setslice,
} from "./containers.ts";
import { beginWith, contextlibModule } from "./context.ts";
import { dateParserModule } from "./date_text.ts";
import { datetimeModule } from "./datetime.ts";
import { decimalModule } from "./decimals.ts";
import {
  assertion,
  caught,
  importError,
  matches,
  nameError,
  nothingToRaise,
  raise,
  raised,
  unbound,
} from "./errors.ts";
import { fmt, format } from "./format.ts";
import { functoolsModule, operatorModule } from "./functools.ts";
import { host } from "./host.ts";
import { itertoolsModule } from "./itertools.ts";
import { jsonModule } from "./json.ts";
import { mathModule } from "./math.ts";
import { flt } from "./numbers.ts";
import {
  add,
  and,
  contains,
  div,
  div2,
  floordiv,
  iadd,
  inplace,
  invert,
  mod,
  mul,
  neg,
  or,
  pos,
  pow,
  shl,
  shr,
  sub,
  xor,
} from "./operators.ts";
import { endLine, print } from "./output.ts";
import { pathModule } from "./paths.ts";
import { reModule } from "./re.ts";
import { beginCall, endCall, hasChanges } from "./records.ts";
import { b_repr } from "./repr.ts";
import { describe, toHost } from "./result.ts";
import { gen, iter, slice, unpack, unpackStar } from "./sequences.ts";
import { astModule, futureModule, htmlModule, loggingModule, sysModule } from "./small_modules.ts";
import { calendarModule, timeModule } from "./time.ts";
import { PyBytes, PyModule, state, tup, type Value } from "./types.ts";
import { unicodedataModule } from "./unicodedata.ts";
import { oldUrllibModule, oldUrlParseModule, urlParseModule } from "./urls.ts";
import { uuidModule } from "./uuid.ts";
import "./builtin_iteration.ts";
import "./builtin_numbers.ts";
import "./set_methods.ts";
import "./str_methods.ts";

/** Modules by name; translation refuses the others. */
const modules: Record<string, Record<string, Value>> = {
  re: reModule,
  json: jsonModule,
  datetime: datetimeModule,
  time: timeModule,
  calendar: calendarModule,
  math: mathModule,
  string: stringModule,
  collections: collectionsModule,
  itertools: itertoolsModule,
  functools: functoolsModule,
  operator: operatorModule,
  base64: base64Module,
  binascii: binasciiModule,
  hashlib: hashlibModule,
  copy: copyModule,
  types: typesModule,
  unicodedata: unicodedataModule,
  uuid: uuidModule,
  decimal: decimalModule,
  "urllib.parse": urlParseModule,
  urllib: { ...oldUrllibModule, parse: new PyModule("urllib.parse", urlParseModule) },
  urlparse: oldUrlParseModule,
  logging: loggingModule,
  os: { path: new PyModule("os.path", pathModule), sep: "/", linesep: "\n", pathsep: ":" },
  "os.path": pathModule,
  posixpath: pathModule,
  "dateutil.parser": dateParserModule,
  dateutil: { parser: new PyModule("dateutil.parser", dateParserModule) },
  arrow: arrowModule,
  sys: sysModule,
  contextlib: contextlibModule,
  ast: astModule,
  html: htmlModule,
  __future__: futureModule,
};

const loaded = new Map(
  Object.entries(modules).map(([name, all]) => [name, new PyModule(name, all)]),
);

/** import name, or from name import member */
function module(name: string, member?: string): Value {
  const found = loaded.get(name);
  if (found === undefined) throw importError(name);
  if (member === undefined) return found;
  return found.members[member] ??
    raise("ImportError", `cannot import name '${member}' from '${name}'`);
}

/** Begins a body under some rules. */
function enter(version: 2 | 3, lenient: boolean, openRecord: boolean): void {
  state.version = version;
  state.lenient = lenient;
  state.openRecord = openRecord;
}

/** Compares under the rules of Python 3 alone, for code that waits for a TypeError. */
function strictly(
  compare: (a: Value, b: Value) => boolean,
): (a: Value, b: Value) => boolean {
  return (a, b) => {
    const { lenient } = state;
    state.lenient = false;
    try {
      return compare(a, b);
    } finally {
      state.lenient = lenient;
    }
  };
}

/** What translated code calls. */
const operations = {
  enter,
  t,
  eq,
  is,
  in: contains,
  lt,
  ltStrict: strictly(lt),
  leStrict: strictly(le),
  gtStrict: strictly(gt),
  geStrict: strictly(ge),
  le,
  gt,
  ge,
  add,
  sub,
  mul,
  div,
  div2,
  floordiv,
  mod,
  pow,
  shl,
  shr,
  and,
  or,
  xor,
  neg,
  pos,
  invert,
  iadd,
  inplace,
  attr,
  attrStrict,
  setattr,
  item,
  itemStrict,
  slice,
  setitem,
  setslice,
  delitem,
  delslice,
  unpack,
  unpackStar,
  iter,
  tup,
  set: makeSet,
  dict,
  flat,
  pairs,
  bytes: (text: string) => new PyBytes(text),
  flt,
  fmt,
  format,
  c0,
  c1,
  c2,
  c3,
  c4,
  ck,
  m0,
  m1,
  m2,
  m3,
  m4,
  mk,
  pathGet,
  fn,
  argCount,
  nameError,
  unbound,
  gen,
  print,
  raised,
  nothingToRaise,
  caught,
  matches,
  assertion,
  class: makeClass,
  with: beginWith,
  locals,
  module,
  importError,
} satisfies Record<string, unknown>;

/** What the host calls. */
const services = {
  host,
  /** A value as the host may carry it out: plain JSON. Throws what Python's json.dumps would. */
  result: (value: Value): unknown => toHost(value),
  beginCall,
  /** Ends a call: what it printed is logged, what it changed of the record is as before. */
  endCall: (outer: ReturnType<typeof beginCall>): void => {
    endLine();
    endCall(outer);
  },
  hasChanges,
  /** Is the value true, as a filter's result? */
  truth: t,
  describe,
  /** Python's repr(), for tests. */
  repr: b_repr,
  /** The names each module has, for tests. */
  moduleNames: (): Record<string, string[]> =>
    Object.fromEntries(Object.entries(modules).map(([name, all]) => [name, Object.keys(all)])),
};

/** The runtime as translated code and the host see it: the `$py` of both. */
export type Runtime = typeof operations & typeof services & Record<`b_${string}`, Value>;

/** Makes the runtime, with the host's own names beside Python's built-ins. */
export function createRuntime(names: Record<string, Value>): Runtime {
  const known: Record<`b_${string}`, Value> = {};
  for (const [name, value] of Object.entries({ ...builtins, ...names })) known[`b_${name}`] = value;
  return Object.freeze({ ...operations, ...services, ...known });
}

/** Runs something that may enter a body with other rules. */
export function keepRules<T>(run: () => T): T {
  const rules = { ...state };
  try {
    return run();
  } finally {
    Object.assign(state, rules);
  }
}

export { dictGet } from "./container_methods.ts";
export { eq } from "./compare.ts";
export { mark, recordValue } from "./records.ts";
export { item } from "./containers.ts";
export { exception, raise } from "./errors.ts";
export { createLogger } from "./output.ts";
export { toHost } from "./result.ts";
export { iter } from "./sequences.ts";
export { needText } from "./text.ts";
export { isRecord, native, type Pair, PyDict, type Value } from "./types.ts";
