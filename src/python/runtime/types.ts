/**
 * The values of Python that JavaScript has no form for, and their types.
 *
 * @module
 */

/** Key under which an object tells its Python type; records (from JSON) cannot have it. */
export const typeKey: unique symbol = Symbol("type");

/** Whatever a body can hold; undefined stands for an argument that was not given. */
export type Value =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | Value[]
  | PyFunction
  | PyObject
  | PyRecord;

/** An object of a Python type. */
export interface PyObject {
  readonly [typeKey]: PyType;
}

/** An object from JSON: the record, or part of it. */
export interface PyRecord {
  readonly [key: string]: Value;
  readonly [typeKey]?: never;
}

/** What has keys: a dict or a part of the record. */
export type Mapping = PyDict | PyRecord;

/** An int as JavaScript holds it. */
export type Int = number | bigint | boolean;

/** A number of any kind. */
export type Numeric = Int | PyFloat;

/** A keyword argument: name and value. */
export type Pair = readonly [string, Value];

/** A function of JavaScript whose arguments are what their names say; Python's callers are checked at run time. */
export type Callable<R = Value> = { bivariant(...args: Value[]): R }["bivariant"];

/** A function that can be called from Python. */
export interface PyFunction extends Callable {
  $name?: string;
  $least?: number | undefined;
  $most?: number | undefined;
  $names?: readonly string[] | undefined;
  /** How many arguments must be given when the function counts them itself. */
  $required?: number;
  /** Calls it with keyword arguments that are not plain arguments by another way. */
  $keywords?: ((args: Value[], pairs: readonly Pair[]) => Value) | undefined;
  $info?: TypeInfo;
  /** The constructor of a built-in type. */
  $make?: Callable;
}

/** A type: a function that constructs its values. */
export interface PyType extends PyFunction {
  $info: TypeInfo;
}

type Hook<R> = Callable<R>;

/** What is known about a type; the functions take a value of the type first. */
export interface TypeInfo {
  name: string;
  base: PyType | undefined;
  readonly methods: Record<string, PyFunction>;
  readonly fields: Record<string, Hook<Value>>;
  readonly statics: Record<string, Value>;
  exception?: boolean;
  truth?: Hook<boolean>;
  equal?: Hook<boolean>;
  /** The difference; undefined where the values have no order. */
  compare?: Hook<number | undefined>;
  operate?: (op: string, a: Value, b?: Value) => Value;
  absolute?: Hook<Value>;
  iterate?: Hook<Value[]>;
  item?: Hook<Value>;
  /** Gives the value of a key that a dict lacks. */
  missing?: Hook<Value>;
  /** What equal values are looked up by. */
  key?: Hook<string>;
  repr?: Hook<string>;
  text?: Hook<string>;
  format?: Hook<string>;
  /** The value as a float, as an int, and rounded. */
  number?: Hook<number | PyFloat>;
  whole?: Hook<number | bigint>;
  round?: Hook<Value>;
  /** Sets an attribute. */
  setField?: Hook<unknown>;
  setItem?: Hook<unknown>;
  contains?: Hook<Value>;
  size?: Hook<Value>;
  call?: Callable;
  /** Gives an attribute that there is not. */
  missingField?: Hook<Value>;
  /** Begins and ends a `with` block. */
  enter?: Hook<Value>;
  exit?: Hook<Value>;
  /** A class of the body. */
  isOwn?: boolean;
  /** The bases after the first. */
  others?: readonly PyType[];
}

/** A method or member: least and most arguments, the function, the names of its arguments. */
export type Entry = readonly [number, number, Callable, string?];
export type Method<S> = { bivariant(self: S, ...args: Value[]): Value }["bivariant"];
/** The same as an entry for a method. */
export type MethodEntry<S> = readonly [number, number, Method<S>, string?];

/** The rules under which the body runs that is at work. */
export interface Rules {
  version: 2 | 3;
  /** Does as Python 2 does where Python 3 would raise an error. */
  lenient: boolean;
  /** A key that the record lacks gives None; else KeyError. */
  openRecord: boolean;
}

/** The rules of now. */
export const state: Rules = { version: 3, lenient: false, openRecord: false };

