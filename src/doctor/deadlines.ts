/**
 * What vendors end that sections depend on.
 *
 * @module
 */

import type { SectionConfig } from "../config/section.ts";
import { type Countdown, countDown } from "../sdk/deadline.ts";
import { about, type Check } from "./check.ts";

/**
 * What ends of that on which a section depends, at a moment in milliseconds.
 *
 * @param isNewerProved Whether the newer API of its source was proved to give the same.
 */
export function findDeadlines(
  { source, options }: Pick<SectionConfig, "source" | "options">,
  now: number,
  isNewerProved: boolean,
): Countdown[] {
  return (source.deadlines ?? []).filter((deadline) => deadline.concerns(options, isNewerProved))
    .map((deadline) => countDown(deadline, source.title, now));
}

/**
 * The same as checks: a failure in the last days, a warning in the last months.
 *
 * @param isNewerProved As for {@linkcode findDeadlines}.
 */
export function checkDeadlines(
  section: Pick<SectionConfig, "name" | "source" | "options">,
  now: number,
  isNewerProved: boolean,
): Check[] {
  const { ok, warning, failed } = about("deadline", section.name);
  return findDeadlines(section, now, isNewerProved).map(({ severity, message, todo }) =>
    severity === "none"
      ? ok(message, todo)
      : severity === "warning"
      ? warning(message, todo)
      : failed(message, todo)
  );
}
