/**
 * The last requests a stand-in answered.
 *
 * @module
 */

/** One request under `/api/`. It never holds a token, a password or the fields of a record. */
export interface LoggedRequest {
  /** When it came, milliseconds since 1970. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** Query without the question mark, empty when there is none. */
  readonly query: string;
  /** Status of the answer; `dropped` when the connection was closed instead. */
  readonly status: number | "dropped";
  /** Records it carried, 0 when it was answered before they were looked at. */
  readonly records: number;
  /** Milliseconds until the answer. */
  readonly ms: number;
  /** Kind of the fault that was injected. */
  readonly fault?: string | undefined;
  /** Why it was refused. */
  readonly error?: string | undefined;
}

/** A log that forgets the oldest entries when it is full. */
export class RequestLog {
  readonly #capacity: number;
  readonly #entries: LoggedRequest[] = [];
  /** Where the next entry goes, which is where the oldest one is once the log is full. */
  #next = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Adds one entry. */
  add(entry: LoggedRequest): void {
    if (this.#capacity === 0) return;
    this.#entries[this.#next] = entry;
    this.#next = (this.#next + 1) % this.#capacity;
  }

  /** All entries, oldest first. */
  entries(): LoggedRequest[] {
    return [...this.#entries.slice(this.#next), ...this.#entries.slice(0, this.#next)];
  }

  /** Forgets them. */
  clear(): void {
    this.#entries.length = 0;
    this.#next = 0;
  }
}
