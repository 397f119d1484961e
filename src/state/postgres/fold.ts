/**
 * Takes answered batches into the baseline of their section, in PostgreSQL, some records at a time: each time
 * is one transaction, so that a batch is in the one place or in the other.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { decompress } from "../../runtime/compress.ts";
import type { PostgresRow } from "../../runtime/postgres.ts";
import { type ComparedBatch, parseSyncFields } from "../answered_batches.ts";
import { type Fingerprint, Fingerprints } from "../fingerprint.ts";
import { unpackIdentities } from "../identities.ts";
import { notAwaited } from "./answered.ts";
import { fromStorable, lockSection, type PgContext, toStorable, writeAsOwner } from "./context.ts";
import type { PgStatements } from "./pg.ts";

/** Where a baseline is kept. */
export interface BaselineHome {
  readonly context: PgContext;
  readonly section: string;
  /** Id of the destination that the section has now. */
  readonly destination: number;
}

/** The row of a baseline. Numbers of answers and runs are as the database gives them. */
export interface BaselineHead {
  /** Id of the destination that its records were accepted at. */
  destination: number;
  /** The last run that read all of the source. */
  fullRun: string | undefined;
  /** The last answered batch that is in it, 0 when there was none. */
  answer: string;
  /** The run of that batch. */
  answerRun: string | undefined;
  /** The last batch in it before those of that run, 0 when there was none. */
  otherAnswer: string;
  /** The last number that was given to a fingerprint. */
  lastSeq: number;
}

/** What stands for a key in an index. */
export function digestOf(key: string): Uint8Array {
  return createHash("sha256").update(key).digest().subarray(0, 16);
}

/**
 * SQL for the fingerprints of some digests, `$3`, as `known`. Each is looked up by itself: of a list, the
 * server without statistics, as after a first upload, takes another index and reads all of the section.
 */
export function printsByDigest(schema: string, columns: string): string {
  return `unnest($3::bytea[]) AS wanted (digest) CROSS JOIN LATERAL (
    SELECT ${columns} FROM ${schema}.fingerprints AS print
      WHERE print.tenant = $1 AND print.section = $2 AND print.digest = wanted.digest LIMIT 1) AS known`;
}

/**
 * SQL that removes the fingerprints of some digests, `$3`, each looked up by itself, too. A place is one in a part
 * of the table, which the tenant names.
 */
export function deleteByDigest(schema: string): string {
  return `DELETE FROM ${schema}.fingerprints WHERE tenant = $1 AND ctid = ANY (ARRAY(
    SELECT known.ctid FROM ${printsByDigest(schema, "print.ctid")}))`;
}

/**
 * SQL for the fingerprints with some identities, `$3`, that were numbered up to `$4`, as `known` with
 * `wanted.identity`: at most two of each, those that were missed least and came last.
 */
export function printsByIdentity(schema: string, columns: string): string {
  return `unnest($3::text[]) AS wanted (identity) CROSS JOIN LATERAL (
    SELECT ${columns} FROM ${schema}.fingerprints AS print
      WHERE ${isIdentified} AND print.seq <= $4::int8
      ORDER BY print.missed, print.seq DESC LIMIT 2) AS known`;
}

/**
 * SQL that is true for the fingerprints, as `print`, with an identity, `wanted.identity`. The section is compared
 * in a way that no index has: without statistics the server would read all of it by its key. The tenant names the
 * part of the table.
 */
export const isIdentified = `md5(print.identity) = md5(wanted.identity)
      AND print.tenant = $1 AND (print.section = $2) IS TRUE
      AND print.identity IS NOT DISTINCT FROM wanted.identity AND print.identity IS NOT NULL`;

/** An identity as its column has it. */
export function parseIdentity(stored: unknown): string | undefined {
  return stored === null ? undefined : fromStorable(stored);
}

/** The baseline of a section; one that is begun when there is none. */
export async function readHead(
  { context: { schema, tenant }, section, destination }: BaselineHome,
  on: PgStatements,
): Promise<BaselineHead> {
  const [row] = await on.rows(
    `SELECT * FROM ${schema}.baselines WHERE tenant = $1 AND section = $2`,
    [tenant, section],
  );
  if (row === undefined) {
    const none = { answer: "0", answerRun: undefined, otherAnswer: "0", lastSeq: 0 };
    return { destination, fullRun: undefined, ...none };
  }
  return {
    destination: Number(row.destination),
    fullRun: row.full_run === null ? undefined : String(row.full_run),
    answer: String(row.answer),
    answerRun: row.answer_run === null ? undefined : String(row.answer_run),
    otherAnswer: String(row.other_answer),
    lastSeq: Number(row.last_seq),
  };
}

