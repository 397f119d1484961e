/**
 * Counts what the web server answered.
 *
 * @module
 */

/** Answers by status, since the start. */
export class Counters {
  readonly #answers = new Map<number, number>();

  /** Counts one answer. */
  count(status: number): void {
    this.#answers.set(status, (this.#answers.get(status) ?? 0) + 1);
  }

  /** Status → how often. */
  get answers(): ReadonlyMap<number, number> {
    return this.#answers;
  }
}
