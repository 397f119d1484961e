/**
 * What the program around the runtime gives it: the time and a log.
 *
 * @module
 */

import { raise } from "./errors.ts";
import { flt } from "./numbers.ts";
import type { PyFloat } from "./types.ts";

/** What the host sets. */
export interface Host {
  /** Unix seconds; without it, code that asks for the time fails. */
  now: number | undefined;
  /** Takes a line of the log. */
  log: ((level: string, text: string) => void) | undefined;
}

/** The host of this runtime. */
export const host: Host = { now: undefined, log: undefined };

/** The time as a float of Unix seconds. Raises RuntimeError without one. */
export function now(): number | PyFloat {
  return host.now === undefined
    ? raise("RuntimeError", "the current time is not available here")
    : flt(host.now);
}