/** Batches that one transaction takes in at most, and the records after which it takes no more. */
const maxBatches = 20;
const maxRecords = 1000;

/** What becomes of a fingerprint. */
interface Change {
  readonly key: string;
  fields: string;
  values: string;
  run: string;
  mustSend: boolean;
  missed: number;
  /** As it is stored. */
  identity: string | null;
  readonly seq: number;
  isChanged: boolean;
}

/** A record to be taken in. */
type Taken = Fingerprint & { readonly key: string; readonly identity: string | null };

/**
 * Takes in the answered batches of a section that waited longest; gives how many records that were, 0 when
 * nothing waits.
 */
export async function foldSome(home: BaselineHome): Promise<number> {
  const { context, section } = home;
  const { schema, tenant } = context;
  const [waits] = await context.pg.rows(
    `SELECT 1 FROM ${schema}.answered_batches WHERE tenant = $1 AND section = $2
      AND id > coalesce((SELECT answer FROM ${schema}.baselines
        WHERE tenant = $1 AND section = $2), 0) LIMIT 1`,
    [tenant, section],
  );
  if (waits === undefined) return 0;
  return await writeAsOwner(context, { isAwaited: false }, async (on) => {
    await lockSection(context, on, section);
    const head = await readHead(home, on);
    const from = head.answer;
    const batches = await on.rows(
      `SELECT answered.*, destinations.destination AS text FROM ${schema}.answered_batches AS answered
        LEFT JOIN ${schema}.destinations
          ON destinations.tenant = answered.tenant AND destinations.id = answered.destination
        WHERE answered.tenant = $1 AND section = $2 AND answered.id > $3
        ORDER BY answered.id LIMIT ${maxBatches}`,
      [tenant, section, from],
    );
    const fold = new Fold(home, on, head);
    for (const batch of batches) {
      if (fold.count >= maxRecords || !await fold.takeIn(batch)) break;
    }
    await fold.save();
    await on.rows(
      `DELETE FROM ${schema}.answered_batches WHERE tenant = $1 AND section = $2 AND id > $3 AND id <= $4
        AND ${notAwaited(schema)}`,
      [tenant, section, from, head.answer],
    );
    return fold.count;
  });
}

/** The taking in of one transaction, which has locked the section. */
class Fold {
  /** Records that were looked at. */
  count = 0;
  readonly #home: BaselineHome;
  readonly #on: PgStatements;
  readonly #head: BaselineHead;
  readonly #known = new Map<string, Change>();

  constructor(home: BaselineHome, on: PgStatements, head: BaselineHead) {
    this.#home = home;
    this.#on = on;
    this.#head = head;
  }

  /** Takes in one batch; gives whether the next may follow. */
  async takeIn(
    { id, kind, run, records, compared, identities, destination, text }: PostgresRow,
  ): Promise<boolean> {
    const head = this.#head;
    if (!await this.#turnTo(Number(destination), text !== null)) return false;
    if (String(run) !== head.answerRun) {
      head.otherAnswer = head.answer;
      head.answerRun = String(run);
    }
    head.answer = String(id);
    this.count++;
    if (kind === "full") head.fullRun = String(run);
    if (records === null || text === null) return true;
    const positions = this.#select(compared);
    if (positions?.length === 0) return true;
    const identityOf = unpackIdentities(identities);
    const prints = new Fingerprints(parseSyncFields(String(text)));
    const all = prints.createAll(decompress(records as Uint8Array), positions);
    this.count += all.length;
    const taken = all.flatMap(([position, print]): Taken[] => {
      if (print?.key === undefined) return [];
      const identity = identityOf[position] ?? null;
      return [{ ...print, key: print.key, identity: identity && toStorable(identity) }];
    });
    await this.#apply(taken, String(kind), String(run));
    return true;
  }

  /** Writes what has changed. */
  async save(): Promise<void> {
    const { context: { schema, tenant }, section } = this.#home;
    const head = this.#head;
    await this.#writeChanges();
    await this.#on.rows(
      `INSERT INTO ${schema}.baselines AS known (tenant, section, destination, full_run, answer, answer_run,
          other_answer, last_seq) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (tenant, section) DO UPDATE SET destination = excluded.destination,
          full_run = excluded.full_run, answer = excluded.answer, answer_run = excluded.answer_run,
          other_answer = excluded.other_answer, last_seq = excluded.last_seq`,
      [
        ...[tenant, section, head.destination, head.fullRun ?? null, head.answer],
        ...[head.answerRun ?? null, head.otherAnswer, head.lastSeq],
      ],
    );
  }

