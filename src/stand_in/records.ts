/**
 * Records as a stand-in holds them, and how they change.
 *
 * @module
 */
import { isEmpty, type Kind, type MappedRecord } from "../base/record.ts";
import { type Batch, toText } from "./batch.ts";

/** A record as the stand-in holds it. */
export interface StoredRecord {
  /** The server's own number of it. */
  readonly id: number;
  readonly kind: Kind;
  /** Mapping name it came under: `agent_id` of the old protocol, `connector_name` of the new. */
  readonly name: string;
  /** Value or values of its sync fields, as text. */
  readonly key: string;
  /** All fields it has now: an update adds to them. */
  record: MappedRecord;
  /** Portion it last came with; absent when it came by the old protocol. */
  portion: string | undefined;
  /** How often it was taken. */
  times: number;
  /** When it was last taken, milliseconds since 1970. */
  at: number;
  /** Who changed it last, and what was changed when, oldest first. */
  by: string;
  changes: readonly RecordedChange[];
}

/** A change of one field. */
export interface RecordedChange {
  readonly field: string;
  readonly old: unknown;
  readonly new: unknown;
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Changes of one record that are kept at most. */
const maxChanges = 100;

/** Gives a record new content, and remembers what differs and who did it; false when nothing differs. */
export function changeRecord(stored: StoredRecord, now: MappedRecord, by: string): boolean {
  const { record: old } = stored;
  const fields = Object.keys(now).filter((field) => toText(old[field]) !== toText(now[field]));
  stored.record = now;
  if (fields.length === 0) return false;
  const at = Date.now();
  const changes = fields.map((field) => ({ field, old: old[field], new: now[field], by, at }));
  stored.changes = [...stored.changes, ...changes].slice(-maxChanges);
  stored.by = by;
  return true;
}

/** Changes a record field by field, but for those the request protects. */
export function mergeRecord(old: MappedRecord, arriving: MappedRecord, batch: Batch): MappedRecord {
  const { onlyIfFilled, dontOverwrite } = batch;
  if (onlyIfFilled.length === 0 && dontOverwrite.length === 0) return { ...old, ...arriving };
  const merged: Record<string, unknown> = { ...old };
  for (const [field, value] of Object.entries(arriving)) {
    if (onlyIfFilled.includes(field) && isEmpty(value)) continue;
    if (dontOverwrite.includes(field) && !isEmpty(old[field])) continue;
    merged[field] = value;
  }
  return merged;
}
