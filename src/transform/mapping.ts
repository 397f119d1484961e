/**
 * Merges the three inputs of a mapping table and keeps where each part came from.
 *
 * @module
 */

import { stringifyExactJson } from "../base/json.ts";
import type { Finding } from "../base/errors.ts";
import type { Kind } from "../base/record.ts";
import type { Mappings, MappingSpec } from "../sdk/source.ts";

/** Where a part of a mapping is defined. */
export type Origin =
  | { readonly from: "built-in" | "oomnitza" | "default" }
  | { readonly from: "ini"; readonly line: number };

/** What Oomnitza keeps for a source: source path → field or fields. */
export type ServerMappings = Readonly<Record<string, string | readonly string[]>>;

/** One line of the effective mapping table. */
export interface FieldMapping {
  /** Oomnitza field, upper-case. */
  readonly field: string;
  readonly spec: MappingSpec;
  /** Where the value comes from: source, setting or hardcoded. */
  readonly origin: Origin;
  /** Where the converter was named, when there is one. */
  readonly converterOrigin?: Origin | undefined;
}

/** What is merged. */
export interface MappingInputs {
  readonly builtin: Mappings;
  /** Absent when `use_server_map` is off. */
  readonly server: ServerMappings | undefined;
  readonly ini: readonly {
    readonly field: string;
    readonly spec: MappingSpec;
    readonly line: number;
  }[];
  /** Source path → converter call, for mappings of that path that name none. */
  readonly converters: Readonly<Record<string, string>>;
}

interface Draft {
  spec: { -readonly [K in keyof MappingSpec]: MappingSpec[K] };
  origin: Origin;
  converterOrigin: Origin | undefined;
}

function getDraft(drafts: Map<string, Draft>, field: string, origin: Origin): Draft {
  const known = drafts.get(field);
  if (known !== undefined) return known;
  const draft: Draft = { spec: {}, origin, converterOrigin: undefined };
  drafts.set(field, draft);
  return draft;
}

function addServer(drafts: Map<string, Draft>, server: ServerMappings): void {
  for (const [source, target] of Object.entries(server)) {
    for (const field of typeof target === "string" ? [target] : target) {
      const draft = getDraft(drafts, field, { from: "oomnitza" });
      draft.spec.source = source;
      draft.origin = { from: "oomnitza" };
    }
  }
}

function addIni(
  drafts: Map<string, Draft>,
  { field, spec, line }: MappingInputs["ini"][number],
): void {
  const origin: Origin = { from: "ini", line };
  const draft = getDraft(drafts, field, origin);
  const saysValue = spec.source ?? spec.setting ?? spec.hardcoded;
  if (spec.hardcoded !== undefined && spec.source === undefined && spec.setting === undefined) {
    // A literal in the ini replaces what was built in or came from Oomnitza.
    delete draft.spec.source;
    delete draft.spec.setting;
  }
  Object.assign(draft.spec, spec);
  const outranked = spec.source === undefined && draft.spec.source !== undefined;
  if (saysValue !== undefined && !outranked) draft.origin = origin;
  if (spec.converter !== undefined) draft.converterOrigin = origin;
}

/** Merges built-in, server and ini mappings, in this order, then the default converters. */
export function mergeMappings(inputs: MappingInputs): FieldMapping[] {
  const drafts = new Map<string, Draft>();
  for (const [field, spec] of Object.entries(inputs.builtin)) {
    const draft = getDraft(drafts, field, { from: "built-in" });
    Object.assign(draft.spec, spec);
    if (spec.converter !== undefined) draft.converterOrigin = { from: "built-in" };
  }
  if (inputs.server !== undefined) addServer(drafts, inputs.server);
  for (const mapping of inputs.ini) addIni(drafts, mapping);
  for (const draft of drafts.values()) {
    const { source, converter } = draft.spec;
    if (source === undefined || converter !== undefined) continue;
    if (!Object.hasOwn(inputs.converters, source)) continue;
    draft.spec.converter = inputs.converters[source] as string;
    draft.converterOrigin = { from: "built-in" };
  }
  return [...drafts].map(([field, draft]) => ({ field, ...draft }));
}

/** What the rules of a kind of section need to know. */
export interface KindInputs {
  readonly kind: Kind;
  readonly section: string;
  readonly file: string;
  readonly line: number;
  /** Text of `sync_field`, blank when absent. */
  readonly syncField: string;
  /** Text of `default_position`, blank when absent. */
  readonly defaultPosition: string;
  /** Over which API is sent; `auto`, as without it, takes v2 only where there is no other. */
  readonly apiVersion?: "auto" | "v2" | "v3" | undefined;
}

/** A mapping table that obeys the rules of its kind. */
export interface CheckedMapping {
  readonly fields: readonly FieldMapping[];
  /** The fields by which records are recognised; empty when Oomnitza decides. */
  readonly syncFields: readonly string[];
  /** Whether `default_position = unused` leaves the position to the mappings. */
  readonly normalPosition: boolean;
  /** Fields that API v2 insists on, and that are not mapped. */
  readonly missingForV2: readonly string[];
  readonly findings: readonly Finding[];
}

/** Splits a comma-separated `sync_field`. */
export function splitFieldNames(text: string): string[] {
  return text.split(",").map((name) => name.trim()).filter((name) => name !== "");
}

