/**
 * Webhook events on the disk of this machine, for the time in which the states cannot be reached that keep them.
 * There is one file for a process, with the events of all its tenants.
 *
 * @module
 */

import { AgentError, messageOf } from "../base/errors.ts";
import { acquireLock, type Lock } from "../runtime/lock.ts";
import type { Sqlite } from "../runtime/sqlite.ts";
import { hasLog, openTables, type Tables, withoutWaiting } from "./file.ts";
import { mostWaiting } from "./inbox.ts";
import type { InboxEvent } from "./state.ts";
import { WalSync } from "./wal_sync.ts";

/** An event as it is in the spool; `events` is how many it stood for when it was read. */
export interface SpooledEvent extends InboxEvent {
  readonly id: number;
  readonly received: number;
  readonly events: number;
}

/** How a spool file is used. */
export interface SpoolFileSettings {
  readonly path: string;
  /** Whether it is of many tenants: then none of them may take the room of the others. */
  readonly isShared: boolean;
  /** What names another file, for people: an option and where it is. */
  readonly option?: string | undefined;
  /** Events that fit into it. */
  readonly most?: number | undefined;
}

const tables: Tables = {
  // "OOMS".
  applicationId: 0x4f4f4d53,
  migrations: [[
    // At most one event of a tenant, section and key; `events` is how many it stands for. `received` and `due`
    // are milliseconds since the epoch.
    `CREATE TABLE spool (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      tenant TEXT NOT NULL,
      section TEXT NOT NULL,
      key TEXT,
      body TEXT NOT NULL,
      received INTEGER NOT NULL,
      events INTEGER NOT NULL,
      due INTEGER NOT NULL
    ) STRICT`,
    "CREATE UNIQUE INDEX spool_key ON spool (tenant, section, key)",
    "CREATE INDEX spool_order ON spool (tenant, id)",
  ]],
};

const add = `INSERT INTO spool (tenant, section, key, body, received, due, events)
  VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (tenant, section, key) DO UPDATE SET body = excluded.body, events = events + excluded.events
  RETURNING events`;

/** Characters of the bodies that are read at a time. */
const mostCharacters = 4_000_000;

/** The spool of a process, open. */
export class SpoolFile {
  readonly path: string;
  readonly #settings: SpoolFileSettings;
  readonly #lock: Lock;
  readonly #database: Sqlite;
  /** Absent where commits are on the disk by themselves. */
  readonly #walSync: WalSync | undefined;
  /** How many events are in it, by tenant. */
  readonly #counts = new Map<string, number>();

