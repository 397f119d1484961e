/**
 * Reading and changing what came from JSON: the record and its parts.
 *
 * All calls for one record share it. A body may change it as any dict or list: what it was before is
 * kept at the first change, and given back when the call is over.
 *
 * @module
 */

import { raise } from "./errors.ts";
import type { PyRecord, Value } from "./types.ts";

// Kept, for the sandbox takes Reflect away from code.
const { defineProperty, deleteProperty } = Reflect;

/** Key of lists that belong to the record. */
const ofRecord: unique symbol = Symbol("of the record");

type MarkedList = Value[] & { [ofRecord]?: true };

/** The own keys of a record, in order. */
export function recordKeys(record: PyRecord): string[] {
  return Object.keys(record);
}

/** Marks a list that belongs to the record, lists inside it too. */
export function mark(value: Value): Value {
  if (!Array.isArray(value)) return value;
  const list: MarkedList = value;
  if (list[ofRecord] === true) return value;
  list[ofRecord] = true;
  for (let at = 0; at < list.length; at++) if (Array.isArray(list[at])) mark(list[at]);
  return value;
}

/** The value of a record's key; undefined when it has none. */
export function recordValue(record: PyRecord, key: string): Value {
  const value = record[key];
  if (
    value === null || typeof value === "string" || typeof value === "number" ||
    typeof value === "boolean"
  ) {
    return value;
  }
  if (value === undefined || !Object.hasOwn(record, key)) return undefined;
  return Array.isArray(value) ? mark(value) : value;
}

/** What was changed, as it was before. */
type Changes = Map<object, Value[] | PyRecord>;

let changes: Changes | null = null;
/** How many parts are changed now, by this call and by those that called it. */
let changed = 0;

/** Whether the record is not what it was: a call has changed it and is not over. */
export function hasChanges(): boolean {
  return changed > 0;
}

/** Begins a call of a body; gives what {@link endCall} needs. */
export function beginCall(): Changes | null {
  const outer = changes;
  changes = null;
  return outer;
}

/** Ends a call of a body: what it changed is as before. */
export function endCall(outer: Changes | null): void {
  if (changes !== null) {
    changed -= changes.size;
    for (const [object, before] of changes) {
      if (Array.isArray(object)) object.splice(0, object.length, ...listOf(before));
      else restore(object, before);
    }
  }
  changes = outer;
}

function listOf(before: Value[] | PyRecord): Value[] {
  return Array.isArray(before) ? before : [];
}

function restore(record: object, before: Value[] | PyRecord): void {
  for (const key of Object.keys(record)) deleteProperty(record, key);
  for (const [key, value] of Object.entries(before)) define(record, key, value);
}

function remember(object: object, before: () => Value[] | PyRecord): void {
  changes ??= new Map();
  if (changes.has(object)) return;
  changes.set(object, before());
  changed++;
}

function define(record: object, key: string, value: Value): void {
  defineProperty(record, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

/** The list, about to be changed. */
export function changeable(items: Value[]): Value[] {
  const list: MarkedList = items;
  if (list[ofRecord] === true) remember(list, () => list.slice());
  return items;
}

/** Sets record[key]. Raises TypeError for a key that is no text. */
export function recordSet(record: PyRecord, key: Value, value: Value): void {
  if (typeof key !== "string") {
    raise("TypeError", "the keys of a record are texts; change a copy: dict(record)");
  }
  remember(record, () => ({ ...record }));
  define(record, key, value);
}

/** Removes record[key]; false when there is none. */
export function recordDelete(record: PyRecord, key: Value): boolean {
  if (typeof key !== "string" || !Object.hasOwn(record, key)) return false;
  remember(record, () => ({ ...record }));
  return deleteProperty(record, key);
}
