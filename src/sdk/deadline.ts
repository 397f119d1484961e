/**
 * What vendors end, as data: doctor and check count down, the docs have a table, and a test looks at
 * what new sections still depend on.
 *
 * @module
 */

/** Something of a vendor that ends. `V` are the values of the source's options. */
export interface Deadline<V = Readonly<Record<string, unknown>>> {
  /** With its article, to be put behind a verb: `API tokens`, `the XML API`. */
  readonly what: string;
  /** The day on which it ends, `2027-04-30`; absent where the vendor has not named one. */
  readonly ends?: string;
  /** The title of the vendor's notice. */
  readonly notice: string;
  /** What takes its place, a phrase for the table of the docs. */
  readonly successor: string;
  /** What to do about it in the section, one sentence. */
  readonly todo: string;
  /**
   * Whether a section depends on it.
   *
   * @param isNewerProved Whether the newer API of the source was proved to give the section the same (`apis`).
   */
  concerns(options: V, isNewerProved: boolean): boolean;
}

/** So many days before the end, there is a warning … */
const warningDays = 180;

/** … and so many days before, and after it, a failure. */
const failureDays = 30;

const dayMs = 86_400_000;

/** How a deadline is from a day. */
export interface Countdown {
  readonly severity: "none" | "warning" | "error";
  /** What was found, without a full stop. */
  readonly message: string;
  readonly todo: string;
}

/** Days from a moment, in milliseconds, to the beginning of a day in UTC; below zero when it is over. */
export function daysUntil(day: string, now: number): number {
  return Math.ceil((Date.parse(`${day}T00:00:00Z`) - now) / dayMs);
}

function describeDays(days: number): string {
  const count = `${Math.abs(days)} ${Math.abs(days) === 1 ? "day" : "days"}`;
  if (days === 0) return "today";
  return days > 0 ? `in ${count}` : `${count} ago`;
}

/** Counts down. `title` is the vendor's name, `now` a moment in milliseconds. */
export function countDown(
  { what, ends, notice, todo }: Omit<Deadline, "concerns">,
  title: string,
  now: number,
): Countdown {
  if (ends === undefined) {
    const message = `${title} has deprecated ${what} without naming an end ("${notice}")`;
    return { severity: "none", message, todo };
  }
  const days = daysUntil(ends, now);
  const verb = days < 0 ? "was to end" : "ends";
  const message = `${title} ${verb} ${what} on ${ends}, ${describeDays(days)} ("${notice}")`;
  const severity = days <= failureDays ? "error" : days <= warningDays ? "warning" : "none";
  return { severity, message, todo };
}
