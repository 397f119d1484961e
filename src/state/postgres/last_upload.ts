/**
 * The batches of the last upload of a section, in PostgreSQL, when it sent all of its source and nothing was
 * accepted since.
 *
 * @module
 */

import { decompress } from "../../runtime/compress.ts";
import { untilReceipt } from "../answered_batches.ts";
import { maxMissedRuns } from "../baseline.ts";
import { markRenamed, unmarkRenamed, unpackIdentities } from "../identities.ts";
import type {
  GoneRecord,
  IdentifiedMissedRecord,
  LastUpload,
  MissedRecord,
  OrderedConclusion,
  UploadedBatch,
} from "../known_records.ts";
import { addEnd, notAwaited } from "./answered.ts";
import { fromStorable, lockSection, toStorable, writeAsOwner } from "./context.ts";
import {
  type BaselineHead,
  type BaselineHome,
  deleteByDigest,
  digestOf,
  isIdentified,
  printsByDigest,
  readHead,
} from "./fold.ts";
import type { PgStatements } from "./pg.ts";

/** Batches that are read at once, and rows that one transaction removes. */
const pageSize = 10;
const forgottenAtOnce = 500;

/** The last upload of a section. */
export class PgLastUpload implements LastUpload {
  readonly run: string;
  readonly size: number;
  readonly #home: BaselineHome;

  constructor(home: BaselineHome, run: string, size: number) {
    this.#home = home;
    this.run = run;
    this.size = size;
  }

  async *batches(): AsyncGenerator<UploadedBatch> {
    const { context: { pg, schema, tenant }, section } = this.#home;
    for (let last = "0";;) {
      const rows = await pg.rows(
        `SELECT id, records, identities FROM ${schema}.answered_batches WHERE tenant = $1 AND section = $2
          AND id > $3 AND run = $4 AND kind = 'accepted' ORDER BY id LIMIT ${pageSize}`,
        [tenant, section, last, this.run],
      );
      for (const { records, identities: packed } of rows) {
        let identities: readonly (string | null)[] | undefined;
        yield {
          text: decompress(records as Uint8Array),
          identities: () => identities ??= unpackIdentities(packed),
        };
      }
      if (rows.length < pageSize) return;
      last = String(rows.at(-1)?.id);
    }
  }

  async findMissed(keys: readonly string[]): Promise<readonly (MissedRecord | undefined)[]> {
    if (keys.length === 0) return [];
    const { context: { pg, schema, tenant }, section } = this.#home;
    const rows = await pg.rows(
      `SELECT known.* FROM ${printsByDigest(schema, "seq, key, fields, vals, missed")}
        WHERE missed > 0`,
      [tenant, section, keys.map(digestOf)],
    );
    const found = new Map(rows.map(({ seq, key, fields, vals }) => {
      return [String(key), { id: Number(seq), fields: String(fields), values: String(vals) }];
    }));
    return keys.map((key) => found.get(key));
  }

  async findMissedByIdentity(
    identities: readonly string[],
  ): Promise<readonly (IdentifiedMissedRecord | undefined)[]> {
    if (identities.length === 0) return [];
    const { context: { pg, schema, tenant }, section } = this.#home;
    const rows = await pg.rows(
      `SELECT DISTINCT ON (wanted.identity) wanted.identity AS asked, known.*
        FROM unnest($3::text[]) AS wanted (identity) CROSS JOIN LATERAL (
          SELECT seq, key, fields, vals FROM ${schema}.fingerprints AS print
            WHERE ${isIdentified} AND missed > 0
            ORDER BY print.missed, print.seq DESC LIMIT 1) AS known`,
      [tenant, section, identities.map(toStorable)],
    );
    const found = new Map(rows.map(({ asked, seq, key, fields, vals }) => [
      fromStorable(asked),
      {
        ...{ id: Number(seq), key: unmarkRenamed(String(key)) },
        ...{ fields: String(fields), values: String(vals) },
      },
    ]));
    return identities.map((identity) => found.get(identity));
  }

