/**
 * Maps source records to outgoing ones, by a table compiled once per run.
 *
 * @module
 */

import { isBlank, isEmpty, type MappedRecord, setOwn, type SourceRecord } from "../base/record.ts";
import type { Conversions, Convert } from "./convert.ts";
import type { FieldMapping } from "./mapping.ts";
import { compilePath } from "./path.ts";

/** A record that does not go on, and why. A drop is a value, never an exception. */
export class Dropped {
  readonly kind: "filtered" | "incomplete" | "failed";
  /** How a person recognises the record; blank when nothing could be mapped. */
  readonly identity: string;
  readonly reason: string;

  constructor(kind: Dropped["kind"], identity: string, reason: string) {
    this.kind = kind;
    this.identity = identity;
    this.reason = reason;
  }
}

/** What to do with a group of mapped records, in their order. */
export type Outcomes = readonly (MappedRecord | Dropped)[];

/** What the sandbox found for one record: the results of its custom calls, in order. */
export type CustomResults = readonly unknown[];

/** Maps one record at a time. */
export interface Mapper {
  /** Maps a record when no converter waits. */
  map(record: SourceRecord, custom?: CustomResults): MappedRecord | Dropped;
  /** Maps a record whose converters may wait. */
  mapWaiting(record: SourceRecord, custom?: CustomResults): Promise<MappedRecord | Dropped>;
  /** The looked-up values for the custom calls, in order. */
  customValues(record: SourceRecord): unknown[];
  /** The values of the sync fields, for people. */
  identify(outgoing: MappedRecord): string;
  /** The same for a record that is not mapped, as far as it is known without user code. */
  identifyRaw(record: SourceRecord): string;
}

interface CompiledField {
  readonly name: string;
  readonly required: boolean;
  readonly read: (record: unknown) => unknown;
  readonly convert: Convert | undefined;
  /** Index among the custom calls, or -1. */
  readonly custom: number;
  /** Whether it is left out when it is blank. */
  readonly optional: boolean;
}

/** How the value of a mapping is found in a record, before its converter. */
export function compileReader(
  field: FieldMapping,
  texts: Readonly<Record<string, string>>,
): (record: unknown) => unknown {
  const { source, setting, hardcoded } = field.spec;
  if (source !== undefined) return compilePath(source);
  const value = setting === undefined
    ? hardcoded ?? null
    : Object.hasOwn(texts, setting)
    ? texts[setting] ?? null
    : null;
  return () => value;
}

/** The values of some fields as one word for people, for example `C02XK0AA` or `ann / Berlin`. */
export function describeIdentity(outgoing: MappedRecord, syncFields: readonly string[]): string {
  return syncFields.map((field) => String(outgoing[field] ?? "")).filter((text) => text !== "")
    .join(" / ");
}

/** A mapping table, compiled. */
interface Table {
  readonly fields: readonly CompiledField[];
  /** The fields of the custom calls, in the order of the calls. */
  readonly calls: readonly (CompiledField | undefined)[];
  readonly syncFields: readonly string[];
}

function compileField(
  field: FieldMapping,
  texts: Readonly<Record<string, string>>,
  conversions: Conversions,
  keepIfEmpty: readonly string[],
): CompiledField {
  return {
    name: field.field,
    required: field.spec.required === true,
    read: compileReader(field, texts),
    convert: conversions.of(field.field),
    custom: conversions.custom.findIndex(({ target }) => target === field.field),
    optional: keepIfEmpty.includes("*") || keepIfEmpty.includes(field.field),
  };
}

function computeValue(
  field: CompiledField,
  record: SourceRecord,
  custom: CustomResults | undefined,
): unknown {
  if (field.custom !== -1) return custom?.[field.custom] ?? null;
  const value = field.read(record) ?? null;
  return field.convert === undefined ? value : field.convert(record, value);
}

/** The record, or why it does not go on. */
function checkRequired(
  { fields, syncFields }: Table,
  outgoing: MappedRecord,
): MappedRecord | Dropped {
  let missing: string[] | undefined;
  for (const { name, required } of fields) {
    if (required && isEmpty(outgoing[name])) (missing ??= []).push(name);
  }
  if (missing !== undefined) {
    const identity = describeIdentity(outgoing, syncFields);
    return new Dropped("incomplete", identity, `no value for ${missing.join(", ")}`);
  }
  if (!isEmpty(outgoing)) return outgoing;
  const reason = fields.length === 0 ? "nothing is mapped" : "all of its fields are empty";
  return new Dropped("incomplete", "", reason);
}

/** Sets a value, unless it would blank a field that is to be kept. */
function put(outgoing: Record<string, unknown>, field: CompiledField, value: unknown): void {
  if (!field.optional || !isBlank(value)) setOwn(outgoing, field.name, value);
}

function map(table: Table, record: SourceRecord, custom?: CustomResults): MappedRecord | Dropped {
  const outgoing: Record<string, unknown> = {};
  for (const field of table.fields) put(outgoing, field, computeValue(field, record, custom));
  return checkRequired(table, outgoing);
}

async function mapWaiting(table: Table, record: SourceRecord, custom?: CustomResults) {
  const values = await Promise.all(
    table.fields.map((field) => computeValue(field, record, custom)),
  );
  const outgoing: Record<string, unknown> = {};
  for (const [index, field] of table.fields.entries()) put(outgoing, field, values[index] ?? null);
  return checkRequired(table, outgoing);
}

function identifyRaw({ fields, syncFields }: Table, record: SourceRecord): string {
  const known: Record<string, unknown> = {};
  for (const field of fields) {
    if (!syncFields.includes(field.name)) continue;
    const value = computeValue(field, record, undefined);
    setOwn(known, field.name, value instanceof Promise ? null : value);
  }
  return describeIdentity(known, syncFields);
}

/** What a mapping table is compiled with. */
export interface MapperInputs {
  /** Texts of the section's options. */
  readonly texts: Readonly<Record<string, string>>;
  readonly conversions: Conversions;
  readonly syncFields: readonly string[];
  /** Fields that are left out of a record when they are blank; `*` means all. */
  readonly keepIfEmpty: readonly string[];
}

/** Compiles a mapping table. */
export function compileMapper(
  mappings: readonly FieldMapping[],
  { texts, conversions, syncFields, keepIfEmpty }: MapperInputs,
): Mapper {
  const fields = mappings.map((field) => compileField(field, texts, conversions, keepIfEmpty));
  const calls = conversions.custom.map(({ target }) => fields.find(({ name }) => name === target));
  const table: Table = { fields, calls, syncFields };
  return {
    map: (record, custom) => map(table, record, custom),
    mapWaiting: (record, custom) => mapWaiting(table, record, custom),
    customValues: (record) => calls.map((field) => field?.read(record) ?? null),
    identify: (outgoing) => describeIdentity(outgoing, syncFields),
    identifyRaw: (record) => identifyRaw(table, record),
  };
}
