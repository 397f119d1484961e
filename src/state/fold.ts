/**
 * Takes answered batches into the baseline of their section, some records at a time: each time is one
 * transaction, so that a kill leaves a batch in the one place or in the other.
 *
 * @module
 */

import { decompress } from "../runtime/compress.ts";
import type { Sqlite, SqliteRow, SqliteValue } from "../runtime/sqlite.ts";
import { type ComparedBatch, notAwaited, parseSyncFields } from "./answered_batches.ts";
import { withoutWaiting } from "./file.ts";
import { Fingerprints } from "./fingerprint.ts";
import { unpackIdentities } from "./identities.ts";

/** Where a baseline is kept. */
export interface BaselineHome {
  readonly database: Sqlite;
  readonly section: string;
  /** Id of the destination that the section has now. */
  readonly destination: number;
  /** The error for a state file that fails. */
  readonly unusable: (cause: unknown) => Error;
}

/** The row of a baseline. */
export interface BaselineHead {
  readonly id: number;
  /** Id of the destination that its records were accepted at. */
  destination: number;
  /** The last run that read all of the source. */
  fullRun: string | undefined;
  /** The last answered batch that is in it, 0 when there was none. */
  answer: number;
  /** The run of that batch. */
  answerRun: string | undefined;
  /** The last batch in it before those of that run, 0 when there was none. */
  otherAnswer: number;
}

/** Lists of field names, as JSON, and their ids in the state file. */
export class FieldLists {
  readonly #ids = new Map<string, number>();
  readonly #names = new Map<number, string>();

  idOf(database: Sqlite, fields: string): number {
    const known = this.#ids.get(fields);
    if (known !== undefined) return known;
    database.run("INSERT INTO field_lists (fields) VALUES (?) ON CONFLICT DO NOTHING", fields);
    const [row] = database.rows("SELECT id FROM field_lists WHERE fields = ?", fields);
    const id = Number(row?.id);
    this.#ids.set(fields, id);
    return id;
  }

  namesOf(database: Sqlite, id: number): string {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const [row] = database.rows("SELECT fields FROM field_lists WHERE id = ?", id);
    const names = String(row?.fields ?? "[]");
    this.#names.set(id, names);
    return names;
  }
}

/** The baseline of a section, which is begun when there is none. */
export function loadHead(
  database: Sqlite,
  { section, destination }: Pick<BaselineHome, "section" | "destination">,
): BaselineHead {
  database.run(
    "INSERT INTO baselines (section, destination, answer) VALUES (?, ?, 0) ON CONFLICT DO NOTHING",
    section,
    destination,
  );
  const [row] = database.rows("SELECT * FROM baselines WHERE section = ?", section);
  return {
    id: Number(row?.id),
    destination: Number(row?.destination),
    fullRun: row?.full_run === null ? undefined : String(row?.full_run),
    answer: Number(row?.answer),
    answerRun: row?.answer_run === null ? undefined : String(row?.answer_run),
    otherAnswer: Number(row?.other_answer),
  };
}

/** Records that are taken in by one transaction, give or take a batch: nobody else gets on meanwhile. */
export const maxFoldedRecords = 500;

const nextBatch = `SELECT answered_batches.*, destinations.destination AS text FROM answered_batches
  JOIN destinations ON destinations.id = answered_batches.destination
  WHERE section = ? AND answered_batches.id > ? ORDER BY answered_batches.id LIMIT 1`;

/**
 * Takes in the answered batches of a section that waited longest; gives how many records that were, 0 when
 * nothing waits.
 */
export function foldSome(home: BaselineHome): number {
  const { database, section } = home;
  // Nothing is lost that is not on the disk yet: the batches are then, too, where they were.
  return withoutWaiting(database, () =>
    database.transaction(() => {
      const head = loadHead(database, home);
      const lists = new FieldLists();
      let count = 0;
      const from = head.answer;
      while (count < maxFoldedRecords) {
        const [row] = database.rows(nextBatch, section, head.answer);
        if (row === undefined) break;
        const forgotten = forgetOther(database, head, Number(row.destination));
        count += forgotten > 0 ? forgotten : Math.max(1, takeIn(database, head, lists, row));
      }
      if (count > 0) saveHead(database, head, section, from);
      return count;
    }));
}

/**
 * What was accepted at another destination says nothing about this one: forgets some of it, and gives how
 * many records that were. When nothing is left, the baseline is of this destination.
 */
function forgetOther(database: Sqlite, head: BaselineHead, destination: number): number {
  if (destination === head.destination) return 0;
  head.fullRun = undefined;
  const forgotten = database.rows(
    `DELETE FROM fingerprints WHERE id IN (SELECT id FROM fingerprints WHERE baseline = ? LIMIT ?)
      RETURNING id`,
    head.id,
    maxFoldedRecords,
  );
  if (forgotten.length === 0) head.destination = destination;
  return forgotten.length;
}

