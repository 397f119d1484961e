/**
 * Takes batches to the workers that deliver them; with an outbox, only after they are durable there.
 *
 * @module
 */

import { messageOf } from "../../base/errors.ts";
import type { MappedRecord } from "../../base/record.ts";
import type { NewBatch, RefusedRecord } from "../../state/outbox.ts";
import type { BuiltBatch } from "./batch_builder.ts";

/** Keeps batches until they were answered. Everything throws `AgentError` when it cannot. */
export interface Outbox {
  /** Makes batches durable, all or none, before they are sent; gives their ids. */
  put(batches: readonly NewBatch[]): readonly number[];
  /** Takes the answer to a batch: the records refused, and those `pending`, which were not answered. */
  acknowledge(
    batchId: number,
    refused: readonly RefusedRecord[],
    pending: readonly MappedRecord[],
  ): void;
}

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
  /** Called with records that could not be made durable and are not sent. */
  readonly onLost: (records: readonly MappedRecord[], error: Error) => void;
}

/**
 * Batches that are made durable together: a disk takes one write of eight in about the time of one
 * write of one.
 */
const groupSize = 8;

/** How long a batch waits for others to be written with, in milliseconds. */
const flushDelayMs = 20;

/**
 * Bytes of batches that wait for a worker, beyond which nothing is taken: each is in memory several times,
 * as records, as text and as what is written into the state file.
 */
const maxWaitingBytes = 16_000_000;

function sumBytes(batches: readonly { readonly bytes: number }[]): number {
  return batches.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Makes a batch of records that wait in the outbox. */
export function createBatch(records: readonly MappedRecord[], id: number): Batch {
  return { records, text: undefined, bytes: 0, id, refused: [], pending: [] };
}

/** Batches in flight. */
export class Dispatcher {
  readonly #settings: DispatcherSettings;
  readonly #running = new Set<Promise<void>>();
  /** Not durable yet. */
  #gathered: BuiltBatch[] = [];
  /** Durable, and waiting for a worker. */
  #ready: Batch[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

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
    while (this.#running.size > 0) await Promise.race(this.#running);
  }

  get #isFull(): boolean {
    if (this.#running.size < this.#settings.limit()) return false;
    const waiting = this.#ready.length + this.#gathered.length;
    if (this.#settings.outbox === undefined) return waiting > 0;
    return waiting > groupSize ||
      sumBytes(this.#ready) + sumBytes(this.#gathered) >= maxWaitingBytes;
  }

  async #waitForRoom(): Promise<void> {
    while (this.#isFull) await Promise.race(this.#running);
  }

  /** Begins what can begin. What is gathered is written when it is many, late, or all that there is. */
  #begin(): void {
    const isIdle = this.#running.size + this.#ready.length === 0;
    const isDue = this.#settings.outbox === undefined || isIdle;
    const isLarge = this.#gathered.length >= groupSize ||
      sumBytes(this.#gathered) * 2 >= maxWaitingBytes;
    if (isDue || isLarge) this.#flush();
    else this.#start();
    if (this.#gathered.length === 0) return;
    this.#timer ??= setTimeout(() => this.#flush(), flushDelayMs);
  }

  /** Makes durable what is gathered, and begins to deliver it. */
  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const group = this.#gathered;
    this.#gathered = [];
    if (group.length > 0) this.#ready.push(...this.#put(group));
    this.#start();
  }

  #put(group: readonly BuiltBatch[]): Batch[] {
    const { outbox, onLost } = this.#settings;
    const batches = group.map((built): Batch => {
      return { ...built, id: undefined, refused: [], pending: [] };
    });
    if (outbox === undefined) return batches;
    try {
      const ids = outbox.put(batches);
      return batches.map((batch, index) => ({ ...batch, id: ids[index] }));
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(messageOf(thrown));
      for (const { records } of group) onLost(records, error);
      return [];
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
