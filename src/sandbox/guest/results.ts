/**
 * The text that turns what user code returned or threw into plain data, without trusting it.
 *
 * @module
 */

/**
 * A function expression `(isRecord, limits) => { plain, describe }`. `plain` copies a result as JSON and
 * throws a TypeError that says what is wrong with it; `describe` tells of anything thrown.
 */
export const resultsText = String.raw`(function (isRecord, limits) {
  "use strict";
  const { freeze, keys, getPrototypeOf } = Object;
  const { isArray } = Array;
  const { isFinite, isSafeInteger } = Number;
  const RealError = Error;
  const objectPrototype = Object.prototype;
  const Plain = { Date, Map, Set, WeakMap, WeakSet, RegExp, Error };
  const toISOString = Date.prototype.toISOString;
  const { apply } = Reflect;

  let room = 0;
  /** The result as JSON data, and how large it is. */
  function plain(value) {
    room = limits.resultSize;
    const data = copy(value, 0);
    return { data, size: limits.resultSize - room };
  }
  function copy(value, depth) {
    switch (typeof value) {
      case "string":
        take(value.length);
        return value;
      case "boolean":
        return value;
      case "undefined":
        return null;
      case "number":
        if (isFinite(value)) return value;
        throw new TypeError("the result holds " + value + ", which is not a number that can be sent");
      case "bigint":
        if (isSafeInteger(Number(value))) return Number(value);
        throw new TypeError("the result holds an integer that is too large to be sent");
      case "object":
        return value === null ? null : copyObject(value, depth);
      default:
        throw new TypeError("the result holds a " + typeof value + ", which cannot be sent");
    }
  }
  function take(size) {
    room -= size + 1;
    if (room < 0) throw new RangeError("the result is larger than " + limits.resultSize + " characters");
  }
  function copyObject(value, depth) {
    if (depth > limits.resultDepth) {
      throw new RangeError("the result is nested more than " + limits.resultDepth + " deep, or holds itself");
    }
    if (isArray(value)) {
      take(value.length);
      const list = [];
      for (let i = 0; i < value.length; i++) list[i] = copy(value[i], depth + 1);
      return list;
    }
    if (value instanceof Plain.Date) return apply(toISOString, value, []);
    if (getPrototypeOf(value) !== objectPrototype && !isRecord(value)) refuse(value);
    const object = { __proto__: null };
    const names = keys(value);
    for (let i = 0; i < names.length; i++) {
      take(names[i].length);
      object[names[i]] = copy(value[names[i]], depth + 1);
    }
    return object;
  }
  function refuse(value) {
    for (const name of keys(Plain)) {
      if (value instanceof Plain[name]) {
        throw new TypeError("the result holds a " + name + ", which cannot be sent");
      }
    }
  }

  function describe(thrown) {
    try {
      if (thrown instanceof RealError) {
        const stack = typeof thrown.stack === "string" ? thrown.stack : "";
        const name = text(thrown.name);
        const message = text(thrown.message);
        return { text: message === "" ? name : name + ": " + message, position: positionIn(stack) };
      }
      return { text: "threw " + text(thrown), position: null };
    } catch (_) {
      return { text: "threw something that cannot be shown", position: null };
    }
  }
  function text(thing) {
    const shown = typeof thing === "object" && thing !== null ? JSON.stringify(copy(thing, 0)) : String(thing);
    return shown.slice(0, limits.messageSize);
  }
  /** The program and its line where the error was made: the uppermost of its own frames. */
  function positionIn(stack) {
    const found = /user:(\d+):(\d+)/.exec(stack);
    return found === null ? null : [Number(found[1]), Number(found[2])];
  }

  return freeze({ plain, describe });
})`;
