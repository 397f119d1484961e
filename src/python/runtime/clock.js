/** The only time there is: the one the host gives. @module */

import { raise } from "./errors.js";
import { flt } from "./numbers.js";

/** What the host sets: `now` (Unix seconds or undefined), `converter` and `log`. */
export const host = { now: undefined, converter: undefined, log: undefined };

/** The run's start as a float of Unix seconds. Without one, code that asks for it fails. */
export function now() {
  if (typeof host.now !== "number") raise("RuntimeError", "the current time is not available here");
  return flt(host.now);
}