  async conclude({ run, records, gone, renamed, returned }: OrderedConclusion): Promise<void> {
    const home = this.#home;
    const { context, section, destination } = home;
    const { schema, tenant } = context;
    await this.#forget();
    await writeAsOwner(context, { isAwaited: false }, async (on) => {
      await lockSection(context, on, section);
      await on.rows(
        `UPDATE ${schema}.fingerprints SET missed = 0
          WHERE tenant = $1 AND section = $2 AND missed > 0 AND seq = ANY ($3::int8[])`,
        [tenant, section, returned],
      );
      // From those missed most often down, so that none is counted twice.
      await on.rows(
        `DELETE FROM ${schema}.fingerprints WHERE tenant = $1 AND section = $2
          AND missed >= ${maxMissedRuns - 1}`,
        [tenant, section],
      );
      await on.rows(
        `UPDATE ${schema}.fingerprints SET missed = missed + 1
          WHERE tenant = $1 AND section = $2 AND missed > 0`,
        [tenant, section],
      );
      const head = await readHead(home, on);
      // The old keys of what was renamed are free: who comes under one is a new record.
      await on.rows(deleteByDigest(schema), [
        tenant,
        section,
        [...renamed.keys()].map(digestOf),
      ]);
      const marked = [...renamed].map(([key, record]) => [markRenamed(key), record] as const);
      await this.#keepMissed(on, head, new Map([...gone, ...marked]));
      await addEnd(context, on, { section, run, destination }, records);
    });
  }

  /** Keeps records that are not in the source under their keys, as missed once. */
  async #keepMissed(
    on: PgStatements,
    head: BaselineHead,
    missed: ReadonlyMap<string, GoneRecord>,
  ): Promise<void> {
    const { context: { schema, tenant }, section } = this.#home;
    const keys = [...missed.keys()];
    const prints = [...missed.values()];
    await on.rows(
      `INSERT INTO ${schema}.fingerprints
          (tenant, section, run, digest, seq, key, fields, vals, identity, must_send, missed)
        SELECT $1, $2, $3, *, false, 1
          FROM unnest($4::bytea[], $5::int8[], $6::text[], $7::text[], $8::text[], $9::text[])
        ON CONFLICT (tenant, section, digest) DO UPDATE SET fields = excluded.fields,
          vals = excluded.vals, run = excluded.run, identity = excluded.identity,
          must_send = false, missed = 1`,
      [
        ...[tenant, section, this.run],
        keys.map(digestOf),
        keys.map((_, index) => head.lastSeq + index + 1),
        keys,
        prints.map(({ fields }) => fields),
        prints.map(({ values }) => values),
        prints.map(({ identity }) => identity == null ? null : toStorable(identity)),
      ],
    );
    await on.rows(
      `INSERT INTO ${schema}.baselines (tenant, section, destination, last_seq) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant, section) DO UPDATE SET last_seq = excluded.last_seq`,
      [tenant, section, head.destination, head.lastSeq + keys.length],
    );
  }

  /** Forgets the batches, which the run that ends has sent anew; those of an awaited receipt stay for that. */
  async #forget(): Promise<void> {
    const { context, section } = this.#home;
    const { schema, tenant } = context;
    for (let count = forgottenAtOnce; count === forgottenAtOnce;) {
      const rows = await writeAsOwner(context, { isAwaited: false }, (on) =>
        on.rows(
          `DELETE FROM ${schema}.answered_batches WHERE tenant = $1 AND section = $2 AND id IN (
            SELECT id FROM ${schema}.answered_batches WHERE tenant = $1 AND section = $2 AND run = $3
              AND destination <> ${untilReceipt} AND ${notAwaited(schema)}
              LIMIT ${forgottenAtOnce}) RETURNING id`,
          [tenant, section, this.run],
        ));
      count = rows.length;
    }
    await writeAsOwner(context, { isAwaited: false }, (on) =>
      on.rows(
        `UPDATE ${schema}.answered_batches SET destination = ${untilReceipt}
          WHERE tenant = $1 AND section = $2 AND run = $3`,
        [tenant, section, this.run],
      ));
  }
}
