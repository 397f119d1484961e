/**
 * The batches of the last upload of a section, when it sent all of its source: as long as the next run gives
 * much the same records in the same order, it is compared with them as they are, and nothing is unpacked.
 *
 * @module
 */

import { giveWay } from "../base/iteration.ts";
import { decompress } from "../runtime/compress.ts";
import type { Sqlite } from "../runtime/sqlite.ts";
import { addEnd, notAwaited, type SentAll, untilReceipt } from "./answered_batches.ts";
import { maxMissedRuns } from "./baseline.ts";
import { type UseState, useState, withoutWaiting } from "./file.ts";
import { type BaselineHome, FieldLists, loadHead } from "./fold.ts";
import { markRenamed, unmarkRenamed, unpackIdentities } from "./identities.ts";
import type {
  GoneRecord,
  IdentifiedMissedRecord,
  LastUpload,
  MissedRecord,
  OrderedConclusion,
  UploadedBatch,
} from "./known_records.ts";

/** Batches that are read, or removed, before others have a turn. */
const pageSize = 500;

/** The last upload of a section. Everything throws `AgentError` when the state file fails. */
export class StateLastUpload implements LastUpload {
  readonly run: string;
  readonly size: number;
  readonly #home: BaselineHome;
  readonly #use: UseState;

  constructor(home: BaselineHome, run: string, size: number) {
    this.#home = home;
    this.#use = useState(home.database, home.unusable);
    this.run = run;
    this.size = size;
  }

  async *batches(): AsyncGenerator<UploadedBatch> {
    const { section } = this.#home;
    for (let last = 0;;) {
      const [row] = await this.#use.later((database) =>
        database.rows(
          `SELECT id, records, identities FROM answered_batches WHERE section = ? AND id > ? AND run = ?
            AND kind = 'accepted' ORDER BY id LIMIT 1`,
          section,
          last,
          this.run,
        )
      );
      if (row === undefined) return;
      last = Number(row.id);
      let identities: readonly (string | null)[] | undefined;
      yield {
        text: decompress(row.records as Uint8Array),
        identities: () => identities ??= unpackIdentities(row.identities),
      };
    }
  }

  findMissed(keys: readonly string[]): Promise<readonly (MissedRecord | undefined)[]> {
    return this.#use.later(() => keys.map((key) => this.#findMissed(key)));
  }

  #findMissed(key: string): MissedRecord | undefined {
    const [row] = this.#use.now((database) =>
      database.rows(
        `SELECT fingerprints.id, vals, field_lists.fields AS names FROM fingerprints
          JOIN field_lists ON field_lists.id = fingerprints.fields
          WHERE baseline = (SELECT id FROM baselines WHERE section = ?) AND key = ? AND missed > 0`,
        this.#home.section,
        key,
      )
    );
    if (row === undefined) return undefined;
    return { id: Number(row.id), fields: String(row.names), values: String(row.vals) };
  }

  findMissedByIdentity(
    identities: readonly string[],
  ): Promise<readonly (IdentifiedMissedRecord | undefined)[]> {
    return this.#use.later(() => identities.map((identity) => this.#findByIdentity(identity)));
  }

  #findByIdentity(identity: string): IdentifiedMissedRecord | undefined {
    const [row] = this.#use.now((database) =>
      database.rows(
        `SELECT fingerprints.id, key, vals, field_lists.fields AS names FROM fingerprints
          JOIN field_lists ON field_lists.id = fingerprints.fields
          WHERE baseline = (SELECT id FROM baselines WHERE section = ?) AND identity = ?
            AND missed > 0 ORDER BY missed, fingerprints.id DESC LIMIT 1`,
        this.#home.section,
        identity,
      )
    );
    if (row === undefined) return undefined;
    const { id, key, names, vals } = row;
    const [fields, values] = [String(names), String(vals)];
    return { id: Number(id), key: unmarkRenamed(String(key)), fields, values };
  }

  async conclude({ run, records, gone, renamed, returned }: OrderedConclusion): Promise<void> {
    const { section, destination } = this.#home;
    await this.#forget();
    const baseline = this.#use.now((database) => {
      return withoutWaiting(database, () => loadHead(database, this.#home)).id;
    });
    this.#write((database) => {
      for (const id of returned) {
        database.run("UPDATE fingerprints SET missed = 0 WHERE id = ?", id);
      }
    });
    await this.#miss(baseline);
    this.#write((database) => {
      const lists = new FieldLists();
      const keep = (key: string, { fields, values, identity }: GoneRecord) => {
        const list = lists.idOf(database, fields);
        database.run(saveGone, baseline, key, list, values, this.run, identity ?? null);
      };
      for (const [key, record] of gone) keep(key, record);
      for (const [key, record] of renamed) {
        database.run("DELETE FROM fingerprints WHERE baseline = ? AND key = ?", baseline, key);
        keep(markRenamed(key), record);
      }
      addEnd(database, { section, run, destination }, records);
    });
  }

  /** Counts what was missed before and is not back as missed once more. */
  async #miss(baseline: number): Promise<void> {
    // From those missed most often down, so that none is counted twice.
    for (let missed = maxMissedRuns - 1; missed >= 1; missed--) {
      const statement = missed + 1 === maxMissedRuns
        ? "DELETE FROM fingerprints WHERE id = ?"
        : "UPDATE fingerprints SET missed = missed + 1 WHERE id = ?";
      for (let last = 0;;) {
        const ids = this.#use.now((database) =>
          database.rows(
            `SELECT id FROM fingerprints WHERE baseline = ? AND missed = ? AND id > ?
              ORDER BY id LIMIT ?`,
            baseline,
            missed,
            last,
            pageSize,
          )
        ).map(({ id }) => Number(id));
        this.#write((database) => {
          for (const id of ids) database.run(statement, id);
        });
        if (ids.length < pageSize) break;
        last = ids.at(-1) ?? last;
        await giveWay();
      }
    }
  }

  /** Forgets the batches, which the run that ends has sent anew; those of an awaited receipt stay for that. */
  async #forget(): Promise<void> {
    const { section } = this.#home;
    for (let isMore = true; isMore;) {
      this.#write((database) => {
        const forgotten = database.rows(
          `DELETE FROM answered_batches WHERE id IN (SELECT id FROM answered_batches
            WHERE section = ? AND run = ? AND destination <> ${untilReceipt} AND ${notAwaited} LIMIT ?)
            RETURNING id`,
          section,
          this.run,
          pageSize,
        );
        isMore = forgotten.length === pageSize;
      });
      if (isMore) await giveWay();
    }
    this.#write((database) =>
      database.run(
        `UPDATE answered_batches SET destination = ${untilReceipt} WHERE section = ? AND run = ?`,
        section,
        this.run,
      )
    );
  }

  #write(work: (database: Sqlite) => void): void {
    this.#use.now((database) =>
      withoutWaiting(database, () => database.transaction(() => work(database)))
    );
  }
}

