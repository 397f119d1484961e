/**
 * Moves a state from one place to another, whatever keeps it there: in steps that can be repeated, so that a
 * move that was interrupted goes on. What is moved stays where it was, closed, until everything has arrived and
 * was compared.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { AgentError } from "../../base/errors.ts";
import {
  describePlace,
  type MoveMark,
  type MovePosition,
  refuseMoved,
  type StatePlace,
} from "./mark.ts";
import type { MovedPage, MoveSide } from "./side.ts";
import { type MovedTable, movedTables } from "./tables.ts";

/** How far a move is. */
export interface MoveStep {
  readonly kind: "moving" | "comparing";
  readonly table: string;
  /** Rows of the table so far, and all of them. */
  readonly rows: number;
  readonly total: number;
}

/** How a state is moved. */
export interface MoveOptions {
  readonly signal: AbortSignal;
  /** Told after each group of rows. */
  readonly onStep: (step: MoveStep) => void;
}

/** What was moved. */
export interface MovedState {
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
  /** Whether an earlier call had begun it. */
  readonly resumed: boolean;
}

/** Rows that are written by one transaction, and rows that are read at once to be compared. */
const rowsAtOnce = 1000;
const comparedAtOnce = 5000;

/**
 * Moves a state. Afterwards the source is closed and says where the state is.
 *
 * @throws {AgentError} when a process is at work at one of the ends, when the target holds a state already, or
 * when what arrived is not what was there: then the source is still complete.
 */
export async function moveState(
  source: MoveSide,
  target: MoveSide,
  options: MoveOptions,
): Promise<MovedState> {
  const { id, resumed } = await begin(source, target);
  const arriving: MoveMark = { kind: "arriving", id, place: source.place };
  for (const table of movedTables) {
    if (table.scope !== undefined) target.expect(table, await source.ordinals(table));
  }
  await copy(source, target, arriving, options);
  await target.complete();
  const rows = await compare(source, target, options);
  // In this order: until the last step, nobody can work with either.
  await source.setMark({ kind: "left", id, place: target.place });
  await target.setMark(undefined);
  return { rows, resumed };
}

/**
 * Opens a state again that was being moved; what had arrived at the other end stays there, closed.
 *
 * @returns where it was being moved to.
 * @throws {AgentError} when it is not being moved.
 */
export async function cancelMove(source: MoveSide): Promise<StatePlace> {
  const mark = await source.mark();
  if (mark?.kind === "leaving") {
    await source.setMark(undefined);
    return mark.place;
  }
  if (mark !== undefined) refuseMoved(mark, describePlace(source.place));
  throw new AgentError(`${describePlace(source.place)} is not being moved: nothing to cancel`, {
    hint: "It can be used as it is.",
  });
}

function isSamePlace(one: StatePlace, other: StatePlace): boolean {
  return one.kind === other.kind && one.name === other.name;
}

/** Closes both ends, or finds that an earlier call did. */
async function begin(source: MoveSide, target: MoveSide) {
  const [leaving, arriving] = [await source.mark(), await target.mark()];
  const isKnown = leaving !== undefined && leaving.kind !== "arriving" &&
    isSamePlace(leaving.place, target.place);
  // Without progress, it was not certain yet that nothing else is in the target.
  const resumed = isKnown && arriving?.id === leaving.id && arriving.progress !== undefined;
  if (!resumed && (leaving?.kind !== "leaving" || !isKnown)) {
    refuseMoved(leaving, describePlace(source.place));
  }
  if (
    arriving !== undefined && arriving.kind !== "left" && !isSamePlace(arriving.place, source.place)
  ) {
    refuseMoved(arriving, describePlace(target.place));
  }
  if (!resumed && arriving === undefined && !await target.isEmpty()) {
    throw new AgentError(`${describePlace(target.place)} holds a state already`, {
      hint:
        "Nothing was moved. Name another tenant or schema in [state], or another file with --to.",
    });
  }
  const id = isKnown ? leaving.id : crypto.randomUUID();
  if (leaving?.kind !== "left") await source.close({ kind: "leaving", id, place: target.place });
  if (resumed) return { id, resumed };
  try {
    await target.close({ kind: "arriving", id, place: source.place });
  } catch (error) {
    if (leaving === undefined) await source.setMark(undefined);
    throw error;
  }
  await target.clear();
  await target.setMark({
    ...{ kind: "arriving", id, place: source.place },
    progress: { tables: 0 },
  });
  return { id, resumed };
}

/** Copies what has not arrived yet. */
async function copy(
  source: MoveSide,
  target: MoveSide,
  arriving: MoveMark,
  { signal, onStep }: MoveOptions,
): Promise<void> {
  const { tables = 0, after: from } = (await target.mark())?.progress ?? {};
  for (const [index, table] of movedTables.entries()) {
    if (index < tables) continue;
    const total = await source.count(table);
    let after: MovePosition | undefined = index === tables ? from : undefined;
    let rows = after === undefined ? 0 : await target.count(table);
    for (;;) {
      signal.throwIfAborted();
      const page = await source.read(table, after, rowsAtOnce);
      after = page.last;
      const progress = after === undefined ? { tables: index + 1 } : { tables: index, after };
      await target.write(table, page.rows, { ...arriving, progress });
      rows += page.rows.length;
      onStep({ kind: "moving", table: table.name, rows, total });
      if (after === undefined) break;
    }
  }
}

/** Rows of a table and what they hold, in any order. */
interface Digest {
  readonly rows: number;
  readonly sum: bigint;
}

/** Compares both ends; gives how many rows each table has. */
async function compare(
  source: MoveSide,
  target: MoveSide,
  options: MoveOptions,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of movedTables) {
    const there = await digest(source, table, options);
    const here = await digest(target, table, options);
    if (there.rows !== here.rows || there.sum !== here.sum) {
      throw new AgentError(
        `What arrived of ${table.name} in ${
          describePlace(target.place)
        } is not what was there: ${here.rows} of ${there.rows} rows${
          here.rows === there.rows ? ", with other content" : ""
        }`,
        {
          hint:
            'The state is where it was, and complete: "agent state move --cancel" opens it again. Report this.',
        },
      );
    }
    counts[table.name] = here.rows;
  }
  return counts;
}

async function digest(
  side: MoveSide,
  table: MovedTable,
  { signal, onStep }: MoveOptions,
): Promise<Digest> {
  const total = await side.count(table);
  let rows = 0;
  let sum = 0n;
  let after: MovePosition | undefined;
  for (;;) {
    signal.throwIfAborted();
    const page: MovedPage = await side.read(table, after, comparedAtOnce);
    for (const row of page.rows) {
      const hash = createHash("sha256").update(JSON.stringify(row)).digest();
      sum = BigInt.asUintN(128, sum + (hash.readBigUInt64BE(0) << 64n) + hash.readBigUInt64BE(8));
    }
    rows += page.rows.length;
    onStep({ kind: "comparing", table: table.name, rows, total });
    after = page.last;
    if (after === undefined) break;
  }
  if (rows === total) return { rows, sum };
  throw new AgentError(
    `${describePlace(side.place)} has ${total} rows of ${table.name}, and ${rows} can be read`,
    { hint: 'It is damaged. "agent state move --cancel" opens it again. Report this.' },
  );
}