function withPeopleDefaults(fields: readonly FieldMapping[], unused: boolean): FieldMapping[] {
  const result = [...fields];
  function add(field: string, setting: string): void {
    if (result.some((mapping) => mapping.field === field)) return;
    result.push({ field, spec: { setting }, origin: { from: "default" } });
  }
  if (!unused) add("POSITION", "default_position");
  add("PERMISSIONS_ID", "default_role");
  return result;
}

/** Names every sync field that is not mapped. */
function findUnmapped(
  table: readonly FieldMapping[],
  syncFields: readonly string[],
  { file, line, section }: KindInputs,
): Finding[] {
  const missing = syncFields.filter((name) => !table.some(({ field }) => field === name));
  return missing.map((name) => ({
    code: "missing",
    severity: "error",
    file,
    line,
    section,
    option: "sync_field",
    message: `is ${name}, which is not mapped`,
    hint: `Add mapping.${name} = <source path>, or map it in Oomnitza`,
  }));
}

/** What `/api/v2/bulk/users` insists on; API v3 does not, and since 2.0 neither does the Python connector. */
const peopleFields = ["USER", "EMAIL"];

/** Warns of fields of people that are not mapped; over API v2 they must be. */
function findUnmappedPeople(missing: readonly string[], inputs: KindInputs): Finding[] {
  const { file, line, section, apiVersion } = inputs;
  return missing.map((name) => ({
    code: "missing",
    severity: apiVersion === "v2" ? "error" : "warning",
    file,
    line,
    section,
    option: undefined,
    message: apiVersion === "v2"
      ? `does not map ${name}, which API v2 needs`
      : `does not map ${name}: Oomnitza recognises people without it only by another sync_field, and API v2 refuses them`,
    hint: `Add mapping.${name} = <source path>, or map it in Oomnitza`,
  }));
}

/** Names every mapping that says nowhere where its value comes from. */
function findValueless(
  table: readonly FieldMapping[],
  { file, line, section }: KindInputs,
): Finding[] {
  const valueless = table.filter(({ spec }) =>
    spec.source === undefined && spec.setting === undefined && spec.hardcoded === undefined
  );
  return valueless.map(({ field, origin, converterOrigin }) => {
    const effective = converterOrigin ?? origin;
    return {
      code: "missing",
      severity: "error",
      file,
      line: effective.from === "ini" ? effective.line : line,
      section,
      option: `mapping.${field.toLowerCase()}`,
      message: "has neither source, setting nor hardcoded",
      hint: 'Say where the value comes from, for example {"source": "serial"}',
    };
  });
}

/** Applies the rules of assets or people: what must be mapped and what must not be empty. */
export function applyKind(fields: readonly FieldMapping[], inputs: KindInputs): CheckedMapping {
  const people = inputs.kind === "users";
  const unused = inputs.defaultPosition.trim().toLowerCase() === "unused";
  const table = people ? withPeopleDefaults(fields, unused) : [...fields];
  const isMapped = (name: string) => table.some(({ field }) => field === name);
  const missingForV2 = people ? peopleFields.filter((name) => !isMapped(name)) : [];
  const named = splitFieldNames(inputs.syncField);
  // People are recognised by USER unless the ini says otherwise, or USER is not there to go by.
  const syncFields = people && named.length === 0 && isMapped("USER") ? ["USER"] : named;
  const required = new Set([...(people ? peopleFields.filter(isMapped) : []), ...syncFields]);
  const findings = [
    ...findUnmapped(table, syncFields, inputs),
    ...findUnmappedPeople(missingForV2, inputs),
    ...findValueless(table, inputs),
  ];
  const marked = table.map((mapping) =>
    required.has(mapping.field)
      ? { ...mapping, spec: { ...mapping.spec, required: true } }
      : mapping
  );
  return { fields: marked, syncFields, normalPosition: people && unused, missingForV2, findings };
}

/** Where a mapping takes its value from, in words. */
export function describeValueSource({ spec }: Pick<FieldMapping, "spec">): string {
  if (spec.source !== undefined) return spec.source;
  if (spec.setting !== undefined) return `setting ${spec.setting}`;
  return spec.hardcoded === undefined ? "(nothing)" : stringifyExactJson(spec.hardcoded);
}

/** An origin in words, also of reports. */
export function describeOrigin(origin: Origin): string {
  switch (origin.from) {
    case "ini":
      return `ini line ${origin.line}`;
    case "oomnitza":
      return "Oomnitza";
    default:
      return origin.from;
  }
}

/** Where the value of a mapping, and its converter, are defined, in words. */
export function describeOrigins({ origin, converterOrigin }: FieldMapping): string {
  const value = describeOrigin(origin);
  const converter = converterOrigin === undefined ? value : describeOrigin(converterOrigin);
  return converter === value ? value : `${value}, converter: ${converter}`;
}

/** A mapping as reports have it. */
export interface ReportedMapping extends Pick<FieldMapping, "field" | "spec"> {
  readonly origin: string;
  readonly converterOrigin?: string | undefined;
}

export function reportMapping(
  { field, spec, origin, converterOrigin }: FieldMapping,
): ReportedMapping {
  return {
    field,
    spec,
    origin: describeOrigin(origin),
    converterOrigin: converterOrigin === undefined ? undefined : describeOrigin(converterOrigin),
  };
}