/** Is it Python 2, or a body that may be of it? */
export function allowsOld(): boolean {
  return state.lenient || state.version === 2;
}

/** A float without a fraction: 1.0. Other floats are plain numbers; whole plain numbers are ints. */
export class PyFloat implements PyObject {
  declare readonly [typeKey]: PyType;
  declare readonly v: number;
  constructor(value: number) {
    this.v = value;
  }
}

/** Holds its items in `a`, and its type for the dispatch of operators. */
export class PyTuple implements PyObject {
  declare readonly [typeKey]: PyType;
  declare readonly a: Value[];
  constructor(items: Value[]) {
    this.a = items;
  }
}

/** Python 3's bytes. */
export class PyBytes implements PyObject {
  declare readonly [typeKey]: PyType;
  /** One character per byte. */
  declare readonly s: string;
  constructor(text: string) {
    this.s = text;
  }
}

/** What a value is looked up by in a dict or set. */
export type HashKey = Value;

/** A dict: values by hash key, and the keys themselves where they differ from it. */
export class PyDict implements PyObject {
  declare readonly [typeKey]: PyType;
  declare m: Map<HashKey, Value>;
  declare o: Map<HashKey, Value> | null;
  /** What makes the values that a defaultdict lacks. */
  declare factory?: Value;
  constructor() {
    this.m = new Map();
    this.o = null;
  }
}

/** A set or frozenset: members by hash key. */
export class PySet implements PyObject {
  declare readonly [typeKey]: PyType;
  declare m: Map<HashKey, Value>;
  declare readonly frozen: boolean;
  constructor(frozen: boolean) {
    this.m = new Map();
    this.frozen = frozen;
  }
}

/** The result of keys(), values() or items() in Python 3. */
export class PyView implements PyObject {
  declare readonly [typeKey]: PyType;
  declare readonly dict: Mapping;
  declare readonly kind: "keys" | "values" | "items";
  /** The list that it became; see PyLazy. */
  declare settled?: Value[];
  constructor(dict: Mapping, kind: "keys" | "values" | "items") {
    this.dict = dict;
    this.kind = kind;
  }
}

/** An iterator or generator. */
export class PyIter implements PyObject {
  declare readonly [typeKey]: PyType;
  declare readonly source: Iterator<Value, unknown, Value>;
  constructor(source: Iterator<Value, unknown, Value>) {
    this.source = source;
  }
  next(): IteratorResult<Value, unknown> {
    return this.source.next();
  }
  [Symbol.iterator](): Iterator<Value, unknown> {
    return this;
  }
}

/**
 * What map(), filter() and zip() give: an iterator in Python 3. Where a body may be of Python 2, it
 * becomes the list (text, tuple) of there as soon as it is used as one.
 */
export class PyLazy extends PyIter {
  declare readonly shape: "list" | "text" | "tuple";
  declare settled: Value[] | undefined;
  constructor(source: Iterator<Value, unknown, Value>, shape: "list" | "text" | "tuple") {
    super(source);
    this.shape = shape;
    this.settled = undefined;
  }
  override [Symbol.iterator](): Iterator<Value, unknown> {
    return this.settled === undefined ? this : this.settled[Symbol.iterator]();
  }
}

/** Python 3 numbers of a `range`, made when they are asked for. */
export class PyRange implements PyObject {
  declare readonly [typeKey]: PyType;
  declare readonly start: number;
  declare readonly stop: number;
  declare readonly step: number;
  declare readonly length: number;
  /** The list that it became; see PyLazy. */
  declare settled?: Value[];
  constructor(start: number, stop: number, step: number) {
    this.start = start;
    this.stop = stop;
    this.step = step;
    this.length = Math.max(0, Math.ceil((stop - start) / step));
  }
  *[Symbol.iterator](): Generator<Value> {
    if (this.settled !== undefined) yield* this.settled;
    else for (let n = 0, value = this.start; n < this.length; n++, value += this.step) yield value;
  }
}

/** What stands between brackets, `start:stop:step`; None where nothing does. */
export class PySlice implements PyObject {
  declare readonly [typeKey]: PyType;
  declare readonly start: Value;
  declare readonly stop: Value;
  declare readonly step: Value;
  constructor(start: Value, stop: Value, step: Value) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }
}

