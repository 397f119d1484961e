/**
 * Memory that is free is given back early where the engine would wait for too long.
 *
 * @module
 */

/** Characters from which a record is large: it has many parts, of which the engine keeps much for long. */
const largeRecord = 2000;

/** Milliseconds between two looks at the memory, which are a call to the system each. */
const betweenLooks = 10;

/** When a collection is worth it. */
interface Pace {
  /** Bytes by which the memory of the process has grown at least since the last collection. */
  readonly growth: number;
  /** How many times as long as that one took has passed by then; less where the memory has grown by more. */
  readonly rest: number;
}

const paces: Readonly<Record<"large" | "small", Pace>> = {
  large: { growth: 8_000_000, rest: 1 },
  small: { growth: 32_000_000, rest: 250 },
};

/** What a collector looks at, and what it does. */
export interface CollectorSettings {
  /** Bytes of memory that the process has. */
  readonly memory: () => number;
  readonly collect: () => void;
  /** Milliseconds of a clock. */
  readonly now: () => number;
}

/**
 * Collects garbage while records go through. The engine waits until its heap has grown to a share of the
 * machine's memory, which is hundreds of megabytes when records have many parts; of small records it keeps
 * what its quick collections once took for long-lived, until that is several times what is in use.
 */
export class GarbageCollector {
  readonly #settings: CollectorSettings;
  /** Bytes after the last collection; fewer where the system took some back since. */
  #least = Number.POSITIVE_INFINITY;
  #nextLook = Number.NEGATIVE_INFINITY;
  /** When the last collection ended; before the first, when the first look was. */
  #ended: number | undefined;
  /** Milliseconds that the last collection took; before the first, what one takes of a small heap. */
  #took = 5;

  constructor(settings: CollectorSettings) {
    this.#settings = settings;
  }

  /** Collects where it is worth it, after so many records of so many characters in all went through. */
  look(records: number, size: number): void {
    const { memory, collect, now } = this.#settings;
    const begun = now();
    if (begun < this.#nextLook) return;
    this.#nextLook = begun + betweenLooks;
    const bytes = memory();
    this.#least = Math.min(this.#least, bytes);
    const { growth, rest } = paces[size >= records * largeRecord ? "large" : "small"];
    this.#ended ??= begun;
    const times = (bytes - this.#least) / growth;
    if (times < 1 || (begun - this.#ended) * times < this.#took * rest) return;
    collect();
    this.#least = memory();
    this.#ended = now();
    this.#took = this.#ended - begun;
    this.#nextLook = this.#ended + betweenLooks;
  }
}

const collector = new GarbageCollector({
  memory: () => process.memoryUsage.rss(),
  collect: () => Bun.gc(true),
  now: () => performance.now(),
});

/**
 * Called after so many records of so many characters in all went through, whoever works on them: they share
 * the memory of the process, and so what is done about it.
 */
export function collectGarbage(records: number, size: number): void {
  collector.look(records, size);
}
