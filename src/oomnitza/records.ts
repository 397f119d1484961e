/**
 * The assets and people that an instance holds, page by page.
 *
 * Documented in Oomnitza's description of API v3, and in "Oomnitza block: Query parameters":
 * `GET /api/v3/assets` and `/api/v3/users` with `fields`, `limit`, `skip` and `sortby`.
 *
 * @module
 */

import { z } from "zod";
import { SinkError } from "../base/errors.ts";
import type { Kind } from "../base/record.ts";
import type { NotReported, OomnitzaReader } from "./client.ts";

/** A record as a list has it: names of fields in lower case. */
export type ListedRecord = Readonly<Record<string, unknown>>;

/** Which field names a record of a kind in the address of a call; it is unique. */
export const idFields: Readonly<Record<Kind, string>> = {
  assets: "equipment_id",
  users: "username",
};

/** Fields of uploads that lists have under another name. */
const listedNames: Readonly<Record<Kind, Readonly<Record<string, string>>>> = {
  assets: {},
  users: { USER: "username" },
};

/** The name that a field of an upload has in lists. */
export function listedName(kind: Kind, field: string): string {
  return listedNames[kind][field.toUpperCase()] ?? field.toLowerCase();
}

/** The name that a field of a list has in uploads. */
export function uploadName(kind: Kind, listed: string): string {
  const other = Object.entries(listedNames[kind]).find(([, name]) => name === listed);
  return other?.[0] ?? listed.toUpperCase();
}

/** The id of a listed record, as text; undefined when the list does not say it. */
export function idOf(kind: Kind, record: ListedRecord): string | undefined {
  const id = record[idFields[kind]];
  return typeof id === "string" || typeof id === "number" || typeof id === "bigint"
    ? String(id)
    : undefined;
}

/** Records that one request asks for; an instance may give fewer. */
const pageSize = 1000;
/** How often in a row the reader goes back because records were deleted meanwhile. */
const maxStepsBack = 10;

const pageAnswer = z.array(z.record(z.string(), z.unknown()));

interface Position {
  skip: number;
  /** Ids of the page before. */
  previous: ReadonlySet<string>;
  stepsBack: number;
}

/**
 * Reads all records of a kind with some fields, by their names in lists, a page at a time.
 *
 * @throws {SinkError} when the instance does not show them, or its pages do not go on.
 */
export async function* readRecords(
  client: Pick<OomnitzaReader, "ask">,
  kind: Kind,
  fields: readonly string[],
): AsyncGenerator<readonly ListedRecord[]> {
  const at: Position = { skip: 0, previous: new Set(), stepsBack: 0 };
  const names = [...new Set([idFields[kind], ...fields])];
  while (true) {
    const page = await readPage(client, kind, names, at.skip);
    if (page === "not_reported") throw notShown(kind);
    const fresh = advance(at, kind, page);
    if (fresh === undefined) continue;
    if (fresh.length === 0) return;
    yield fresh;
  }
}

async function readPage(
  client: Pick<OomnitzaReader, "ask">,
  kind: Kind,
  fields: readonly string[],
  skip: number,
): Promise<readonly ListedRecord[] | NotReported> {
  const answer = await client.ask(`/api/v3/${kind}`, {
    fields: fields.join(","),
    sortby: `${idFields[kind]} asc`,
    limit: String(pageSize),
    skip: String(skip),
  });
  if (answer === "not_reported") return answer;
  const parsed = pageAnswer.safeParse(answer.value);
  if (!parsed.success) return "not_reported";
  return parsed.data.map((record) =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name.toLowerCase(), value]))
  );
}

/**
 * Goes on behind a page; gives what is new in it. Each page begins with the last record of the one
 * before. When it does not, records were deleted meanwhile and others moved up: undefined means that
 * an earlier page is to be read.
 */
function advance(
  at: Position,
  kind: Kind,
  page: readonly ListedRecord[],
): readonly ListedRecord[] | undefined {
  const ids = page.map((record) => idOf(kind, record));
  const isFirst = at.previous.size === 0;
  const known = ids.findLastIndex((id) => id !== undefined && at.previous.has(id));
  // At the beginning of the list, all that was read before is deleted.
  if (!isFirst && known < 0 && at.skip > 0) {
    if (++at.stepsBack > maxStepsBack) throw unsteady(kind);
    at.skip = Math.max(0, at.skip - at.previous.size);
    return undefined;
  }
  if (ids.includes(undefined)) throw unsteady(kind);
  const isSame = known === page.length - 1 && known > 0 && at.stepsBack === 0;
  if (isSame && page.length === at.previous.size) throw unsteady(kind);
  at.stepsBack = 0;
  const fresh = page.slice(known + 1);
  if (fresh.length === 0) return fresh;
  at.previous = new Set(ids.filter((id) => id !== undefined));
  at.skip += page.length - 1;
  return fresh;
}

const nouns: Readonly<Record<Kind, string>> = { assets: "assets", users: "people" };

function notShown(kind: Kind): SinkError {
  return new SinkError(`Oomnitza does not show its ${nouns[kind]} to this account [oomnitza]`, {
    hint: `Give the account the right to read ${nouns[kind]}, or go on without this comparison.`,
  });
}

function unsteady(kind: Kind): SinkError {
  return new SinkError(`Oomnitza's list of ${nouns[kind]} does not go on page by page [oomnitza]`, {
    hint: "Try again when less is changed in Oomnitza.",
    retriable: true,
  });
}
