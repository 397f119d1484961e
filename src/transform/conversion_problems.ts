/**
 * Values that converters could not convert: the first of each kind is logged, all are counted.
 *
 * @module
 */

import type { Log } from "../logging/log.ts";
import type { ProblemLevel } from "../sdk/converter.ts";

/** Kinds that are counted separately, so that texts that quote values do not fill the memory. */
const maxKinds = 200;

/** Gathers problems of conversion during a run. */
export interface ConversionProblems {
  /** Notes a problem of a converter with the value of a field. */
  note(converter: string, field: string, problem: string, level?: ProblemLevel): void;
  /** Notes something about the value of a field that no converter said. */
  noteValue(field: string, problem: string): void;
  /** Logs how often each kind came up, when it came up again since the last time. */
  summarise(): void;
  /** Problems so far. */
  readonly count: () => number;
}

/** Creates an empty collection. */
export function createConversionProblems(log: Log): ConversionProblems {
  const kinds = new Map<string, { level: ProblemLevel; count: number; logged: number }>();
  function count(who: string, problem: string, level: ProblemLevel): void {
    const whole = `${who}: ${problem}`;
    const isOverfull = kinds.size >= maxKinds && !kinds.has(whole);
    const label = isOverfull ? `${who}: other problems` : whole;
    const known = kinds.get(label);
    if (known !== undefined) {
      known.count++;
      return;
    }
    kinds.set(label, { level, count: 1, logged: 1 });
    log[level](label);
  }
  return {
    note(converter, field, problem, level = "error") {
      count(`Converter ${converter} of ${field}`, problem, level);
    },
    noteValue: (field, problem) => count(field, problem, "warning"),
    summarise() {
      for (const [label, kind] of kinds) {
        const { level, count, logged } = kind;
        if (count > logged) log[level](`${label}: ${count} times in all`);
        kind.logged = count;
      }
    },
    count: () => [...kinds.values()].reduce((sum, { count }) => sum + count, 0),
  };
}