/** A module with its members. */
export class PyModule implements PyObject {
  declare readonly [typeKey]: PyType;
  declare readonly name: string;
  declare readonly members: Record<string, Value>;
  constructor(name: string, members: Record<string, Value>) {
    this.name = name;
    this.members = members;
  }
}

/** A table without the properties that every object has. */
export function emptyTable<T>(parent: Record<string, T> | null = null): Record<string, T> {
  return Object.create(parent);
}

/**
 * Makes a type from the function that constructs its values. `prototype`: of the class of its
 * values.
 */
export function newType(
  name: string,
  base: PyType | undefined,
  construct: Callable,
  prototype?: PyObject,
): PyType {
  const parent = base?.$info;
  const type = Object.assign(construct, {
    $info: {
      name,
      base,
      methods: emptyTable(parent?.methods),
      fields: emptyTable(parent?.fields),
      statics: emptyTable(parent?.statics),
    },
  });
  if (prototype !== undefined) {
    Object.defineProperty(prototype, typeKey, { value: type, writable: true });
  }
  return type;
}

/** Gives a function the names and counts of its arguments, for calls from Python. */
export function native<F extends PyFunction>(
  name: string,
  least: number,
  most: number,
  run: F,
  names?: string,
): F {
  run.$name = name;
  run.$least = least;
  run.$most = most;
  if (names !== undefined) run.$names = names.split(" ");
  return run;
}

/** Adds methods to a type whose values are `S`. */
export function addMethods<S>(type: PyType, methods: Record<string, MethodEntry<S>>): void {
  for (const [name, [least, most, run, names]] of Object.entries(methods)) {
    type.$info.methods[name] = native(name, least, most, run as Callable, names);
  }
}

/** Makes a function that does the same and gives None. */
export function nothing<S>(run: (self: S, ...args: Value[]) => unknown): Method<S> {
  return (self, ...args) => {
    run(self, ...args);
    return null;
  };
}

/** Gives a method of a type its way of taking keyword arguments; the value itself comes first. */
export function setKeywords(
  type: PyType,
  name: string,
  call: (args: Value[], pairs: readonly Pair[]) => Value,
): void {
  const method = type.$info.methods[name];
  if (method === undefined) throw new Error(`no method ${name}`);
  method.$keywords = call;
}

/** Adds attributes to a type whose values are `S`. */
export function addFields<S>(
  type: PyType,
  fields: Record<string, { bivariant(self: S): Value }["bivariant"]>,
): void {
  Object.assign(type.$info.fields, fields);
}

/** Hooks of a type whose values are `S`. */
export interface Hooks<S> {
  truth?(self: S): boolean;
  equal?(a: S, b: S): boolean;
  compare?(a: S, b: S): number | undefined;
  operate?(op: string, a: Value, b?: Value): Value;
  absolute?(self: S): Value;
  iterate?(self: S): Value[];
  item?(self: S, key: Value): Value;
  missing?(self: S, key: Value): Value;
  key?(self: S): string;
  repr?(self: S): string;
  text?(self: S): string;
  format?(self: S, spec: string): string;
}

/** Tells how the values of a type behave. */
export function addHooks<S>(type: PyType, hooks: Hooks<S>): void {
  Object.assign(type.$info, hooks);
}

/** Makes a module or the statics of a type from functions with their counts, or plain values. */
export function members(
  entries: Record<string, Entry | PyFunction | PyObject | string | number>,
  target: Record<string, Value> = emptyTable(),
): Record<string, Value> {
  for (const [name, entry] of Object.entries(entries)) {
    target[name] = isEntry(entry) ? native(name, entry[0], entry[1], entry[2], entry[3]) : entry;
  }
  return target;
}

function isEntry(entry: Entry | Value): entry is Entry {
  return Array.isArray(entry);
}

/** A tuple of the items. */
export function tup(items: Value[]): PyTuple {
  return new PyTuple(items);
}

/** The type that an object tells itself; undefined for JavaScript's own values and records. */
export function ownType(value: Value): PyType | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value[typeKey]
    : undefined;
}

/** Is it an object from JSON: the record, or part of it? */
export function isRecord(value: Value): value is PyRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    value[typeKey] === undefined;
}
