/**
 * Path lookup: from `general.serial_number` to a function that reads it out of a record.
 *
 * A path is split at its dots, one step after another. A step reads an own key of an object, or,
 * when it is all digits, an element of a list. Where an object lacks the key, the whole rest of the
 * path is tried as one literal key, because some sources give keys with dots in them.
 *
 * @module
 */

/** Reads one value out of a record; null when there is none. Never throws. */
export type Lookup = (record: unknown) => unknown;

/** The list index that a step stands for; -1 when it is none. */
function parseIndex(step: string): number {
  return /^[0-9]+$/.test(step) ? Number(step) : -1;
}

/** An element of a list; null when the list is too short or the step was no index. */
function elementAt(list: readonly unknown[], index: number): unknown {
  return index >= 0 && index < list.length ? list[index] ?? null : null;
}

/** An own key of an object; null when absent, so that nothing inherited can be reached. */
function ownKey(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] ?? null : null;
}

/**
 * Compiles a path once, so that each record costs no splitting and no allocation.
 *
 * The path is case-sensitive and has no wildcards, escapes or negative indexes.
 */
export function compilePath(path: string): Lookup {
  const dot = path.indexOf(".");
  const head = dot === -1 ? path : path.slice(0, dot);
  const index = parseIndex(head);
  if (dot === -1) {
    return (record) => {
      if (typeof record !== "object" || record === null) return null;
      return Array.isArray(record) ? elementAt(record, index) : ownKey(record, path);
    };
  }
  const rest = compilePath(path.slice(dot + 1));
  return (record) => {
    if (typeof record !== "object" || record === null) return null;
    if (Array.isArray(record)) return rest(elementAt(record, index));
    if (!Object.hasOwn(record, head)) return ownKey(record, path);
    return rest((record as Record<string, unknown>)[head]);
  };
}

/** Looks up a path that is used only once; {@linkcode compilePath} serves whole runs. */
export function lookUp(record: unknown, path: string): unknown {
  return compilePath(path)(record);
}
