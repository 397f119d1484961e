/**
 * Whether plain bodies are worth it: where they seldom decide, trying them is time lost.
 *
 * @module
 */

import type { PlainSection } from "./section.ts";

/** Records after which it is looked how many of them were decided. */
const trialRecords = 200;
/** Of how many records one has to be decided: trying takes less than a tenth of what the sandbox takes. */
const worthwhile = 10;
/** Records that go through the sandbox untried before the next trial: twice as many each time, up to a limit. */
const restRecords = { first: 10_000, most: 160_000 };

/** Tries the plain bodies of a section, but rests for a while after a trial in which few records were decided. */
export class PlainTrial {
  readonly #section: PlainSection;
  #tried = 0;
  #decided = 0;
  #rest = 0;
  #nextRest = restRecords.first;

  constructor(section: PlainSection) {
    this.#section = section;
  }

  /** Whether the next records go through the sandbox untried; they are counted as gone. */
  rests(records: number): boolean {
    if (this.#rest <= 0) return false;
    this.#rest -= records;
    return true;
  }

  /** What becomes of a record, or undefined when the sandbox has to decide. */
  decide(record: unknown, values: readonly unknown[]): ReturnType<PlainSection> {
    const outcome = this.#section(record, values);
    if (outcome !== undefined) this.#decided++;
    if (++this.#tried === trialRecords) {
      if (this.#decided * worthwhile >= trialRecords) this.#nextRest = restRecords.first;
      else {
        this.#rest = this.#nextRest;
        this.#nextRest = Math.min(this.#nextRest * 2, restRecords.most);
      }
      this.#tried = this.#decided = 0;
    }
    return outcome;
  }
}