  /**
   * Opens the file, which is created when it is not there.
   *
   * @throws {AgentError} when it cannot be used, or another process uses it.
   */
  constructor(settings: SpoolFileSettings) {
    this.path = settings.path;
    this.#settings = settings;
    this.#lock = lockSpool(settings);
    try {
      this.#database = openTables(settings.path, tables);
      this.#walSync = hasLog(this.#database) ? new WalSync(settings.path) : undefined;
      for (
        const { tenant, entries } of this.#database.rows(
          "SELECT tenant, count(*) AS entries FROM spool GROUP BY tenant",
        )
      ) this.#counts.set(String(tenant), Number(entries));
    } catch (thrown) {
      this.#lock.release();
      throw this.#unusable(thrown);
    }
  }

  /** The events of one tenant. */
  of(tenant: string): Spool {
    const file = this.#counts;
    return {
      path: this.path,
      count: () => file.get(tenant) ?? 0,
      isLast: (event) => this.#isLast(tenant, event),
      add: (events) => this.#add(tenant, events),
      oldest: (limit) => this.#oldest(tenant, limit),
      remove: (events) => this.#remove(tenant, events),
    };
  }

  /** How many events are in it, by the tenants that have some; those about the same are one. */
  counts(): ReadonlyMap<string, number> {
    return new Map([...this.#counts].filter(([_tenant, count]) => count > 0));
  }

  /** Ends; what is in it stays. */
  close(): void {
    try {
      this.#walSync?.close();
      this.#database.close();
    } finally {
      this.#lock.release();
    }
  }

  #isLast(tenant: string, { id }: SpooledEvent): boolean {
    const later = this.#database.rows(
      "SELECT 1 FROM spool WHERE tenant = ? AND id > ? LIMIT 1",
      tenant,
      id,
    );
    return later.length === 0;
  }

  async #add(tenant: string, events: readonly InboxEvent[]): Promise<void> {
    this.#refuseBeyondRoom(tenant, events.length);
    try {
      const entries = withoutWaiting(
        this.#database,
        () => this.#database.transaction(() => this.#insert(tenant, events)),
      );
      this.#count(tenant, entries);
      // All that is written while the disk is busy shares its next write.
      await this.#walSync?.wait();
    } catch (thrown) {
      throw this.#unusable(thrown);
    }
  }

  /** Gives how many events were none of those that wait already. */
  #insert(tenant: string, events: readonly InboxEvent[]): number {
    const now = Date.now();
    let entries = 0;
    for (const { section, key, body, due, received = now, events: count = 1 } of events) {
      const values = [tenant, section, key, body, received, due, count];
      const [row] = this.#database.rows(add, ...values);
      if (Number(row?.events) === count) entries++;
    }
    if (events.length === 0) {
      // A transaction without changes would not notice a full disk.
      this.#database.rows(add, tenant, "", null, "null", 0, 0, 1);
      this.#database.run("DELETE FROM spool WHERE id = last_insert_rowid()");
    }
    return entries;
  }

  #oldest(tenant: string, limit: number): SpooledEvent[] {
    const rows = this.#database.rows(
      `SELECT id, section, key, body, due, received, events FROM (
          SELECT *, sum(length(body)) OVER (ORDER BY id) - length(body) AS before
            FROM (SELECT * FROM spool WHERE tenant = ? ORDER BY id LIMIT ?))
        WHERE before < ? ORDER BY id`,
      tenant,
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

  #remove(tenant: string, events: readonly SpooledEvent[]): void {
    // What a power failure takes back is forwarded again.
    const removed = withoutWaiting(this.#database, () =>
      this.#database.transaction(() => {
        let entries = 0;
        for (const { id, events: count } of events) {
          entries += this.#database.rows(
            "DELETE FROM spool WHERE id = ? AND events = ? RETURNING id",
            id,
            count,
          ).length;
          this.#database.run("UPDATE spool SET events = events - ? WHERE id = ?", count, id);
        }
        return entries;
      }));
    this.#count(tenant, -removed);
  }

  #count(tenant: string, more: number): void {
    this.#counts.set(tenant, (this.#counts.get(tenant) ?? 0) + more);
  }

  /** Of many tenants, each may have as many events as are free: however many are full, others have room. */
  #refuseBeyondRoom(tenant: string, more: number): void {
    const { most = mostWaiting, isShared } = this.#settings;
    const own = this.#counts.get(tenant) ?? 0;
    const free = most - this.#counts.values().reduce((sum, count) => sum + count, 0) - more;
    if (more === 0 || free >= (isShared ? own + more : 0)) return;
    throw new AgentError(`${own} webhook events wait already in ${this.path}`, {
      hint: "They are forwarded when the state can be reached: the log says why it cannot.",
      retriable: true,
    });
  }

  /** The error for a spool that fails. */
  #unusable(thrown: unknown): AgentError {
    return new AgentError(`Cannot keep webhook events in ${this.path}: ${messageOf(thrown)}`, {
      hint: `The agent must be able to write it and its folder. ${
        optionOf(this.#settings)
      } names another file.`,
      // Disks get room again, and the state can be reached again.
      retriable: true,
      cause: thrown,
    });
  }
}

/** The events of one tenant in a spool file. */
export interface Spool {
  readonly path: string;
  /** How many events are in it; those about the same are one. */
  count(): number;
  /** Whether nothing came after an event. */
  isLast(event: SpooledEvent): boolean;
  /**
   * Keeps events: they are in the file when this returns, and on the disk when it resolves. Without events it
   * is a trial. Throws `AgentError`.
   */
  add(events: readonly InboxEvent[]): Promise<void>;
  /** The first ones to come, in the order in which they came: at least one, and not more than a few megabytes. */
  oldest(limit: number): SpooledEvent[];
  /** Removes events as they were read; one that a newer event took the place of since stays, for that one. */
  remove(events: readonly SpooledEvent[]): void;
}

function optionOf({ option = "spool in [state]" }: SpoolFileSettings): string {
  return option;
}

/** Takes the spool for this process: two would forward each other's events, and take the room of each other. */
function lockSpool(settings: SpoolFileSettings): Lock {
  const { path } = settings;
  try {
    return acquireLock(`${path}.lock`);
  } catch (cause) {
    const isHeld = cause instanceof AgentError && cause.retriable;
    const why = isHeld ? "another agent on this machine uses it" : messageOf(cause);
    throw new AgentError(`Cannot use ${path} for webhook events: ${why}`, {
      hint: isHeld
        ? `Give each agent a file of its own: ${optionOf(settings)}.`
        : `The agent must be able to write its folder. ${optionOf(settings)} names another file.`,
      cause,
    });
  }
}
