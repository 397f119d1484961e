/**
 * Identities: the vendor's ids of records, kept beside what was accepted, so that a record with other sync
 * fields is known again.
 *
 * An identity is an id and what it belongs to: the same number of another server, or a record whose sync
 * field is mapped in another way, is somebody else's.
 *
 * @module
 */

import { compress, decompress } from "../runtime/compress.ts";
import type { Sqlite } from "../runtime/sqlite.ts";
import { withoutWaiting } from "./file.ts";

/** An id and what it belongs to, as one text. */
export function joinIdentity(scope: string, id: string): string {
  return `${scope}:${id}`;
}

/** The ids of a batch as they are stored, by its positions, after their scope; null when it has none. */
export function packIds(
  scope: string | undefined,
  ids: readonly (string | undefined)[] | undefined,
): Uint8Array | null {
  if (scope === undefined || ids === undefined) return null;
  // Lines: they are half as dear as JSON, and no id has a line break.
  return compress(`${scope}\n${ids.join("\n")}`);
}

/** The identities of a stored batch, by its positions. */
export function unpackIdentities(packed: unknown): readonly (string | null)[] {
  if (!(packed instanceof Uint8Array)) return [];
  const [scope = "", ...ids] = decompress(packed).split("\n");
  return ids.map((id) => id === "" ? null : joinIdentity(scope, id));
}

/** What stands before the key of a record that was renamed: its key is free, and its identity is known. */
const renamedMark = "renamed:";

/** The key under which a renamed record is kept for as long as other records that are missing. */
export function markRenamed(key: string): string {
  return key.startsWith(renamedMark) ? key : `${renamedMark}${key}`;
}

/** The key that a record had, whether it was renamed or not. */
export function unmarkRenamed(key: string): string {
  return key.startsWith(renamedMark) ? key.slice(renamedMark.length) : key;
}

/** A record of a baseline that has other sync fields now. */
export interface RenamedRecord {
  readonly id: number;
  readonly key: string;
}

/** What a run found out of the identities of known records. */
export interface FoundIdentities {
  /** Keys of records whose identity was not known, and the identity. */
  readonly learned: Iterable<readonly [key: string, identity: string]>;
  readonly renamed: Iterable<RenamedRecord>;
}

/** Rows that are written before others have a turn. */
const pageSize = 500;

/** Gives the elements in lists of so many. */
export function* inPages<T>(all: Iterable<T>, size = pageSize): Generator<readonly T[]> {
  let page: T[] = [];
  for (const one of all) {
    page.push(one);
    if (page.length < size) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** Writes down some identities of a baseline's records. */
export function saveLearned(
  database: Sqlite,
  baseline: number,
  learned: readonly (readonly [key: string, identity: string])[],
): void {
  withoutWaiting(database, () =>
    database.transaction(() => {
      for (const [key, identity] of learned) {
        database.run(
          "UPDATE fingerprints SET identity = ? WHERE baseline = ? AND key = ?",
          identity,
          baseline,
          key,
        );
      }
    }));
}

/** Frees the keys of renamed records of a baseline; who comes under such a key is a new record. */
export function saveRenamed(
  database: Sqlite,
  baseline: number,
  renamed: readonly RenamedRecord[],
): void {
  withoutWaiting(database, () =>
    database.transaction(() => {
      for (const { id, key } of renamed) {
        const marked = markRenamed(key);
        database.run(
          "DELETE FROM fingerprints WHERE baseline = ? AND key = ? AND id <> ?",
          baseline,
          marked,
          id,
        );
        database.run("UPDATE fingerprints SET key = ?, missed = 1 WHERE id = ?", marked, id);
      }
    }));
}
