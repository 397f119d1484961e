/**
 * The text of what records are inside the sandbox, and of the helpers that read them.
 *
 * @module
 */

/**
 * A function expression that gives the record tools. A sealed record is frozen to its depths; a key
 * that it lacks reads as null, and it has no methods but those of its prototype.
 */
export const recordsText = String.raw`(function () {
  "use strict";
  const { freeze, keys, setPrototypeOf, getPrototypeOf, hasOwn } = Object;
  const { isArray } = Array;
  const { apply } = Reflect;

  const methods = {
    __proto__: null,
    get(key, fallback = null) { return read(this, key, fallback); },
    hasOwnProperty(key) { return hasOwn(this, key); },
    toString() { return JSON.stringify(this); },
    toJSON: undefined,
  };
  // What a record does not have itself is looked up here; symbols (iteration, conversion) stay undefined.
  const missing = new Proxy(freeze({ __proto__: null }), {
    get(_, key) {
      return typeof key === "symbol" || key === "toJSON" ? undefined : methods[key] ?? null;
    },
    has() { return false; },
    set() { throw new TypeError("a record cannot be changed"); },
  });
  const prototype = freeze({ __proto__: missing });
  const nothing = freeze({
    __proto__: new Proxy(freeze({ __proto__: null }), {
      get(_, key) { return typeof key === "symbol" ? undefined : null; },
    }),
  });

  function isRecord(thing) {
    return typeof thing === "object" && thing !== null && getPrototypeOf(thing) === prototype;
  }

  function read(object, key, fallback) {
    return hasOwn(object, key) ? object[key] : fallback;
  }

  /** Freezes a value fresh from JSON, in place. */
  function seal(value) {
    if (typeof value !== "object" || value === null) return value;
    if (isArray(value)) {
      for (let i = 0; i < value.length; i++) {
        if (typeof value[i] === "object") seal(value[i]);
      }
      return freeze(value);
    }
    const names = keys(value);
    for (let i = 0; i < names.length; i++) {
      const inner = value[names[i]];
      if (typeof inner === "object") seal(inner);
    }
    return freeze(setPrototypeOf(value, prototype));
  }

  /** object.get(key, ...rest), whatever the object. */
  function get(object, ...rest) {
    if (object === null || object === undefined) return rest[1] ?? null;
    if (isRecord(object)) return read(object, rest[0], rest.length > 1 ? rest[1] : null);
    return apply(object.get, object, rest);
  }

  /** A copy in which what is missing is undefined, for patterns with defaults. */
  function plain(value) {
    if (!isRecord(value)) return value ?? {};
    const copy = {};
    for (const key of keys(value)) {
      if (key !== "__proto__") copy[key] = plainInside(value[key]);
    }
    return copy;
  }
  function plainInside(value) {
    return isRecord(value) ? plain(value) : value;
  }

  /** The lookup of mappings: "a.0.b"; a key with dots in it is found as well. */
  function get_field_value(data, path, fallback = null) {
    const found = follow(data, String(path));
    return found === null || found === undefined ? fallback : found;
  }
  function follow(data, path) {
    if (data === null || data === undefined || typeof data !== "object") return null;
    const dot = path.indexOf(".");
    if (dot > 0) {
      const head = path.slice(0, dot);
      if (isArray(data) && /^[0-9]+$/.test(head)) return follow(data[Number(head)], path.slice(dot + 1));
      if (!isArray(data) && hasOwn(data, head)) return follow(data[head], path.slice(dot + 1));
    }
    return !isArray(data) && hasOwn(data, path) ? data[path] : null;
  }

  /** An extension attribute of a Jamf record. */
  function cae(record, attribute, fallback = null) {
    for (const entry of follow(record, "extension_attributes") ?? []) {
      if (read(entry, "name", null) === attribute) return read(entry, "value", null);
    }
    return fallback;
  }

  return freeze({ nothing, isRecord, seal, get, plain, get_field_value, cae });
})`;
