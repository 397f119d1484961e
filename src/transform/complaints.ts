/**
 * What converters complain about: the first of each kind is logged, all are counted.
 *
 * @module
 */

import type { Log } from "../base/log.ts";

/** Gathers complaints during a run. */
export interface Complaints {
  /** Notes a complaint of a converter about the value of a field. */
  note(converter: string, field: string, problem: string): void;
  /** Logs how often each kind came up again. */
  summarise(): void;
  /** Complaints so far. */
  readonly count: () => number;
}

/** Creates an empty collection. */
export function createComplaints(log: Log): Complaints {
  const kinds = new Map<string, { label: string; count: number }>();
  return {
    note(converter, field, problem) {
      const label = `Converter ${converter} of ${field}`;
      const known = kinds.get(label);
      if (known !== undefined) {
        known.count++;
        return;
      }
      kinds.set(label, { label, count: 1 });
      log.error(`${label}: ${problem}`);
    },
    summarise() {
      for (const { label, count } of kinds.values()) {
        if (count > 1) log.error(`${label}: complained about ${count} records in all`);
      }
    },
    count: () => [...kinds.values()].reduce((sum, { count }) => sum + count, 0),
  };
}
