/** The values of Python that JavaScript has no form for, and their types. @module */

/** Key under which an object tells its Python type; records (from JSON) cannot have it. */
export const TYPE = Symbol("type");

/** The version of the body that runs now: 2 or 3. */
export const state = { version: 3 };

/** A float without a fraction: 1.0. Other floats are plain numbers; whole plain numbers are ints. */
export class PyFloat {
  constructor(value) {
    this.v = value;
  }
}

/** A tuple. */
export class PyTuple {
  constructor(items) {
    this.a = items;
  }
}

/** Python 3's bytes. */
export class PyBytes {
  /** `text`: one character per byte. */
  constructor(text) {
    this.s = text;
  }
}

/** A dict: values by hash key, and the keys themselves where they differ from it. */
export class PyDict {
  constructor() {
    this.m = new Map();
    this.o = null;
  }
}

/** A set or frozenset: members by hash key. */
export class PySet {
  constructor(frozen) {
    this.m = new Map();
    this.frozen = frozen;
  }
}

/** The result of keys(), values() or items() in Python 3. */
export class PyView {
  constructor(dict, kind) {
    this.dict = dict;
    this.kind = kind;
  }
}

/** An iterator or generator. */
export class PyIter {
  constructor(source) {
    this.source = source;
  }
  next() {
    return this.source.next();
  }
  [Symbol.iterator]() {
    return this;
  }
}

/** A range. */
export class PyRange {
  constructor(start, stop, step) {
    this.start = start;
    this.step = step;
    this.length = Math.max(0, Math.ceil((stop - start) / step));
    this.stop = stop;
  }
  *[Symbol.iterator]() {
    for (let n = 0, value = this.start; n < this.length; n++, value += this.step) yield value;
  }
}

/** A slice object. */
export class PySlice {
  constructor(start, stop, step) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }
}

/** A module with its members. */
export class PyModule {
  constructor(name, members) {
    this.name = name;
    this.members = members;
  }
}

/**
 * Makes a type. It is a JavaScript function, so that calling it constructs. `methods`: from name
 * to [least, most, function(self, …), keyword names]; `fields`: from name to function(self).
 */
export function newType(name, base, construct, prototype) {
  const info = {
    name,
    base,
    methods: Object.create(base ? base.$info.methods : null),
    fields: Object.create(base ? base.$info.fields : null),
    statics: Object.create(base ? base.$info.statics : null),
  };
  construct.$info = info;
  if (prototype) prototype[TYPE] = construct;
  return construct;
}

/** Gives a function the names and counts of its arguments, for calls from Python. */
export function native(name, least, most, run, names) {
  run.$name = name;
  run.$least = least;
  run.$most = most;
  if (names) run.$names = names.split(" ");
  return run;
}

/** Adds methods to a type. */
export function addMethods(type, methods) {
  for (const name of Object.keys(methods)) {
    const [least, most, run, names] = methods[name];
    type.$info.methods[name] = native(name, least, most, run, names);
  }
}

/** Makes a module or the statics of a type from [least, most, function, names] or plain values. */
export function members(entries, target = Object.create(null)) {
  for (const name of Object.keys(entries)) {
    const entry = entries[name];
    target[name] = Array.isArray(entry)
      ? native(name, entry[0], entry[1], entry[2], entry[3])
      : entry;
  }
  return target;
}

/** A tuple of the items. */
export function tup(items) {
  return new PyTuple(items);
}

/** Is it an object from JSON: the record, or part of it? */
export function isRecord(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    value[TYPE] === undefined;
}
