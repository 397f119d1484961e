/**
 * How the time of a run was spent: waiting for the source, waiting for Oomnitza, or at work.
 *
 * @module
 */

/** Whom a run waits for. */
export type Awaited = "source" | "oomnitza";

/** How the time of a run was spent, in milliseconds; together it is all of its time. */
export interface RunTimes {
  readonly source_ms: number;
  /** At work: filters, mapping, comparing, the state file. */
  readonly agent_ms: number;
  /** Waiting for answers to uploads and for the receipt. */
  readonly oomnitza_ms: number;
}

/** Measures a run from when it is made. Where both are waited for at once, it is the source that holds up the rest. */
export class RunClock {
  readonly #now: () => number;
  readonly #spent = { source: 0, agent: 0, oomnitza: 0 };
  readonly #waits = { source: 0, oomnitza: 0 };
  readonly #began: number;
  #last: number;

  /** @param now gives milliseconds that never go back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#began = now();
    this.#last = this.#began;
  }

  /** Milliseconds since it was made. */
  get elapsed(): number {
    return this.#now() - this.#began;
  }

  /** Waits for something, and counts the time from its beginning. */
  async during<T>(awaited: Awaited, begin: () => Promise<T>): Promise<T> {
    this.begin(awaited);
    try {
      return await begin();
    } finally {
      this.end(awaited);
    }
  }

  /** Begins to wait; {@linkcode end} ends that. */
  begin(awaited: Awaited): void {
    this.#note();
    this.#waits[awaited]++;
  }

  /** Ends a wait; where none was begun, it does nothing. */
  end(awaited: Awaited): void {
    this.#note();
    this.#waits[awaited] = Math.max(0, this.#waits[awaited] - 1);
  }

  /** How the time was spent so far. */
  times(): RunTimes {
    this.#note();
    const { source, agent, oomnitza } = this.#spent;
    return {
      source_ms: Math.round(source),
      agent_ms: Math.round(agent),
      oomnitza_ms: Math.round(oomnitza),
    };
  }

  #note(): void {
    const now = this.#now();
    const { source, oomnitza } = this.#waits;
    this.#spent[source > 0 ? "source" : oomnitza > 0 ? "oomnitza" : "agent"] += now - this.#last;
    this.#last = now;
  }
}

/** Seconds as a text: `0.4 s`, `12.5 s`. */
function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 100_000 ? 1 : 0)} s`;
}

/** How the time was spent, as a phrase. */
export function describeTimes({ source_ms, agent_ms, oomnitza_ms }: RunTimes): string {
  return `source ${seconds(source_ms)}, agent ${seconds(agent_ms)}, Oomnitza ${
    seconds(oomnitza_ms)
  }`;
}
