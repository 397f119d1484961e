/**
 * From where on the next claim looks for events, so that it does not pass by all that was taken before.
 *
 * Entries of an index stay until the oldest open transaction of the server, of whoever it is, may no longer see
 * them. A claim that began at the first of them would pass by all that were taken since.
 *
 * @module
 */

/**
 * So many milliseconds before what was taken, and before now, nothing new is expected: an event is written a
 * moment after it came.
 */
const marginMs = 100;

/**
 * Every so many milliseconds a claim looks at everything: what other processes give back, or write in a
 * transaction that takes long, may be due earlier than what was taken.
 */
const lookAtAllMs = 1000;

/** The floors of the sections of one process. */
export class ClaimFloors {
  readonly #floors = new Map<string, { due: number | null; readonly lookedAtAll: number }>();

  /**
   * The time by the clock of the database from which the next claim of a section looks, as the server reads it. It is
   * a value, not an expression: of what a function gives, no row is searched for where a table has policies.
   */
  next(section: string): string {
    const now = performance.now();
    const floor = this.#floors.get(section);
    if (floor !== undefined && floor.due !== null && now - floor.lookedAtAll < lookAtAllMs) {
      return new Date(floor.due).toISOString();
    }
    this.#floors.set(section, { due: null, lookedAtAll: now });
    return "-infinity";
  }

  /** Notes what a claim took: the times when it was due, none of them later than now. */
  note(section: string, dues: readonly number[]): void {
    const floor = this.#floors.get(section);
    if (floor === undefined || dues.length === 0) return;
    floor.due = Math.floor(Math.min(...dues)) - marginMs;
  }

  /** Notes that this process writes an event that is due in so many milliseconds. */
  expect(section: string, dueIn: number): void {
    if (dueIn < -marginMs) this.#floors.delete(section);
  }

  /** Has the next claim of each section look at everything. */
  clear(): void {
    this.#floors.clear();
  }
}
