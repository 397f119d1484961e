/**
 * The vendor's ids of known records, in PostgreSQL.
 *
 * @module
 */

import type { PostgresRow } from "../../runtime/postgres.ts";
import { markRenamed, type RenamedRecord } from "../identities.ts";
import { lockSection, toStorable, writeAsOwner } from "./context.ts";
import { type BaselineHome, deleteByDigest, digestOf, printsByDigest } from "./fold.ts";

/**
 * Writes down some identities of records. What is there is found by its digest and added once more: a change
 * by a list would have the server without statistics read all of the section.
 */
export async function saveLearned(
  { context, section }: BaselineHome,
  learned: readonly (readonly [key: string, identity: string])[],
): Promise<void> {
  const { schema, tenant } = context;
  const identities = new Map(learned);
  await writeAsOwner(context, { isAwaited: false }, async (on) => {
    await lockSection(context, on, section);
    await on.rows(
      `INSERT INTO ${schema}.fingerprints
          (tenant, section, digest, seq, key, fields, vals, run, must_send, missed, identity)
        SELECT $1, $2, known.*, wanted.identity
          FROM unnest($3::bytea[], $4::text[]) AS wanted (digest, identity) CROSS JOIN LATERAL (
            SELECT print.digest, seq, key, fields, vals, run, must_send, missed
              FROM ${schema}.fingerprints AS print WHERE print.tenant = $1 AND print.section = $2
                AND print.digest = wanted.digest LIMIT 1) AS known
        ON CONFLICT (tenant, section, digest) DO UPDATE SET identity = excluded.identity`,
      [
        ...[tenant, section, [...identities.keys()].map(digestOf)],
        [...identities.values()].map(toStorable),
      ],
    );
  });
}

/** Frees the keys of renamed records; who comes under such a key is a new record. */
export async function saveRenamed(
  { context, section }: BaselineHome,
  renamed: readonly RenamedRecord[],
): Promise<void> {
  const { schema, tenant } = context;
  // Of several that had one key, the last stays.
  const byKey = new Map(renamed.map((each) => [markRenamed(each.key), each]));
  const marked = [...byKey.keys()].map(digestOf);
  const plain = [...byKey.values()].map(({ key }) => digestOf(key));
  await writeAsOwner(context, { isAwaited: false }, async (on) => {
    await lockSection(context, on, section);
    const found = await on.rows(
      `SELECT known.* FROM ${
        printsByDigest(schema, "digest, seq, fields, vals, run, must_send, identity")
      }`,
      [tenant, section, [...marked, ...plain]],
    );
    const bySeq = new Map(found.map((row) => [Number(row.seq), row]));
    const kept = [...byKey].flatMap(([key, { id }]) => {
      const row = bySeq.get(id);
      return row === undefined ? [] : [{ key, row }];
    });
    await on.rows(deleteByDigest(schema), [
      ...[tenant, section],
      [...marked, ...kept.map(({ row }) => row.digest as Uint8Array)],
    ]);
    await on.rows(
      `INSERT INTO ${schema}.fingerprints
          (tenant, section, digest, key, seq, fields, vals, run, must_send, identity, missed)
        SELECT $1, $2, *, 1 FROM unnest($3::bytea[], $4::text[], $5::int8[], $6::text[], $7::text[],
          $8::int8[], $9::bool[], $10::text[])`,
      [tenant, section, ...columnsOf(kept)],
    );
  });
}

/** The values of renamed records, a list for each column. */
function columnsOf(kept: readonly { readonly key: string; readonly row: PostgresRow }[]) {
  const texts = (column: string) =>
    kept.map(({ row }) => row[column] === null ? null : String(row[column]));
  return [
    ...[kept.map(({ key }) => digestOf(key)), kept.map(({ key }) => key), texts("seq")],
    ...[texts("fields"), texts("vals"), texts("run")],
    ...[kept.map(({ row }) => row.must_send === true), texts("identity")],
  ];
}
