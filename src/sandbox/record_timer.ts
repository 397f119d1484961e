/**
 * The time that one record may take.
 *
 * @module
 */

/** On a machine so busy that we hardly run, a record is stopped after so many times its budget. */
const hardFactor = 4;

/** Watches the time of one record. */
export class RecordTimer {
  readonly #budgetMs: number;
  #expired = false;
  #started = 0;
  #cpu: NodeJS.CpuUsage | undefined;

  constructor(budgetMs: number) {
    this.#budgetMs = budgetMs;
  }

  /** Whether the record has been found to take too long. */
  get expired(): boolean {
    return this.#expired;
  }

  /** Begins anew, with the next record. */
  start(): void {
    this.#expired = false;
    this.#started = performance.now();
    this.#cpu = undefined;
  }

  /**
   * Whether the record has had its time. Time in which a busy machine did not let us run is not held
   * against it: the processor time of this thread counts.
   */
  check(): boolean {
    const elapsed = performance.now() - this.#started;
    if (elapsed < this.#budgetMs / 10) return false;
    this.#cpu ??= process.threadCpuUsage();
    if (elapsed < this.#budgetMs) return false;
    const { user, system } = process.threadCpuUsage(this.#cpu);
    const usedMs = (user + system) / 1000;
    // The first tenth passed before the processor time was looked at.
    this.#expired = usedMs >= this.#budgetMs * 0.9 || elapsed >= this.#budgetMs * hardFactor;
    return this.#expired;
  }
}
