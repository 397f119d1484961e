/**
 * What a check of the doctor comes to.
 *
 * @module
 */

import { AgentError, messageOf } from "../base/errors.ts";

/** `skipped`: could not be looked at, or does not apply. */
export type CheckState = "ok" | "warning" | "failed" | "skipped";

/** One thing that was looked at. */
export interface Check {
  /** What it is about: `tls`, `disk`. */
  readonly area: string;
  /** Section, host or file. */
  readonly subject: string;
  readonly state: CheckState;
  /** What was found, without a full stop. */
  readonly found: string;
  /** What to do about it; absent when there is nothing to do. */
  readonly todo?: string | undefined;
}

/** Makes the checks of one area and subject. */
export function about(area: string, subject: string) {
  const make = (state: CheckState) => (found: string, todo?: string): Check => {
    return { area, subject, state, found, todo };
  };
  return {
    ok: make("ok"),
    warning: make("warning"),
    failed: make("failed"),
    skipped: make("skipped"),
    /** What was thrown, with its own advice or this one. */
    thrown(error: unknown, todo?: string): Check {
      const hint = error instanceof AgentError ? error.hint : undefined;
      return { area, subject, state: "failed", found: messageOf(error), todo: hint ?? todo };
    },
  };
}
