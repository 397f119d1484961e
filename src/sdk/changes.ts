/**
 * Reading only what changed: the options, what a section remembers for it, and when all is read all the same.
 *
 * A source says how it reads everything and how it reads what changed after a position; which of the two a run
 * does, and what becomes of the position, is decided here alone.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { durationMs, opt } from "./option.ts";
import type { SourceContext, SourceItem } from "./source.ts";

/**
 * The options of a source that can read only what changed.
 *
 * @param what What is read, in the plural: `hosts`.
 */
export function changesOptions(what: string) {
  return {
    mode: opt.choice(
      `Whether all ${what} are read, or only those that changed since the last upload.`,
      ["full", "changes"],
      { default: "full" },
    ),
    full_every: opt.duration(
      `How long after the last upload of all ${what} all are read again, with mode = changes. Only then removed ${what} are noticed.`,
      { default: "168h", advanced: true },
    ),
  } as const;
}

/** Values of {@linkcode changesOptions}. */
export interface ChangesValues {
  readonly mode: "full" | "changes";
  readonly full_every: string;
}

/**
 * How long before the first answer of a run the next one begins to look, in milliseconds: changes may be on
 * their way into the list by then, and clocks of a vendor's servers differ.
 */
export const overlapMs = 60_000;

/** When an answer was made, by the server's clock, in milliseconds since the epoch; nothing where it does not say. */
export function serverTime(headers: Headers): number | undefined {
  const time = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(time) ? undefined : time;
}

/** The position cannot be used: why, as the beginning of a sentence. */
export interface Unusable {
  readonly unusable: string;
}

/** Says how many records there are in all, for the account to be checked against. */
export type ClaimTotal = (count: number) => void;

/** The two ways in which a source reads. */
export interface ChangesReading {
  /** What is read, in the plural: `hosts`. */
  readonly what: string;
  /**
   * What a position belongs to: the address, and every option that decides which records there are. When it
   * is another one, everything is read. Only a digest of it is remembered.
   */
  readonly scope: readonly unknown[];
  /**
   * Reads everything.
   *
   * @returns The position from which the next run reads changes, at or before the beginning of this one;
   * nothing where it cannot be told, so that the next run reads everything again.
   */
  full(total: ClaimTotal): AsyncGenerator<SourceItem, string | undefined>;
  /**
   * Reads what changed after a position that this source returned.
   *
   * @returns The next position, or why this one is of no use: then everything is read, also what was read already.
   */
  changed(position: string): AsyncGenerator<SourceItem, string | Unusable>;
}

/** Names under which a section remembers how far it came. */
const memory = { position: "since", full: "full", scope: "scope" } as const;

/** A context as far as it is needed here. */
type Context = Pick<
  SourceContext<ChangesValues>,
  "cursor" | "log" | "options" | "total" | "wanted"
>;

/**
 * Tells scopes apart. The mapped paths belong to it, since what did not change would lack a field that is
 * mapped from now on; so does the destination, which has nothing of what was sent to another one.
 */
function digestScope({ cursor, wanted }: Context, scope: readonly unknown[]): string {
  const parts = [scope, wanted.everything, [...wanted.paths].sort(), cursor.destination];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** From where changes are read, or why everything is. */
type Start = { readonly position: string } | { readonly reason: string };

async function chooseStart(context: Context, scope: string): Promise<Start> {
  const { cursor, options } = context;
  if (cursor.isFull) return { reason: "This was asked for with --full" };
  const position = await cursor.get(memory.position);
  const full = Number(await cursor.get(memory.full));
  if (position === undefined || !(full > 0)) {
    return { reason: "No earlier upload of all of them is remembered" };
  }
  if (await cursor.get(memory.scope) !== scope) {
    return { reason: "An address, the mapped fields or another option was changed" };
  }
  const age = Date.now() - full;
  if (age >= 0 && age < durationMs(options.full_every)) return { position };
  const time = new Date(full).toISOString();
  return {
    reason: `The last upload of all was at ${time}, and full_every = ${options.full_every}`,
  };
}

function countItems(item: SourceItem): number {
  return Array.isArray(item) ? item.length : 1;
}

/** Gives what a reading gives, and counts it. */
async function* counted<End>(
  items: AsyncGenerator<SourceItem, End>,
  count: (items: number) => void,
): AsyncGenerator<SourceItem, End> {
  for (;;) {
    const { done, value } = await items.next();
    if (done) return value;
    count(countItems(value));
    yield value;
  }
}

/**
 * Reads everything, or what changed since the last upload of which all was accepted, as the options and the
 * memory of the section say. A run of changes never tells that something is gone. What is to be remembered is
 * set when reading has ended, and kept by the run once all was accepted: otherwise the next one reads the same
 * again.
 */
export async function* readByMode(
  context: Context,
  reading: ChangesReading,
): AsyncGenerator<SourceItem> {
  const { cursor, log, options, total } = context;
  const { what } = reading;
  if (options.mode === "full") {
    cursor.readAll();
    yield* reading.full(total);
    return;
  }
  const scope = digestScope(context, reading.scope);
  const start = await chooseStart(context, scope);
  let given = 0;
  const count = (items: number) => void (given += items);
  let reason = "reason" in start ? start.reason : "";
  if ("position" in start) {
    const end = yield* counted(reading.changed(start.position), count);
    if (typeof end === "string") {
      log.info(`Only changes were read: ${given} of the ${what} since the last upload`);
      cursor.set(memory.position, end);
      return;
    }
    reason = end.unusable;
  }
  log[given > 0 || "position" in start ? "warning" : "info"](`${reason}: all ${what} are read`);
  cursor.readAll();
  const before = given;
  const end = yield* reading.full((count) => total(count + before));
  if (end === undefined) return;
  cursor.set(memory.position, end);
  cursor.set(memory.scope, scope);
  // What is read twice blurs what is gone: such a run does not put off the next one that reads everything.
  if (before === 0) cursor.set(memory.full, `${Date.now()}`);
}