function saveHead(database: Sqlite, head: BaselineHead, section: string, from: number): void {
  database.run(
    `UPDATE baselines SET destination = ?, full_run = ?, answer = ?, answer_run = ?, other_answer = ?
      WHERE id = ?`,
    head.destination,
    head.fullRun ?? null,
    head.answer,
    head.answerRun ?? null,
    head.otherAnswer,
    head.id,
  );
  database.run(
    `DELETE FROM answered_batches WHERE section = ? AND id > ? AND id <= ? AND ${notAwaited}`,
    section,
    from,
    head.answer,
  );
}

/** Saves so many records of a run: its baseline and itself, then of each the key, fields, values and identity. */
function saveFingerprints(count: number): string {
  const rows = Array.from({ length: count }, (_, index) => {
    const first = 3 + 4 * index;
    return `(?1, ?${first}, ?${first + 1}, ?${first + 2}, ?2, ?${first + 3}, 0, 0)`;
  });
  return `INSERT INTO fingerprints (baseline, key, fields, vals, run, identity, must_send, missed)
  VALUES ${rows.join(", ")}
  ON CONFLICT (baseline, key) DO UPDATE SET
    must_send = CASE WHEN run = excluded.run AND (vals <> excluded.vals
      OR fields <> excluded.fields OR must_send = 1 OR missed > 0) THEN 1 ELSE 0 END,
    fields = excluded.fields, vals = excluded.vals, run = excluded.run, missed = 0,
    identity = coalesce(excluded.identity, identity)
  WHERE vals <> excluded.vals OR fields <> excluded.fields OR must_send = 1 OR missed > 0
    OR identity IS NOT coalesce(excluded.identity, identity)`;
}

/** Records that one statement saves: a statement for each takes a third longer. */
const savedAtOnce = 10;
const saveSome = saveFingerprints(savedAtOnce);
const saveOne = saveFingerprints(1);

/** What is saved of a record, in the order of the parameters of the statement. */
type SavedRecord = readonly [
  key: string,
  fields: number,
  values: string,
  identity: string | null,
];

/** Saves what a run had accepted, in its order: of two records with one key, the second counts. */
function saveAll(
  database: Sqlite,
  baseline: number,
  run: string,
  records: readonly SavedRecord[],
): void {
  let at = 0;
  for (; at + savedAtOnce <= records.length; at += savedAtOnce) {
    database.run(saveSome, baseline, run, ...records.slice(at, at + savedAtOnce).flat());
  }
  for (const record of records.slice(at)) database.run(saveOne, baseline, run, ...record);
}

const markRefused = "UPDATE fingerprints SET must_send = 1 WHERE baseline = ? AND key = ?";

/** Takes in one batch; gives how many records were looked at. */
function takeIn(
  database: Sqlite,
  head: BaselineHead,
  lists: FieldLists,
  { id, kind, run, records, compared, identities, text }: SqliteRow,
): number {
  if (String(run) !== head.answerRun) {
    head.otherAnswer = head.answer;
    head.answerRun = String(run);
  }
  head.answer = Number(id);
  if (kind === "full") head.fullRun = String(run);
  if (records === null) return 0;
  const changed = findChanged(head, compared ?? null);
  if (changed?.length === 0) return 0;
  const identityOf = unpackIdentities(identities);
  const prints = new Fingerprints(parseSyncFields(String(text)));
  const taken = prints.createAll(decompress(records as Uint8Array), changed);
  const accepted: SavedRecord[] = [];
  for (const [position, print] of taken) {
    if (print?.key === undefined) continue;
    if (kind === "accepted") {
      const list = lists.idOf(database, print.fields);
      accepted.push([print.key, list, print.values, identityOf[position] ?? null]);
    } else {
      database.run(markRefused, head.id, print.key);
    }
  }
  saveAll(database, head.id, String(run), accepted);
  return taken.length;
}

/**
 * The positions of the records that are to be taken in; undefined for all of them. What a run found
 * unchanged is in the baseline as it is, unless another run had something accepted since it was compared.
 */
function findChanged(head: BaselineHead, compared: SqliteValue): readonly number[] | undefined {
  if (compared === null) return undefined;
  const { answer, changed } = JSON.parse(String(compared)) as ComparedBatch;
  return answer === head.otherAnswer ? changed : undefined;
}

/** Whether more than so many answered batches of a section wait to be taken in. */
export function hasMoreAnsweredBatches(database: Sqlite, section: string, than: number): boolean {
  return database.rows(
    `SELECT id FROM answered_batches WHERE section = ? AND id >
      coalesce((SELECT answer FROM baselines WHERE baselines.section = ?), 0)
      ORDER BY id LIMIT 1 OFFSET ?`,
    section,
    section,
    than,
  ).length > 0;
}
