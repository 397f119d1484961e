/**
 * What a comparison found, kept on disk until somebody looks at it.
 *
 * @module
 */

import type { MappedRecord } from "../../base/record.ts";
import { Fingerprints } from "../../state/fingerprint.ts";
import type { ChangedBy } from "./changed_by.ts";
import { changesBetween, type FieldChange } from "./delta.ts";
import type { FoundRename } from "./renames.ts";
import type { Spool } from "./spool.ts";

/** One record that is not as Oomnitza has it. */
export interface PlannedChange {
  readonly kind: "new" | "renamed" | "changed" | "gone";
  /** Values of its sync fields. */
  readonly record: string;
  /** Of a renamed record, those that it had before. */
  readonly was?: string | undefined;
  /** Its fields: all of a new or gone record, those that differ of a changed one. */
  readonly fields: readonly FieldChange[];
  /** Why it is sent again although nothing differs, or only volatile fields do. */
  readonly reason?: string | undefined;
}

/** What is kept of a record. */
export interface Found {
  readonly change?: PlannedChange;
  /** What would be sent. */
  readonly payload?: MappedRecord;
  /** Of a gone record. */
  readonly key?: string;
  /** What names the record in calls. */
  readonly ident?: string | undefined;
  /** Of a new record that may be a renamed one, its number among those. */
  readonly candidate?: number | undefined;
}

/** Says of the candidates, in their order, which are renamed. */
type Outcomes = () => Iterator<FoundRename | undefined>;

/** A new record as the renamed one that it is. */
function toRenamed(
  change: PlannedChange,
  payload: MappedRecord | undefined,
  { old: was, record }: FoundRename,
): PlannedChange {
  const now = payload === undefined ? undefined : new Fingerprints([]).create(payload);
  const fields = now === undefined ? change.fields : changesBetween(record, now);
  return { kind: "renamed", record: change.record, was, fields };
}

/** What differs, in the order in which it was found; `changedBy` is asked while it is looked at. */
export async function* listChanges(
  found: Spool<Found>,
  changedBy: ChangedBy | undefined,
  outcomes?: Outcomes,
): AsyncGenerator<PlannedChange> {
  const renames = outcomes?.();
  let next = 0;
  for (const { change, ident, candidate, payload } of found.values()) {
    let rename: FoundRename | undefined;
    for (; candidate !== undefined && next <= candidate; next++) rename = renames?.next().value;
    if (change === undefined) continue;
    if (rename !== undefined) {
      yield toRenamed(change, payload, rename);
      continue;
    }
    const fields = ident === undefined ? undefined : await changedBy?.(change.fields, ident);
    yield fields === undefined ? change : { ...change, fields };
  }
}
