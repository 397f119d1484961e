/**
 * How fast a section goes, and how long it will take, where its source knows how many records there are.
 *
 * @module
 */

import type { Account } from "./account.ts";

/** How far a section is. */
export interface SectionPace {
  /** Records that were read, those that could not be among them. */
  readonly done: number;
  /** Records of the source; undefined where it does not say. */
  readonly total: number | undefined;
  /** Records each second since it began. */
  readonly perSecond: number;
  /** Seconds that are left at that rate; undefined where nobody can tell. */
  readonly secondsLeft: number | undefined;
}

/**
 * Measures a section that began so many milliseconds ago.
 *
 * @param limit records after which reading stops; 0 for no limit
 */
export function measurePace(
  { counts, claimed }: Account,
  sinceMs: number,
  limit = 0,
): SectionPace {
  const done = counts.fetched + counts.unreadable;
  const all = claimed();
  const total = all === undefined || limit === 0 ? all : Math.min(all, limit);
  const perSecond = sinceMs > 0 ? done * 1000 / sinceMs : 0;
  const left = total === undefined ? undefined : Math.max(0, total - done);
  const secondsLeft = left === undefined || perSecond === 0 ? undefined : left / perSecond;
  return { done, total, perSecond, secondsLeft };
}

/** A number of seconds as people say it: `40 s`, `3 min`, `2 h 5 min`. */
export function describeSeconds(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The pace in words: `60/s`, or `12 % of 1000, 60/s, 15 s left`. */
export function describePace({ done, total, perSecond, secondsLeft }: SectionPace): string {
  const rate = `${Math.round(perSecond)}/s`;
  if (total === undefined) return rate;
  const share = total === 0 ? 100 : Math.min(100, Math.floor(done / total * 100));
  const left = secondsLeft === undefined ? "" : `, ${describeSeconds(secondsLeft)} left`;
  return `${share} % of ${total}, ${rate}${left}`;
}