const saveGone = `INSERT INTO fingerprints
    (baseline, key, fields, vals, run, identity, must_send, missed)
  VALUES (?, ?, ?, ?, ?, ?, 0, 1)
  ON CONFLICT (baseline, key) DO UPDATE SET fields = excluded.fields, vals = excluded.vals,
    run = excluded.run, identity = excluded.identity, must_send = 0, missed = 1`;

/**
 * The last upload of a section, when all that was accepted of the section since it was compared last is that
 * upload, and it sent all of its source.
 */
export function findLastUpload(home: BaselineHome): StateLastUpload | undefined {
  const { database, section, destination } = home;
  const [full] = database.rows(
    `SELECT id, run, destination, compared FROM answered_batches
      WHERE section = ? AND kind = 'full' ORDER BY id DESC LIMIT 1`,
    section,
  );
  if (full === undefined || full.compared === null || full.destination !== destination) {
    return undefined;
  }
  const [head] = database.rows(
    "SELECT destination, answer FROM baselines WHERE section = ?",
    section,
  );
  if (head !== undefined && head.destination !== destination) return undefined;
  const { batches, records } = JSON.parse(String(full.compared)) as SentAll;
  const run = String(full.run);
  const [own] = database.rows(
    `SELECT count(*) AS batches FROM answered_batches
      WHERE section = ? AND run = ? AND kind = 'accepted' AND destination = ?`,
    section,
    run,
    destination,
  );
  if (Number(own?.batches) !== batches) return undefined;
  const [other] = database.rows(
    `SELECT id FROM answered_batches WHERE section = ? AND destination <> ${untilReceipt}
      AND NOT (run = ? AND kind IN ('accepted', 'full')) AND (id > ? OR id > ?) LIMIT 1`,
    section,
    run,
    Number(head?.answer ?? 0),
    Number(full.id),
  );
  return other === undefined ? new StateLastUpload(home, run, records) : undefined;
}
