/**
 * Rows of a query, as they come in: no more of them are held than the reader is slow.
 *
 * @module
 */

import { SourceError } from "../../base/errors.ts";
import { setOwn } from "../../base/record.ts";
import type { SqlConnection } from "./connection.ts";
import { sqlLostError, sqlQueryError } from "./errors.ts";
import { InexactValue, type SqlColumn, sqlValue } from "./values.ts";

/** A row by the names of its columns; values as JSON has them. */
export type SqlRow = Record<string, unknown>;

/** A value as the driver gives it. */
interface Cell {
  readonly metadata: SqlColumn;
  readonly value: unknown;
}

/** Rows that may wait for the reader before the server is slowed down. */
const fullQueue = 256;

/** Rows between the driver's events and the reader. */
class RowQueue {
  #rows: Cell[][] = [];
  #ended = false;
  #error: unknown;
  #wake: (() => void) | undefined;

  push(row: Cell[]): number {
    this.#wake?.();
    return this.#rows.push(row);
  }

  /** No more rows come; `error` is the reason if that is not the regular end. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wake?.();
  }

  /** All rows that wait; none at the end. What came before an error is given before it is thrown. */
  async take(): Promise<Cell[][]> {
    while (this.#rows.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const rows = this.#rows;
    this.#rows = [];
    if (rows.length === 0 && this.#error !== undefined) throw this.#error;
    return rows;
  }
}

function toRow(cells: readonly Cell[]): SqlRow {
  const row: SqlRow = {};
  for (const { metadata, value } of cells) setOwn(row, metadata.colName, sqlValue(metadata, value));
  return row;
}

function readRow(cells: readonly Cell[]): SqlRow {
  try {
    return toRow(cells);
  } catch (thrown) {
    if (thrown instanceof InexactValue) throw new SourceError(thrown.message);
    throw thrown;
  }
}

/** Rows are made when they are asked for, so that those before one that cannot be read are given. */
function* readAll(rows: readonly (readonly Cell[])[]): Generator<SqlRow> {
  for (const cells of rows) yield readRow(cells);
}

/** Takes the next rows, if the server does not keep silent for too long. */
async function takeInTime(queue: RowQueue, { endpoint, names }: SqlConnection): Promise<Cell[][]> {
  const timer = setTimeout(() => {
    queue.end(sqlLostError(names, `no answer within ${endpoint.silenceMs / 1000} s`));
  }, endpoint.silenceMs);
  try {
    return await queue.take();
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Reads the rows of one query, some at a time. A connection answers one query at a time; when the reader
 * leaves before the end, or anything goes wrong, the connection is closed.
 *
 * @throws {SourceError} What the server says, after all rows that came before it.
 */
export async function* sqlPages(
  connection: SqlConnection,
  sql: string,
): AsyncGenerator<Iterable<SqlRow>> {
  const { driver, names, endpoint: { signal } } = connection;
  signal.throwIfAborted();
  const queue = new RowQueue();
  let paused = false;
  let complete = false;
  const abort = () => queue.end(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  const request = driver.send(sql, (error) => {
    complete = !error;
    queue.end(error ? sqlQueryError(names, error) : undefined);
  });
  request.on("row", (cells: Cell[]) => {
    if (queue.push(cells) < fullQueue || paused) return;
    paused = true;
    request.pause();
  });
  try {
    for (;;) {
      const rows = await takeInTime(queue, connection);
      if (rows.length === 0) break;
      yield readAll(rows);
      signal.throwIfAborted();
      if (!paused) continue;
      paused = false;
      request.resume();
    }
  } finally {
    signal.removeEventListener("abort", abort);
    if (!complete) connection.close();
  }
}

/** Reads the rows of one query one by one; else as {@linkcode sqlPages}. */
export async function* sqlRows(connection: SqlConnection, sql: string): AsyncGenerator<SqlRow> {
  for await (const rows of sqlPages(connection, sql)) yield* rows;
}
