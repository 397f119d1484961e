/**
 * What a comparison found, kept on disk until somebody looks at it.
 *
 * @module
 */

import type { MappedRecord } from "../../base/record.ts";
import type { ChangedBy } from "./changed_by.ts";
import type { FieldChange } from "./delta.ts";
import type { Spool } from "./spool.ts";

/** One record that is not as Oomnitza has it. */
export interface PlannedChange {
  readonly kind: "new" | "changed" | "gone";
  /** Values of its sync fields. */
  readonly record: string;
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
}

/** What differs, in the order in which it was found; `changedBy` is asked while it is looked at. */
export async function* listChanges(
  found: Spool<Found>,
  changedBy: ChangedBy | undefined,
): AsyncGenerator<PlannedChange> {
  for (const { change, ident } of found.values()) {
    if (change === undefined) continue;
    const fields = ident === undefined ? undefined : await changedBy?.(change.fields, ident);
    yield fields === undefined ? change : { ...change, fields };
  }
}
