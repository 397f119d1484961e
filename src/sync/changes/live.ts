/**
 * What a section is compared with when it is compared with Oomnitza itself: what the instance holds now,
 * instead of what the state file remembers.
 *
 * @module
 */

import { parseExactJson, stringifyExactJson } from "../../base/json.ts";
import { isBlank, type MappedRecord, setOwn } from "../../base/record.ts";
import type { OomnitzaReader } from "../../oomnitza/client.ts";
import { idOf, listedName, type ListedRecord, readRecords } from "../../oomnitza/records.ts";
import { AgentError } from "../../base/errors.ts";
import type {
  Baseline,
  IdentifiedRecord,
  KnownRecord,
  MissingRecord,
} from "../../state/known_records.ts";
import { Fingerprints } from "../../state/fingerprint.ts";
import { LiveRecords } from "../../state/live_records.ts";
import type { PreparedSection } from "../prepare.ts";
import { isSameValue } from "./same_value.ts";

/** A section as far as its records are looked up in Oomnitza. */
export type LiveSection = Pick<PreparedSection, "section" | "upload"> & {
  readonly mapping: Pick<PreparedSection["mapping"], "fields">;
};

/** What reading an instance needs. */
export interface LiveSettings {
  readonly oomnitza: Pick<OomnitzaReader, "ask">;
  readonly signal: AbortSignal;
}

/** A record that Oomnitza holds, in the form in which another one was sent. */
export interface HeldRecord extends KnownRecord {
  /** What names it in calls. */
  readonly ident: string;
}

/** What a section sent before. */
type Accepted = Pick<Baseline, "missing" | "hasIdentities" | "findByIdentity">;

function keyText(values: readonly unknown[]): string | undefined {
  if (values.every(isBlank)) return undefined;
  return JSON.stringify(
    values.map((value) =>
      typeof value === "string" ? value : isBlank(value) ? "" : stringifyExactJson(value)
    ),
  );
}

/** What an instance holds of the fields of a section. It must be closed. */
export class LiveReference {
  /** Mapped fields that the instance does not show in any record, so that they cannot be compared. */
  readonly hidden: readonly string[];
  readonly #section: LiveSection;
  readonly #fields: readonly string[];
  readonly #prints: Fingerprints;
  readonly #records: LiveRecords;
  readonly #accepted: Accepted | undefined;

  /** @param accepted What the section sent before: only that can be gone from its source. */
  constructor(
    section: LiveSection,
    records: LiveRecords,
    hidden: ReadonlySet<string>,
    accepted: Accepted | undefined,
  ) {
    this.#section = section;
    this.#records = records;
    this.#accepted = accepted;
    this.#fields = fieldsOf(section);
    this.#prints = new Fingerprints(section.upload.syncFields);
    this.hidden = this.#fields.filter((field) => hidden.has(field));
  }

  findAll(
    keys: readonly (string | undefined)[],
    records: readonly MappedRecord[],
  ): Promise<readonly (HeldRecord | undefined)[]> {
    return Promise.try(() =>
      records.map((record, index) => keys[index] === undefined ? undefined : this.find(record))
    );
  }

  /** What Oomnitza holds of a record, as the fields of that record: equal where nothing differs. */
  find(record: MappedRecord): HeldRecord | undefined {
    const { syncFields } = this.#section.upload;
    const key = keyText(syncFields.map((field) => record[field]));
    const found = key === undefined ? undefined : this.#records.find(key);
    if (found === undefined) return undefined;
    const print = this.#prints.create(this.#adapt(found.values, record));
    if (print === undefined) return undefined;
    const { id, ident } = found;
    return { id, ident, fields: print.fields, values: print.values, mustSend: false, missed: 0 };
  }

  get hasIdentities(): boolean {
    return this.#accepted?.hasIdentities ?? false;
  }

  /** What was accepted with some identities, where Oomnitza still has it. */
  async findByIdentity(
    identities: readonly string[],
  ): Promise<readonly (IdentifiedRecord | undefined)[]> {
    const known = await this.#accepted?.findByIdentity(identities) ?? [];
    return known.map((record) => {
      if (record === undefined) return undefined;
      const key = keyText(parseExactJson(record.key) as unknown[]);
      const held = key === undefined ? undefined : this.#records.find(key);
      return held === undefined ? undefined : { ...record, id: held.id };
    });
  }

  /** What was accepted before, is still in Oomnitza, and was not seen. */
  async *missing(isSeen: (id: number) => boolean): AsyncGenerator<MissingRecord> {
    for await (const missing of this.#accepted?.missing(() => false) ?? []) {
      const key = keyText(parseExactJson(missing.key) as unknown[]);
      const found = key === undefined ? undefined : this.#records.find(key);
      if (found !== undefined && !isSeen(found.id)) yield missing;
    }
  }

  close(): void {
    this.#records.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** A record with the values that Oomnitza holds where they differ. */
  #adapt(values: string, record: MappedRecord): MappedRecord {
    const held = parseExactJson(values) as unknown[];
    const adapted: Record<string, unknown> = {};
    for (const [field, sent] of Object.entries(record)) {
      if (sent === undefined) continue;
      const at = this.#fields.indexOf(field);
      const isCompared = at >= 0 && !this.hidden.includes(field);
      const value = isCompared && !isSameValue(held[at], sent) ? held[at] ?? null : sent;
      setOwn(adapted, field, value);
    }
    return adapted;
  }
}

/** The fields that are compared: those that are mapped, and those that records are recognised by. */
function fieldsOf({ mapping, upload }: LiveSection): string[] {
  return [...new Set([...upload.syncFields, ...mapping.fields.map(({ field }) => field)])];
}

/**
 * Reads what an instance holds of the fields of a section.
 *
 * @throws {AgentError} when the section has no sync field, or the instance does not show its records.
 */
export async function readLive(
  section: LiveSection,
  { oomnitza, signal }: LiveSettings,
  accepted?: Accepted,
): Promise<LiveReference> {
  const { upload: { kind, syncFields }, section: { name } } = section;
  if (syncFields.length === 0) {
    throw new AgentError(`[${name}] has no sync_field, by which records are found in Oomnitza`, {
      hint: "Set sync_field in the section.",
    });
  }
  const fields = fieldsOf(section);
  const names = fields.map((field) => listedName(kind, field));
  const hidden = new Set(fields);
  const records = new LiveRecords();
  let isEmpty = true;
  try {
    for await (const page of readRecords(oomnitza, kind, names)) {
      signal.throwIfAborted();
      isEmpty = false;
      for (const [index, field] of fields.entries()) {
        const listed = names[index] ?? field;
        if (hidden.has(field) && page.some((record) => listed in record)) hidden.delete(field);
      }
      records.add(page.flatMap((record) => toLive(record, section, names)));
    }
    if (isEmpty) hidden.clear();
    const missing = syncFields.filter((field) => hidden.has(field));
    if (missing.length > 0) {
      throw new AgentError(
        `Oomnitza does not show ${missing.join(", ")}, the sync field of [${name}]`,
      );
    }
    return new LiveReference(section, records, hidden, accepted);
  } catch (error) {
    records.close();
    throw error;
  }
}

function toLive(record: ListedRecord, { upload }: LiveSection, names: readonly string[]) {
  const { kind, syncFields } = upload;
  const key = keyText(syncFields.map((field) => record[listedName(kind, field)]));
  const ident = idOf(kind, record);
  if (key === undefined || ident === undefined) return [];
  return [{ key, ident, values: stringifyExactJson(names.map((name) => record[name] ?? null)) }];
}
