/**
 * The `with` statement: what may be used with it begins and ends a block.
 *
 * @module
 */

import { t } from "./compare.ts";
import { caught, isSubtype, raise } from "./errors.ts";
import { isType, typeName, typeOf } from "./kinds.ts";
import { members, newType, type PyObject, type PyType, typeKey, type Value } from "./types.ts";

/** A `with` block at work. */
interface Block {
  readonly value: Value;
  /** Takes what the block threw; throws it on unless it is suppressed. */
  fail(thrown: unknown): void;
  /** Ends a block that did not fail. */
  end(): void;
}

/** Begins a `with` block. Raises TypeError for what cannot be used so. */
export function beginWith(manager: Value): Block {
  const { enter, exit } = typeOf(manager).$info;
  if (enter === undefined || exit === undefined) {
    raise(
      "TypeError",
      `'${typeName(manager)}' object does not support the context manager protocol`,
    );
  }
  let isOver = false;
  return {
    value: enter(manager),
    fail(thrown) {
      isOver = true;
      const error = caught(thrown);
      if (!t(exit(manager, typeOf(error), error, null))) throw error;
    },
    end() {
      if (!isOver) exit(manager, null, null, null);
    },
  };
}

/** contextlib.suppress: takes exceptions of some types upon itself. */
class Suppress implements PyObject {
  declare readonly [typeKey]: PyType;
  declare readonly types: readonly Value[];
  constructor(types: readonly Value[]) {
    this.types = types;
  }
}
const suppressType: PyType = newType(
  "contextlib.suppress",
  undefined,
  (...types) => new Suppress(types),
  Suppress.prototype,
);
Object.assign(suppressType.$info, {
  enter: () => null,
  exit: (self: Suppress, type: Value) =>
    typeof type === "function" && isType(type) && self.types.some((one) => isSubtype(type, one)),
});

/** The members of contextlib. */
export const contextlibModule: Record<string, Value> = members({ suppress: suppressType });
