/**
 * What Oomnitza accepted, in PostgreSQL.
 *
 * @module
 */

import { parseExactJson } from "../../base/json.ts";
import type { MappedRecord } from "../../base/record.ts";
import { decompress } from "../../runtime/compress.ts";
import { foldUpTo, maxAnsweredBatches, maxTakenIn } from "../accepted.ts";
import { type SentAll, untilReceipt } from "../answered_batches.ts";
import type { AcceptedRecords, Baseline, LastUpload, Surplus } from "../known_records.ts";
import { addAnsweredBatch, addEnd, notAwaited, saveDestination } from "./answered.ts";
import { openBaseline } from "./baseline.ts";
import { lockSection, type PgContext, writeAsOwner } from "./context.ts";
import { type BaselineHome, foldSome } from "./fold.ts";
import { PgLastUpload } from "./last_upload.ts";

/** Rows that one transaction forgets. */
const forgottenAtOnce = 1000;

/** The memory of what was accepted, of one tenant. */
export class PgAccepted implements AcceptedRecords {
  readonly #context: PgContext;
  readonly #instance: string | undefined;
  readonly #bind: (section: string) => PgContext;
  readonly #destinations = new Map<string, Promise<number>>();

  /** @param bind What is written about a section, under the lease by which this process has it. */
  constructor(
    context: PgContext,
    instance: string | undefined,
    bind: (section: string) => PgContext,
  ) {
    this.#context = context;
    this.#instance = instance;
    this.#bind = bind;
  }

