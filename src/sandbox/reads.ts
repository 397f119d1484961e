/**
 * Which parts of a record some code reads, and records cut down to those parts.
 *
 * @module
 */

import { isObject } from "../base/record.ts";

/**
 * The paths that code reads, each a list of keys from the top of the record; whatever is below a path
 * counts as read. `"everything"` where it cannot be shown.
 */
export type Reads = "everything" | readonly (readonly string[])[];

/** What is read by any of some pieces of code. */
export function unionReads(all: readonly Reads[]): Reads {
  const paths: (readonly string[])[] = [];
  for (const reads of all) {
    if (reads === "everything") return "everything";
    paths.push(...reads);
  }
  const seen = new Map(paths.map((path) => [JSON.stringify(path), path]));
  return [...seen.values()];
}

/** A key's part in the projection: all that is below it, or some keys of it. */
interface Branch {
  whole: boolean;
  readonly keys: Map<string, Branch>;
}

/**
 * Makes the function that cuts a record down to what is read. Values are shared with the record, not
 * copied; a part that is not an object where a path goes on is kept whole.
 */
export function projection(reads: Reads): (record: unknown) => unknown {
  if (reads === "everything") return (record) => record;
  const root: Branch = { whole: false, keys: new Map() };
  for (const path of reads) {
    if (path.includes("__proto__")) return (record) => record;
    addPath(root, path);
  }
  return (record) => cut(root, record);
}

function addPath(root: Branch, path: readonly string[]): void {
  let branch = root;
  for (const key of path) {
    const next = branch.keys.get(key) ?? { whole: false, keys: new Map() };
    branch.keys.set(key, next);
    branch = next;
  }
  branch.whole = true;
}

function cut(branch: Branch, value: unknown): unknown {
  if (branch.whole || !isObject(value)) return value;
  const part: Record<string, unknown> = {};
  for (const [key, below] of branch.keys) {
    if (Object.hasOwn(value, key)) part[key] = cut(below, value[key]);
  }
  return part;
}
