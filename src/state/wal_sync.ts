/**
 * Waits until what was committed is on the disk, off the thread that works: all who wait at a time share
 * one write of the system.
 *
 * @module
 */

import { closeSync, fdatasync, openSync } from "node:fs";
import { promisify } from "node:util";

/** Brings what was written to an open file to the disk. */
export type SyncFile = (file: number) => Promise<void>;

const syncFile: SyncFile = promisify(fdatasync);

/**
 * The write-ahead log of a database on its way to the disk. A commit under `synchronous = NORMAL` is in the
 * log and not yet on the disk. The log is written in the order of the commits: once one of them is on the
 * disk, so are all before it.
 */
export class WalSync {
  readonly #path: string;
  readonly #syncFile: SyncFile;
  #file: number | undefined;
  /** The write that is under way, and the one after it. */
  #current: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  /** After a write that failed, the system takes for written what is lost: no later one makes up for it. */
  #failure: { readonly thrown: unknown } | undefined;
  #isClosed = false;

  /** @param path The database. Its log must be there when it is waited for. */
  constructor(path: string, sync: SyncFile = syncFile) {
    this.#path = `${path}-wal`;
    this.#syncFile = sync;
  }

  /**
   * Resolves when all that was committed before this call is on the disk. A write that is under way may have
   * begun before the last commit, so the next one is waited for.
   */
  wait(): Promise<void> {
    this.#next ??= this.#follow(this.#current);
    return this.#next;
  }

  /** Ends it once nobody waits any more. */
  close(): void {
    this.#isClosed = true;
    if (this.#current === undefined && this.#next === undefined) this.#closeFile();
  }

  async #follow(before: Promise<void> | undefined): Promise<void> {
    // Those who wait for that one are told when it failed.
    await before?.catch(() => {});
    // Everything that is committed until this line runs goes along.
    this.#current = this.#next;
    this.#next = undefined;
    try {
      if (this.#failure !== undefined) throw this.#failure.thrown;
      await this.#syncFile(this.#file ??= openSync(this.#path, "r+"));
    } catch (thrown) {
      this.#failure ??= { thrown };
      throw thrown;
    } finally {
      this.#current = undefined;
      if (this.#isClosed && this.#next === undefined) this.#closeFile();
    }
  }

  #closeFile(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
