/**
 * What one upload request carries, whichever protocol it came by.
 *
 * @module
 */
import { isEmpty, type Kind, type MappedRecord } from "../base/record.ts";

/** The records of one request and how they are to be taken. */
export interface Batch {
  readonly kind: Kind;
  /** Mapping name. */
  readonly name: string;
  readonly records: readonly MappedRecord[];
  /** Fields that identify records; empty when the server decides. */
  readonly syncFields: readonly string[];
  /** Known records are left as they are. */
  readonly insertOnly: boolean;
  /** Unknown records are left out. */
  readonly updateOnly: boolean;
  /** Fields that an update changes only when the arriving value is filled. */
  readonly onlyIfFilled: readonly string[];
  /** Fields that an update leaves alone when they are filled already. */
  readonly dontOverwrite: readonly string[];
  /** UUID of the run of the section; absent in the old protocol. */
  readonly portion: string | undefined;
  /** Checked, but not kept. */
  readonly testRun: boolean;
}

/** What the stand-in goes by when a request leaves the choice of sync fields to the server. */
const ownChoice: Readonly<Record<Kind, readonly string[]>> = {
  assets: ["SERIAL_NUMBER", "BARCODE"],
  users: ["USER", "EMAIL"],
};

/** What identifies a record among others of the same mapping name: the text of its sync values. */
export function buildRecordKey(
  record: MappedRecord,
  batch: Pick<Batch, "kind" | "syncFields">,
): string {
  const { kind, syncFields } = batch;
  const [first] = syncFields;
  if (first === undefined) {
    const field = ownChoice[kind].find((name) => !isEmpty(record[name]));
    return field === undefined ? JSON.stringify(record) : `${field} ${toText(record[field])}`;
  }
  if (syncFields.length === 1) return toText(record[first]);
  return syncFields.map((field) => toText(record[field])).join("\u001f");
}

/** A field value as text: texts as they are, everything else as JSON. */
export function toText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value) ?? "";
}