  /**
   * What was accepted at another destination says nothing about this one: forgets it, some at a time. Gives
   * whether the baseline is of this destination now.
   */
  async #turnTo(destination: number, isCompared: boolean): Promise<boolean> {
    const head = this.#head;
    if (!isCompared || destination === head.destination) return true;
    const { context: { schema, tenant }, section } = this.#home;
    await this.#writeChanges();
    head.fullRun = undefined;
    const forgotten = await this.#on.rows(
      `DELETE FROM ${schema}.fingerprints WHERE tenant = $1 AND section = $2 AND digest IN (
        SELECT digest FROM ${schema}.fingerprints WHERE tenant = $1 AND section = $2
          LIMIT ${maxRecords}) RETURNING seq`,
      [tenant, section],
    );
    this.count += Math.max(1, forgotten.length);
    if (forgotten.length === maxRecords) return false;
    head.destination = destination;
    return true;
  }

  /**
   * The positions of the records of a batch that are to be taken in; undefined for all of them. What a run
   * found unchanged is in the baseline as it is, unless another run had something accepted since it was
   * compared.
   */
  #select(compared: unknown): readonly number[] | undefined {
    if (typeof compared !== "string") return undefined;
    const { answer, changed } = JSON.parse(compared) as ComparedBatch;
    return String(answer) === this.#head.otherAnswer ? changed : undefined;
  }

  async #apply(taken: readonly Taken[], kind: string, run: string): Promise<void> {
    await this.#load(taken.map(({ key }) => key));
    for (const print of taken) {
      const known = this.#known.get(print.key);
      if (kind === "accepted") this.#accept(print, known, run);
      else if (known !== undefined) Object.assign(known, { mustSend: true, isChanged: true });
    }
  }

  #accept({ key, fields, values, identity }: Taken, known: Change | undefined, run: string): void {
    if (known === undefined) {
      const seq = ++this.#head.lastSeq;
      const added = { key, fields, values, run, identity, seq };
      this.#known.set(key, { ...added, mustSend: false, missed: 0, isChanged: true });
      return;
    }
    const isOther = known.values !== values || known.fields !== fields || known.mustSend ||
      known.missed > 0;
    const isLearned = identity !== null && identity !== known.identity;
    if (!isOther && !isLearned) return;
    // A run that had two records with one key accepted leaves open which of them is there.
    const mustSend = isOther && known.run === run;
    Object.assign(known, { fields, values, run, mustSend, missed: 0, isChanged: true });
    if (isLearned) known.identity = identity;
  }

  /** Reads what is known of some keys. */
  async #load(keys: readonly string[]): Promise<void> {
    const { context: { schema, tenant }, section } = this.#home;
    const wanted = [...new Set(keys)].filter((key) => !this.#known.has(key));
    if (wanted.length === 0) return;
    const rows = await this.#on.rows(
      `SELECT known.* FROM ${
        printsByDigest(schema, "key, fields, vals, run, must_send, missed, identity, seq")
      }`,
      [tenant, section, wanted.map(digestOf)],
    );
    for (const row of rows) {
      this.#known.set(String(row.key), {
        key: String(row.key),
        fields: String(row.fields),
        values: String(row.vals),
        run: String(row.run),
        mustSend: row.must_send === true,
        missed: Number(row.missed),
        identity: row.identity === null ? null : String(row.identity),
        seq: Number(row.seq),
        isChanged: false,
      });
    }
  }

  async #writeChanges(): Promise<void> {
    const { context: { schema, tenant }, section } = this.#home;
    const changed = [...this.#known.values()].filter(({ isChanged }) => isChanged);
    this.#known.clear();
    if (changed.length === 0) return;
    await this.#on.rows(
      `INSERT INTO ${schema}.fingerprints AS known
          (tenant, section, digest, seq, key, fields, vals, run, must_send, missed, identity)
        SELECT $1, $2, * FROM unnest($3::bytea[], $4::int8[], $5::text[], $6::text[], $7::text[],
          $8::int8[], $9::bool[], $10::int2[], $11::text[])
        ON CONFLICT (tenant, section, digest) DO UPDATE SET fields = excluded.fields,
          vals = excluded.vals, run = excluded.run, must_send = excluded.must_send,
          missed = excluded.missed, identity = excluded.identity`,
      [
        tenant,
        section,
        changed.map(({ key }) => digestOf(key)),
        changed.map(({ seq }) => seq),
        changed.map(({ key }) => key),
        changed.map(({ fields }) => fields),
        changed.map(({ values }) => values),
        changed.map(({ run }) => run),
        changed.map(({ mustSend }) => mustSend),
        changed.map(({ missed }) => missed),
        changed.map(({ identity }) => identity),
      ],
    );
  }
}
