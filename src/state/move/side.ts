/**
 * One end of a move: a state file, or one tenant's state in PostgreSQL.
 *
 * @module
 */

import type { MoveMark, MovePosition, StatePlace } from "./mark.ts";
import type { MovedRow, MovedTable } from "./tables.ts";

/** Some rows of a table, and where the reading goes on; nothing follows when there are no rows. */
export interface MovedPage {
  readonly rows: readonly MovedRow[];
  readonly last: MovePosition | undefined;
}

/** The last ordinal of each section or run, by its name. */
export type Ordinals = ReadonlyMap<string, number>;

/** One end of a move. Everything rejects with `AgentError` when the state fails. */
export interface MoveSide {
  readonly place: StatePlace;
  /** What it remembers of a move. */
  mark(): Promise<MoveMark | undefined>;
  /** Writes that down, or removes it; on the disk when it resolves. */
  setMark(mark: MoveMark | undefined): Promise<void>;
  /** Whether nothing is in it. */
  isEmpty(): Promise<boolean>;
  /**
   * Closes it for everybody with a mark, and gives back events that were taken by processes that are no more.
   *
   * @throws {AgentError} when a process is at work on it, which is named; it is as it was then.
   */
  close(mark: MoveMark): Promise<void>;
  /** Removes all that is in it, some at a time. It is closed. */
  clear(): Promise<void>;
  /** How many rows a table has. */
  count(table: MovedTable): Promise<number>;
  /** The last ordinals of a table. */
  ordinals(table: MovedTable): Promise<Ordinals>;
  /** Takes the last ordinals of a table at the other end, before anything of it is written or read. */
  expect(table: MovedTable, ordinals: Ordinals): void;
  /** Reads rows of a table after some position, at most so many. */
  read(table: MovedTable, after: MovePosition | undefined, limit: number): Promise<MovedPage>;
  /** Adds rows to a table and sets the mark, both or nothing. */
  write(table: MovedTable, rows: readonly MovedRow[], mark: MoveMark): Promise<void>;
  /** Makes what follows from the rows, once all are there: the next numbers to be given, for instance. */
  complete(): Promise<void>;
}
