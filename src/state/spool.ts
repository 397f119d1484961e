/**
 * Webhook events on the disk of this machine, for the time in which the state that several agents share
 * cannot be reached. It is a state file, of which only the inbox is used.
 *
 * @module
 */

import { AgentError, messageOf } from "../base/errors.ts";
import { acquireLock, type Lock } from "../runtime/lock.ts";
import type { Sqlite } from "../runtime/sqlite.ts";
import { openState, withoutWaiting } from "./file.ts";
import { type InboxSettings, mostWaiting, StateInbox } from "./inbox.ts";
import type { InboxEvent } from "./state.ts";

/** An event as it is in the spool; `events` is how many it stood for when it was read. */
export interface SpooledEvent extends InboxEvent {
  readonly id: number;
  readonly received: number;
  readonly events: number;
}

/** Characters of the bodies that are read at a time. */
const mostCharacters = 4_000_000;

/** The spool of one process, open. */
export class Spool {
  readonly path: string;
  readonly #lock: Lock;
  readonly #inbox: StateInbox;
  readonly #database: Sqlite;
  /** Entries at most: those that fell together are counted apart until the next count. */
  #atMost: number;

  /**
   * Opens the file, which is created when it is not there.
   *
   * @throws {AgentError} when it cannot be used, or another process uses it.
   */
  constructor(settings: InboxSettings) {
    this.path = settings.path;
    this.#lock = lockSpool(settings.path);
    try {
      this.#inbox = new StateInbox(settings);
      this.#database = openState(settings.path);
      this.#atMost = this.count();
    } catch (thrown) {
      this.#lock.release();
      throw unusable(this.path, thrown);
    }
  }

  /** How many events are in it; those about the same are one. */
  count(): number {
    // All rows are such; put like this, the index of what waits is counted and not the bodies.
    const [row] = this.#database.rows(
      "SELECT count(*) AS entries FROM inbox WHERE owner IS NULL AND is_dead = 0",
    );
    return Number(row?.entries);
  }

  /** Whether no event is in it. */
  get isEmpty(): boolean {
    return this.#database.rows("SELECT 1 FROM inbox LIMIT 1").length === 0;
  }

  /** Whether nothing came after an event. */
  isLast({ id }: SpooledEvent): boolean {
    return this.#database.rows("SELECT 1 FROM inbox WHERE id > ? LIMIT 1", id).length === 0;
  }

  /**
   * Keeps events: they are in the file when this returns, and on the disk when it resolves. Without events it
   * is a trial.
   */
  async add(events: readonly InboxEvent[]): Promise<void> {
    this.#makeRoom(events.length);
    try {
      await this.#inbox.add(events);
    } catch (thrown) {
      throw unusable(this.path, thrown);
    }
  }

  /** The first ones to come, in the order in which they came: at least one, and not more than a few megabytes. */
  oldest(limit: number): SpooledEvent[] {
    const rows = this.#database.rows(
      `SELECT id, section, key, body, due, received, events FROM (
          SELECT *, sum(length(body)) OVER (ORDER BY id) - length(body) AS before
            FROM (SELECT * FROM inbox ORDER BY id LIMIT ?))
        WHERE before < ? ORDER BY id`,
      limit,
      mostCharacters,
    );
    return rows.map((row) => ({
      id: Number(row.id),
      section: String(row.section),
      key: row.key === null ? null : String(row.key),
      body: String(row.body),
      due: Number(row.due),
      received: Number(row.received),
      events: Number(row.events),
    }));
  }

  /** Removes events as they were read; one that a newer event took the place of since stays, for that one. */
  remove(events: readonly SpooledEvent[]): void {
    // What a power failure takes back is forwarded again.
    withoutWaiting(this.#database, () =>
      this.#database.transaction(() => {
        for (const { id, events: count } of events) {
          this.#database.run("DELETE FROM inbox WHERE id = ? AND events = ?", id, count);
          this.#database.run("UPDATE inbox SET events = events - ? WHERE id = ?", count, id);
        }
      }));
  }

  /** Ends; what is in it stays. */
  async close(): Promise<void> {
    try {
      this.#database.close();
      await this.#inbox.close();
    } finally {
      this.#lock.release();
    }
  }

  #makeRoom(count: number): void {
    if (this.#atMost + count > mostWaiting) this.#atMost = this.count();
    if (this.#atMost + count > mostWaiting) {
      throw new AgentError(`${this.#atMost} webhook events wait already in ${this.path}`, {
        hint: "They are forwarded when the state can be reached: the log says why it cannot.",
        retriable: true,
      });
    }
    this.#atMost += count;
  }
}

/** The error for a spool that fails. */
function unusable(path: string, thrown: unknown): AgentError {
  const cause = thrown instanceof AgentError ? thrown.cause ?? thrown : thrown;
  return new AgentError(`Cannot keep webhook events in ${path}: ${messageOf(cause)}`, {
    hint: "The agent must be able to write it and its folder. spool in [state] names another file.",
    // Disks get room again, and the state can be reached again.
    retriable: true,
    cause,
  });
}

/** Takes the spool for this process: two would forward each other's events, and take the room of each other. */
function lockSpool(path: string): Lock {
  try {
    return acquireLock(`${path}.lock`);
  } catch (cause) {
    const isHeld = cause instanceof AgentError && cause.retriable;
    const why = isHeld ? "another agent on this machine uses it" : messageOf(cause);
    throw new AgentError(`Cannot use ${path} for webhook events: ${why}`, {
      hint: isHeld
        ? "Give each agent a file of its own: spool in [state]."
        : "The agent must be able to write its folder. spool in [state] names another file.",
      cause,
    });
  }
}
