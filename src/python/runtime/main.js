/** The runtime as translated bodies and the host see it: the global `$py`. @module */

import { builtins } from "./builtins.js";
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
} from "./calls.js";
import { host } from "./clock.js";
import {
  base64Module,
  binasciiModule,
  copyModule,
  hashlibModule,
  stringModule,
  typesModule,
} from "./codecs_modules.js";
import { collectionsModule } from "./collections.js";
import { eq, ge, gt, is, le, lt, t } from "./compare.js";
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
} from "./containers.js";
import { datetimeModule } from "./datetime.js";
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
} from "./errors.js";
import { fmt, format } from "./format.js";
import { functoolsModule, operatorModule } from "./functools.js";
import { endLine, print } from "./surroundings.js";
import { itertoolsModule } from "./itertools.js";
import { jsonModule } from "./json.js";
import { mathModule } from "./math.js";
import { flt } from "./numbers.js";
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
} from "./operators.js";
import { reModule } from "./re.js";
import { b_repr } from "./repr.js";
import { describe, toHost } from "./result.js";
import { gen, iter, slice, unpack, unpackStar } from "./sequences.js";
import { calendarModule, timeModule } from "./time.js";
import { PyBytes, PyModule, state, tup } from "./types.js";

/** Modules by name; translation refuses the others. */
const modules = {
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
};

const loaded = new Map(
  Object.keys(modules).map((name) => [name, new PyModule(name, modules[name])]),
);

/** import name, or from name import member */
function module(name, member) {
  const found = loaded.get(name);
  if (found === undefined) throw importError(name);
  if (member === undefined) return found;
  return found.members[member] ??
    raise("ImportError", `cannot import name '${member}' from '${name}'`);
}

/** Begins a body of a version. */
function enter(version) {
  endLine();
  state.version = version;
}

const $py = { // deno-fmt-ignore
  enter,
  t,
  eq,
  is,
  in: contains,
  lt,
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
  bytes: (text) => new PyBytes(text),
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
  module,
  importError,
  /** What the host sets: `now`, `converter(record, name, params)`, `log(level, text)`. */
  host,
  /** A value as the host may carry it out: plain JSON. Throws what Python's json.dumps would. */
  result: (value) => {
    endLine();
    return toHost(value);
  },
  /** Is the value true, as a filter's result? */
  truth: (value) => {
    endLine();
    return t(value);
  },
  /** { type, message, line } of an exception; null when it is none of Python's. */
  describe,
  /** Python's repr(), for tests. */
  repr: (value) => b_repr(value),
  /** The names each module has. */
  moduleNames: () =>
    Object.fromEntries(Object.entries(modules).map(([name, all]) => [name, Object.keys(all)])),
};
for (const name of Object.keys(builtins)) $py[`b_${name}`] = builtins[name];
Object.defineProperty(globalThis, "$py", { value: Object.freeze($py) });
