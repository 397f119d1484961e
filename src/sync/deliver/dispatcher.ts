/**
 * Takes batches to the workers that deliver them; with an outbox, only after they are durable there.
 *
 * @module
 */

import { messageOf } from "../../base/errors.ts";
import type { MappedRecord } from "../../base/record.ts";
import type { RefusedRecord, RunOutbox } from "../../state/state.ts";
import type { BuiltBatch } from "./batch_builder.ts";

/** Keeps batches until they were answered. Everything rejects with `AgentError` when it cannot. */
export type Outbox = Pick<RunOutbox, "put" | "acknowledge" | "keepAnswers">;

/** A batch in flight; what is in neither list was accepted. */
export interface Batch {
  readonly records: readonly MappedRecord[];
  /** The records as JSON, written once for the outbox and for the request. */
  readonly text: string | undefined;
  /** Bytes of that text, as far as it is known. */
  readonly bytes: number;
  /** Its id in the outbox; absent without one. */
  readonly id: number | undefined;
  /** What Oomnitza had its say about. */
  readonly refused: RefusedRecord[];
  /** What was not answered and stays in the outbox. */
  readonly pending: MappedRecord[];
}

/** What a dispatcher works with. */
export interface DispatcherSettings {
  readonly outbox: Outbox | undefined;
  /** Batches that may be in flight at once. */
  readonly limit: () => number;
  /** Delivers a batch; must not throw. */
  readonly deliver: (batch: Batch) => Promise<void>;
  /** Called with records that could not be made durable and are not sent; where they come from still has them. */
  readonly onUnstored: (records: readonly MappedRecord[], error: Error) => void;
}

/**
 * Batches that are made durable together: a disk takes one write of eight in about the time of one
 * write of one.
 */
const groupSize = 8;

/** Batches that may wait for a worker: while one group is brought to the disk, the next is gathered. */
const maxWaiting = 2 * groupSize;

/**
 * Bytes of batches that wait for a worker, beyond which nothing is taken: each is in memory several times,
 * as records, as text and as what is written into the state file.
 */
const maxWaitingBytes = 8_000_000;

function sumBytes(batches: readonly { readonly bytes: number }[]): number {
  return batches.reduce((sum, { bytes }) => sum + bytes, 0);
}

function toBatch(built: BuiltBatch, id?: number): Batch {
  return { ...built, id, refused: [], pending: [] };
}

/** Makes a batch of records that wait in the outbox. */
export function createBatch(records: readonly MappedRecord[], id: number): Batch {
  return { records, text: undefined, bytes: 0, id, refused: [], pending: [] };
}

/** Batches in flight. */
export class Dispatcher {
  readonly #settings: DispatcherSettings;
  readonly #running = new Set<Promise<void>>();
  /** Not written yet. */
  #gathered: BuiltBatch[] = [];
  /** Written, and on their way to the disk: in groups, which get there in their order. */
  readonly #storing = new Map<Promise<void>, readonly BuiltBatch[]>();
  /** Durable, and waiting for a worker. */
  #ready: Batch[] = [];

  constructor(settings: DispatcherSettings) {
    this.#settings = settings;
  }

  /** Takes a batch; the promise, when there is one, must be awaited before the next. Never throws. */
  add(built: BuiltBatch): Promise<void> | undefined {
    this.#gathered.push(built);
    this.#begin();
    return this.#isFull ? this.#waitForRoom() : undefined;
  }

  /** Waits until every batch was delivered. Never throws. */
  async finish(): Promise<void> {
    this.#flush();
    while (this.#running.size + this.#storing.size > 0) await this.#waitForOne();
  }

  get #isFull(): boolean {
    if (this.#settings.outbox === undefined) {
      return this.#running.size >= this.#settings.limit() && this.#ready.length > 0;
    }
    const waiting = [...this.#storing.values()].reduce((sum, { length }) => sum + length, 0) +
      this.#ready.length + this.#gathered.length;
    return waiting > maxWaiting || this.#waitingBytes >= maxWaitingBytes;
  }

  get #waitingBytes(): number {
    const storing = [...this.#storing.values()].reduce((sum, group) => sum + sumBytes(group), 0);
    return storing + sumBytes(this.#ready) + sumBytes(this.#gathered);
  }

  async #waitForRoom(): Promise<void> {
    while (this.#isFull) await this.#waitForOne();
  }

  #waitForOne(): Promise<void> {
    return Promise.race([...this.#running, ...this.#storing.keys()]);
  }

  /**
   * Begins what can begin. What is gathered is written when it is many, or when the workers will soon have
   * nothing else to do.
   */
  #begin(): void {
    const isLarge = this.#gathered.length >= groupSize ||
      sumBytes(this.#gathered) * 2 >= maxWaitingBytes;
    const isDue = this.#storing.size === 0 && this.#ready.length < this.#settings.limit();
    if (isLarge || isDue || this.#settings.outbox === undefined) this.#flush();
    this.#start();
  }

  /** Makes durable what is gathered. */
  #flush(): void {
    const group = this.#gathered;
    if (group.length === 0) return;
    this.#gathered = [];
    const { outbox } = this.#settings;
    if (outbox === undefined) {
      this.#ready.push(...group.map((built) => toBatch(built)));
      return;
    }
    const stored = this.#store(outbox, group).finally(() => {
      this.#storing.delete(stored);
      this.#begin();
    });
    this.#storing.set(stored, group);
  }

  /** Writes a group, and waits until it is on the disk. Never throws. */
  async #store(outbox: Outbox, group: readonly BuiltBatch[]): Promise<void> {
    try {
      const ids = await outbox.put(group);
      this.#ready.push(...group.map((built, index) => toBatch(built, ids[index])));
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(messageOf(thrown));
      for (const { records } of group) this.#settings.onUnstored(records, error);
    }
  }

  #start(): void {
    while (this.#running.size < this.#settings.limit()) {
      const batch = this.#ready.shift();
      if (batch === undefined) return;
      const task: Promise<void> = this.#settings.deliver(batch).finally(() => {
        this.#running.delete(task);
        this.#begin();
      });
      this.#running.add(task);
    }
  }
}
