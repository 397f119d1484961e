/**
 * Runs sections side by side: the one runner of `agent upload`, the GUI and the schedule of the service.
 *
 * @module
 */

/** How a queue works. */
export interface QueueSettings {
  /** Sections that run at once, at most. */
  readonly width: number;
  /** The sections that one comes after, by name. */
  readonly after: (section: string) => readonly string[];
}

/**
 * Runs a section, and is told which of those that it comes after it had to wait for. What it throws is for
 * whoever added it.
 */
export type QueuedWork<T> = (waitedFor: readonly string[]) => Promise<T>;

/** A section that waits. */
interface Waiting {
  readonly section: string;
  /** Those that it comes after and that have ended since it waits. */
  readonly waitedFor: string[];
  /** Gives what tells whoever added it how it went; to be called when the section is here no more. */
  readonly begin: () => Promise<() => void>;
  readonly discard: () => void;
}

/**
 * Sections that wait and run, in the order in which they were added. One begins when there is room, when
 * none of its name runs, and when those that it comes after and that are here have ended, however they went.
 */
export class SectionQueue {
  readonly #settings: QueueSettings;
  #waiting: Waiting[] = [];
  /** Never two of one name. */
  readonly #running = new Set<string>();
  #isClosed = false;

  constructor(settings: QueueSettings) {
    this.#settings = settings;
  }

  /** The sections that run now. */
  get running(): readonly string[] {
    return [...this.#running];
  }

  /** Whether a section waits or runs. */
  has(section: string): boolean {
    return this.#running.has(section) || this.#waiting.some((one) => one.section === section);
  }

  /** Runs a section when it is its turn; gives nothing when the queue was closed before. */
  add<T>(section: string, work: QueuedWork<T>): Promise<T | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<T | undefined>();
    const waitedFor: string[] = [];
    this.#waiting.push({
      section,
      waitedFor,
      begin: () =>
        work(waitedFor).then((result) => () => resolve(result), (error) => () => reject(error)),
      discard: () => resolve(undefined),
    });
    // What is added at once is looked at together: the second may have to be before the first.
    queueMicrotask(() => this.#begin());
    return promise;
  }

  /** Begins nothing more: what waits is discarded. */
  close(): void {
    this.#isClosed = true;
    this.#begin();
  }

  #begin(): void {
    if (this.#isClosed) {
      for (const { discard } of this.#waiting.splice(0)) discard();
    }
    while (this.#running.size < this.#settings.width) {
      const next = this.#waiting.find((one) => this.#isFree(one));
      if (next === undefined) return;
      this.#waiting = this.#waiting.filter((one) => one !== next);
      void this.#run(next);
    }
  }

  #isFree({ section }: Waiting): boolean {
    if (this.#running.has(section)) return false;
    return !this.#settings.after(section).some((other) => this.has(other));
  }

  async #run({ section, begin }: Waiting): Promise<void> {
    this.#running.add(section);
    const report = await begin();
    this.#running.delete(section);
    for (const { section: other, waitedFor } of this.#waiting) {
      if (this.#settings.after(other).includes(section)) waitedFor.push(section);
    }
    report();
    this.#begin();
  }
}