  /** The id of the destination of records; `upload` says how they are sent, as JSON. */
  destinationId(upload: string): Promise<number> {
    const instance = this.#instance;
    if (instance === undefined) throw new Error("The state was opened for no instance");
    const known = this.#destinations.get(upload);
    if (known !== undefined) return known;
    const saved = saveDestination(this.#context, instance, upload);
    saved.catch(() => this.#destinations.delete(upload));
    this.#destinations.set(upload, saved);
    return saved;
  }

  async openBaseline(section: string, upload: string, signal?: AbortSignal): Promise<Baseline> {
    const home = await this.#home(section, upload);
    await foldUpTo(Infinity, { signal }, () => foldSome(home));
    return await openBaseline(home);
  }

  async takeInSurplus(
    section: string,
    upload: string,
    { origin, isBusy, signal }: Surplus,
  ): Promise<void> {
    const { pg, schema, tenant } = this.#context;
    const [row] = await pg.rows(
      `SELECT EXISTS (SELECT 1 FROM ${schema}.answered_batches WHERE tenant = $1 AND section = $2
          AND id > coalesce((SELECT answer FROM ${schema}.baselines
            WHERE tenant = $1 AND section = $2), 0)
          ORDER BY id OFFSET $3 LIMIT 1) AS is_much,
        EXISTS (SELECT 1 FROM ${schema}.runs WHERE tenant = $1 AND section = $2 AND is_open
          AND origin = 'upload' AND outcome IS NULL) AS is_uploading`,
      [tenant, section, maxAnsweredBatches[origin]],
    );
    // What an upload is being compared with is not to change.
    if (row?.is_much !== true || (origin === "webhook" && row.is_uploading === true)) return;
    const home = await this.#home(section, upload);
    const fold = () => foldSome(home);
    if (origin === "upload") return await foldUpTo(Infinity, { signal }, fold);
    await foldUpTo(maxTakenIn, { isBusy, signal }, fold);
  }

  async *pending(section: string): AsyncGenerator<MappedRecord> {
    const { pg, schema, tenant } = this.#context;
    for (let [run, seq] = ["0", "0"];;) {
      const [row] = await pg.rows(
        `SELECT run, seq, outbox.records FROM ${schema}.outbox
          JOIN ${schema}.runs ON runs.tenant = outbox.tenant AND runs.id = outbox.run
          WHERE outbox.tenant = $1 AND section = $2 AND answered = 0
            AND (run, seq) > ($3::int8, $4::int8) ORDER BY run, seq LIMIT 1`,
        [tenant, section, run, seq],
      );
      if (row === undefined) return;
      [run, seq] = [String(row.run), String(row.seq)];
      yield* parseExactJson(decompress(row.records as Uint8Array)) as MappedRecord[];
    }
  }

  async lastUpload(section: string, upload: string): Promise<LastUpload | undefined> {
    const home = await this.#home(section, upload);
    const { context: { pg, schema, tenant }, destination } = home;
    const [full] = await pg.rows(
      `SELECT id, run, destination, compared FROM ${schema}.answered_batches
        WHERE tenant = $1 AND section = $2 AND kind = 'full' ORDER BY id DESC LIMIT 1`,
      [tenant, section],
    );
    if (full === undefined || full.compared === null || full.destination !== destination) {
      return undefined;
    }
    const { batches, records } = JSON.parse(String(full.compared)) as SentAll;
    const run = String(full.run);
    const [found] = await pg.rows(
      `SELECT (SELECT destination FROM ${schema}.baselines WHERE tenant = $1 AND section = $2) AS known,
        (SELECT count(*) FROM ${schema}.answered_batches WHERE tenant = $1 AND section = $2
          AND run = $3 AND kind = 'accepted' AND destination = $4) AS own,
        EXISTS (SELECT 1 FROM ${schema}.answered_batches WHERE tenant = $1 AND section = $2
          AND destination <> ${untilReceipt} AND NOT (run = $3 AND kind IN ('accepted', 'full'))
          AND (id > $5 OR id > coalesce((SELECT answer FROM ${schema}.baselines
            WHERE tenant = $1 AND section = $2), 0))) AS is_outdated`,
      [tenant, section, run, destination, String(full.id)],
    );
    if (found === undefined || (found.known !== null && found.known !== destination)) {
      return undefined;
    }
    if (Number(found.own) !== batches || found.is_outdated === true) return undefined;
    return new PgLastUpload(home, run, records);
  }

  async concludeUncompared(
    section: string,
    upload: string,
    run: string,
    records?: number,
  ): Promise<void> {
    const { context, destination } = await this.#home(section, upload);
    const { schema, tenant } = context;
    await writeAsOwner(context, { isAwaited: false }, async (on) => {
      await lockSection(context, on, section);
      const [known] = await on.rows(
        `SELECT 1 FROM ${schema}.fingerprints WHERE tenant = $1 AND section = $2 LIMIT 1`,
        [tenant, section],
      );
      // What is gone from the source was not looked for: the next run is compared with all that is known.
      const sent = known === undefined ? records : undefined;
      await addEnd(context, on, { section, run, destination }, sent);
    });
    await forgetBatchesBefore(context, section, run);
  }

  async forget(section: string, signal?: AbortSignal): Promise<void> {
    const context = this.#bind(section);
    const { schema, tenant } = context;
    for (let isMore = true; isMore;) {
      signal?.throwIfAborted();
      isMore = await writeAsOwner(context, { isAwaited: false }, async (on) => {
        await lockSection(context, on, section);
        await on.rows(
          `UPDATE ${schema}.baselines SET full_run = NULL WHERE tenant = $1 AND section = $2`,
          [tenant, section],
        );
        const batches = await on.rows(
          `DELETE FROM ${schema}.answered_batches WHERE tenant = $1 AND section = $2 AND id IN (
            SELECT id FROM ${schema}.answered_batches WHERE tenant = $1 AND section = $2
              AND destination <> ${untilReceipt} LIMIT ${forgottenAtOnce}) RETURNING id`,
          [tenant, section],
        );
        const prints = await on.rows(
          `DELETE FROM ${schema}.fingerprints WHERE tenant = $1 AND section = $2 AND digest IN (
            SELECT digest FROM ${schema}.fingerprints WHERE tenant = $1 AND section = $2
              LIMIT ${forgottenAtOnce}) RETURNING seq`,
          [tenant, section],
        );
        if ([batches, prints].some(({ length }) => length === forgottenAtOnce)) return true;
        await on.rows(`DELETE FROM ${schema}.baselines WHERE tenant = $1 AND section = $2`, [
          tenant,
          section,
        ]);
        return false;
      });
    }
  }

  async add(
    section: string,
    upload: string,
    run: string,
    records: readonly MappedRecord[],
  ): Promise<void> {
    const { context, destination } = await this.#home(section, upload);
    await writeAsOwner(context, { isAwaited: true }, async (on) => {
      await lockSection(context, on, section);
      const owner = { section, run, destination };
      await addAnsweredBatch(context, on, owner, "accepted", records);
    });
  }

  async #home(section: string, upload: string): Promise<BaselineHome> {
    const context = this.#bind(section);
    return { context, section, destination: await this.destinationId(upload) };
  }
}

/** Forgets what was answered before a run of a section; that run sent everything anew. */
async function forgetBatchesBefore(
  context: PgContext,
  section: string,
  run: string,
): Promise<void> {
  const { schema, tenant } = context;
  for (let count = forgottenAtOnce; count === forgottenAtOnce;) {
    const rows = await writeAsOwner(context, { isAwaited: false }, (on) =>
      on.rows(
        `DELETE FROM ${schema}.answered_batches WHERE tenant = $1 AND section = $2 AND id IN (
          SELECT id FROM ${schema}.answered_batches WHERE tenant = $1 AND section = $2
            AND run < $3 AND ${notAwaited(schema)} LIMIT ${forgottenAtOnce}) RETURNING id`,
        [tenant, section, run],
      ));
    count = rows.length;
  }
}
