/**
 * Maps source records to outgoing ones, by a table compiled once per run.
 *
 * @module
 */

import { isBlank, isEmpty, type MappedRecord, setOwn, type SourceRecord } from "../base/record.ts";
import { isPlaceholderSerial } from "../sdk/serial_numbers.ts";
import type { Conversions, Convert } from "./convert.ts";
import type { FieldMapping } from "./mapping.ts";
import { ConversionFailure } from "./on_error.ts";
import { compilePath } from "./path.ts";

/** A record that does not go on, and why. A drop is a value, never an exception. */
export class Dropped {
  readonly kind: "filtered" | "incomplete" | "failed";
  /** How a person recognises the record; blank when nothing could be mapped. */
  readonly identity: string;
  readonly reason: string;
  /** Whether the section is to end with it. */
  readonly isFatal: boolean;

  constructor(kind: Dropped["kind"], identity: string, reason: string, isFatal = false) {
    this.kind = kind;
    this.identity = identity;
    this.reason = reason;
    this.isFatal = isFatal;
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
  /** Whether what manufacturers write instead of a serial number is no value of it. */
  readonly serial: boolean;
  /** Whether its value is taken as it is found, and set like any other member. */
  readonly isPlain: boolean;
}

/** Whether every object or list answers to a name by birth. */
function isInherited(name: string): boolean {
  return name in Array.prototype;
}

/** Most paths are the name of one member: then it need not be asked whose it is, which takes longer than reading it. */
function compileSource(path: string): (record: unknown) => unknown {
  if (path.includes(".") || isInherited(path)) return compilePath(path);
  return (record) => (record as SourceRecord)[path] ?? null;
}

/** How the value of a mapping is found in a record, before its converter. */
export function compileReader(
  field: FieldMapping,
  texts: Readonly<Record<string, string>>,
): (record: unknown) => unknown {
  const { source, setting, hardcoded } = field.spec;
  if (source !== undefined) return compileSource(source);
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
  /** Names of those that must not be empty. */
  readonly required: readonly string[];
  /** The fields of the custom calls, in the order of the calls. */
  readonly calls: readonly (CompiledField | undefined)[];
  readonly syncFields: readonly string[];
  readonly onPlaceholder: MapperInputs["onPlaceholder"];
}

/** The field of Oomnitza that is for serial numbers, sync field or not. */
const serialField = "SERIAL_NUMBER";

function compileField(
  field: FieldMapping,
  { texts, conversions, keepIfEmpty, syncFields, isSerial }: MapperInputs,
): CompiledField {
  const isKey = syncFields.includes(field.field) || field.field === serialField;
  const convert = conversions.of(field.field);
  const custom = conversions.custom.findIndex(({ target }) => target === field.field);
  const optional = keepIfEmpty.includes("*") || keepIfEmpty.includes(field.field);
  const serial = isKey && field.spec.source !== undefined && isSerial?.(field.spec.source) === true;
  return {
    name: field.field,
    required: field.spec.required === true,
    read: compileReader(field, texts),
    convert,
    custom,
    optional,
    serial,
    isPlain: convert === undefined && custom === -1 && !optional && !serial &&
      field.field !== "__proto__",
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

/**
 * The record, or why it does not go on.
 *
 * @param placeholder What was found instead of a serial number.
 */
function checkRequired(
  { fields, required, syncFields }: Table,
  outgoing: MappedRecord,
  placeholder: string | undefined,
): MappedRecord | Dropped {
  let missing: string[] | undefined;
  for (const name of required) {
    if (isEmpty(outgoing[name])) (missing ??= []).push(name);
  }
  if (missing !== undefined) {
    const identity = describeIdentity(outgoing, syncFields);
    const instead = placeholder === undefined
      ? ""
      : `: "${placeholder}" stands for a missing serial number`;
    return new Dropped("incomplete", identity, `no value for ${missing.join(", ")}${instead}`);
  }
  for (const _ in outgoing) return outgoing;
  const reason = fields.length === 0 ? "nothing is mapped" : "all of its fields are empty";
  return new Dropped("incomplete", "", reason);
}

/**
 * Sets a value, unless it would blank a field that is to be kept.
 *
 * @returns what stood for a serial number.
 */
function put(
  outgoing: Record<string, unknown>,
  field: CompiledField,
  found: unknown,
  { onPlaceholder }: Table,
): string | undefined {
  if (found instanceof ConversionFailure) return undefined;
  const isPlaceholder = field.serial && typeof found === "string" && isPlaceholderSerial(found);
  const value = isPlaceholder ? null : found;
  if (!field.optional || !isBlank(value)) setOwn(outgoing, field.name, value);
  if (!isPlaceholder) return undefined;
  onPlaceholder?.(field.name, found.trim());
  return found.trim();
}

/** What is found out while a record is mapped. */
interface Progress {
  readonly outgoing: Record<string, unknown>;
  /** The failure that counts. */
  failure: ConversionFailure | undefined;
  /** What was found instead of a serial number. */
  placeholder: string | undefined;
}

/** Takes the value of a field. */
function take(progress: Progress, field: CompiledField, value: unknown, table: Table): void {
  if (value instanceof ConversionFailure && value.onError !== "keep") {
    if (progress.failure === undefined || value.onError === "fail") progress.failure = value;
  }
  progress.placeholder = put(progress.outgoing, field, value, table) ?? progress.placeholder;
}

/** The outgoing record when all of its fields were taken. */
function conclude(table: Table, progress: Progress): MappedRecord | Dropped {
  const { outgoing, failure, placeholder } = progress;
  if (failure === undefined) return checkRequired(table, outgoing, placeholder);
  const identity = describeIdentity(outgoing, table.syncFields);
  return new Dropped("failed", identity, failure.reason, failure.onError === "fail");
}

function begin(): Progress {
  return { outgoing: {}, failure: undefined, placeholder: undefined };
}

function map(table: Table, record: SourceRecord, custom?: CustomResults): MappedRecord | Dropped {
  const progress = begin();
  for (const field of table.fields) {
    if (field.isPlain) progress.outgoing[field.name] = field.read(record) ?? null;
    else take(progress, field, computeValue(field, record, custom) ?? null, table);
  }
  return conclude(table, progress);
}

async function mapWaiting(table: Table, record: SourceRecord, custom?: CustomResults) {
  const values = await Promise.all(
    table.fields.map((field) => computeValue(field, record, custom)),
  );
  const progress = begin();
  table.fields.forEach((field, index) => take(progress, field, values[index] ?? null, table));
  return conclude(table, progress);
}

function identifyRaw({ fields, syncFields }: Table, record: SourceRecord): string {
  const known: Record<string, unknown> = {};
  for (const field of fields) {
    if (!syncFields.includes(field.name)) continue;
    const value = computeValue(field, record, undefined);
    const isKnown = !(value instanceof Promise || value instanceof ConversionFailure);
    setOwn(known, field.name, isKnown ? value : null);
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
  /** Whether a path holds serial numbers, where placeholders of them are not to be sent. */
  readonly isSerial?: ((path: string) => boolean) | undefined;
  /** Called with each placeholder that was found instead of a serial number. */
  readonly onPlaceholder?: ((field: string, text: string) => void) | undefined;
}

/** Compiles a mapping table. */
export function compileMapper(
  mappings: readonly FieldMapping[],
  inputs: MapperInputs,
): Mapper {
  const { conversions, syncFields, onPlaceholder } = inputs;
  const fields = mappings.map((field) => compileField(field, inputs));
  const calls = conversions.custom.map(({ target }) => fields.find(({ name }) => name === target));
  const required = fields.filter((field) => field.required).map(({ name }) => name);
  const table: Table = { fields, required, calls, syncFields, onPlaceholder };
  return {
    map: (record, custom) => map(table, record, custom),
    mapWaiting: (record, custom) => mapWaiting(table, record, custom),
    customValues: (record) => calls.map((field) => field?.read(record) ?? null),
    identify: (outgoing) => describeIdentity(outgoing, syncFields),
    identifyRaw: (record) => identifyRaw(table, record),
  };
}
