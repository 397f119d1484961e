/**
 * The values that classes of bodies bring with them.
 *
 * @module
 */

import { PyError } from "./errors.ts";
import { type PyObject, type PyType, typeKey, type Value } from "./types.ts";

/** An instance of a class of the body. */
export class PyInstance implements PyObject {
  declare readonly [typeKey]: PyType;
  declare readonly attributes: Map<string, Value>;
  constructor(type: PyType) {
    this[typeKey] = type;
    this.attributes = new Map();
  }
}

/** What `@staticmethod`, `@classmethod` and `@property` make of a function. */
export class Wrapped implements PyObject {
  declare readonly [typeKey]: PyType;
  declare readonly kind: string;
  declare readonly run: Value;
  constructor(kind: string, run: Value) {
    this.kind = kind;
    this.run = run;
  }
}
/** What `super()` gives: the methods of the class above. */
export class PySuper implements PyObject {
  declare readonly [typeKey]: PyType;
  declare readonly type: PyType;
  declare readonly self: Value;
  constructor(type: PyType, self: Value) {
    this.type = type;
    this.self = self;
  }
}
/** The instance's own attributes. */
export function attributesOf(value: Value): Map<string, Value> | undefined {
  if (value instanceof PyInstance) return value.attributes;
  return value instanceof PyError ? value.attributes : undefined;
}
