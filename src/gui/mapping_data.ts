/**
 * What the mapping editor works with, as its script gets it.
 *
 * @module
 */
import { converters } from "../../converters/mod.ts";
import { mergeSectionMappings, type ToldMappings } from "../app/mappings.ts";
import type { FieldValues } from "../app/field_values.ts";
import { suggestMappings } from "../app/field_suggestions.ts";
import { describeTypes, PathSample, type SampledPath, shareOf } from "../app/source_paths.ts";
import type { Config } from "../config/config.ts";
import type { IniSection } from "../config/ini.ts";
import type { SectionConfig } from "../config/section.ts";
import type { FieldRule } from "../oomnitza/fields.ts";
import { describeRefusal } from "../sync/field_refusals.ts";
import type { SampledRecords } from "../sync/read/probe.ts";
import { checkMappings } from "../sync/prepare.ts";
import { describeOrigins, type FieldMapping } from "../transform/mapping.ts";
import { formOfSpec, type MappingForm, ownKeys } from "./mapping_edit.ts";
import { sentence } from "./saving.tsx";

/** What was fetched for a section since the GUI was started. */
export interface Fetched {
  /** Records as they were read, and the paths in them. */
  readonly sample?: SampledRecords & { readonly paths: readonly SampledPath[] };
  readonly told?: ToldMappings;
  /** What Oomnitza takes; null when it does not tell. */
  readonly values?: FieldValues | null;
}

/** A sample as the editor keeps it. */
export function toSample(sampled: SampledRecords): NonNullable<Fetched["sample"]> {
  const sample = new PathSample();
  for (const record of sampled.records) sample.look(record);
  return { ...sampled, paths: sample.paths() };
}

/** A field of Oomnitza in the editor. */
interface EditorField {
  readonly field: string;
  /** What people call it; blank when that is not known. */
  readonly label: string;
  /** Absent when nothing is mapped to it. */
  readonly form: Omit<MappingForm, "field"> | undefined;
  /** Whether the value holds a secret and is masked, so that it cannot be written back. */
  readonly isMasked: boolean;
  /** Where the mapping comes from, in words. */
  readonly origin: string;
  /** Whether the ini has it, so that it can be removed there. */
  readonly isOwn: boolean;
  /** Whether a record without it is not sent, whatever the mapping says. */
  readonly isRequired: boolean;
  /** What it takes, in words. */
  readonly rule: string;
  readonly warnings: readonly string[];
  /** A path that it could be mapped from, and why. */
  readonly suggestion: { readonly path: string; readonly because: string } | undefined;
}

/** A path of the source in the editor. */
interface EditorPath {
  readonly path: string;
  readonly meaning: string;
  /** Types, and in how many of the sampled records it has a value; blank without a sample. */
  readonly facts: string;
  /** The shape of a value. */
  readonly example: string;
}

/** A converter that can be chosen. */
interface EditorConverter {
  readonly name: string;
  readonly summary: string;
  readonly isOwn: boolean;
  /** Its parameters; absent when they are written as one text. */
  readonly params:
    | readonly { readonly name: string; readonly help: string; readonly default: string }[]
    | undefined;
}

/** Everything that the editor shows, but for the values of a record. */
export interface EditorData {
  /** The state of the file that it was made from. */
  readonly revision: string;
  readonly fields: readonly EditorField[];
  readonly paths: readonly EditorPath[];
  /** Options of the section that can be mapped. */
  readonly settings: readonly string[];
  readonly converters: readonly EditorConverter[];
  /** Records that were read; absent before. */
  readonly records: number | undefined;
  /** What is to be known of the whole, each with a kind of notice. */
  readonly notes: readonly { readonly kind: "" | "good" | "warning"; readonly text: string }[];
}

/** What a field takes, in words; blank when it takes everything. */
function describeRule(rule: FieldRule | undefined): string {
  if (rule === undefined) return "";
  const { type, values, isUnique } = rule;
  const words = [
    ...values === undefined ? [] : [`one of ${values.size} values`],
    ...type === "date" || type === "number" ? [type] : [],
    ...isUnique === true ? ["unique"] : [],
  ];
  return words.join(", ");
}

function listConverters(config: Config): EditorConverter[] {
  const own = config.converters.map(({ name }) => ({
    name,
    summary: "",
    isOwn: true,
    params: undefined,
  }));
  const builtIn = converters.map(({ name, summary, params }) => ({
    name,
    summary,
    isOwn: false,
    params: params === "any" ? undefined : Object.entries(params).map(([name, one]) => {
      return { name, help: one.help, default: one.default ?? "" };
    }),
  }));
  const names = new Set(own.map(({ name }) => name.toLowerCase()));
  return [...own, ...builtIn.filter(({ name }) => !names.has(name.toLowerCase()))];
}

function listPaths(
  { source: { fields: meanings = {} } }: SectionConfig,
  sample: Fetched["sample"],
): EditorPath[] {
  const sampled = sample?.paths ?? [];
  const known = new Set(sampled.map(({ path }) => path));
  const count = sample?.records.length ?? 0;
  const declared = Object.keys(meanings).filter((path) => !known.has(path));
  return [
    ...sampled.map((path) => ({
      path: path.path,
      meaning: Object.hasOwn(meanings, path.path) ? meanings[path.path] ?? "" : "",
      facts: [describeTypes(path), shareOf(path, count)].filter((text) => text !== "").join(", "),
      example: path.examples[0] ?? "",
    })),
    ...declared.map((path) => ({
      path,
      meaning: meanings[path] ?? "",
      facts: sample === undefined ? "" : "in no record",
      example: "",
    })),
  ];
}

/** Everything that is known of the section. */
export interface EditorInputs {
  readonly revision: string;
  readonly config: Config;
  readonly section: SectionConfig;
  /** The section as the file has it. */
  readonly own: IniSection | undefined;
  readonly fetched: Fetched;
  readonly redact: (text: string) => string;
}

/** The mappings of a section, before and after the rules of its kind. */
function tableOf({ config, section, fetched }: EditorInputs) {
  const merged = mergeSectionMappings(section, fetched.told?.mappings);
  return { merged, table: checkMappings(section, merged, config.oomnitza?.api_version) };
}

function mappedFields(
  inputs: EditorInputs,
  table: readonly FieldMapping[],
  merged: readonly FieldMapping[],
) {
  const { fetched: { told, values }, own } = inputs;
  const keys = ownKeys(own);
  const written = new Map(merged.map((mapping) => [mapping.field, mapping]));
  const labels = new Map(told?.fields?.map(({ field, label }) => [field, label]));
  const rules = new Map(told?.fields?.map((rule) => [rule.field, rule]));
  return table.map((mapping): EditorField => {
    const { field, spec } = mapping;
    const { field: _field, ...form } = formOfSpec(field, written.get(field)?.spec ?? spec);
    const shown = inputs.redact(form.value);
    const refusals = values?.refusals.filter((refusal) => refusal.field === field) ?? [];
    return {
      field,
      label: labels.get(field) ?? "",
      form: { ...form, value: shown },
      isMasked: shown !== form.value,
      origin: describeOrigins(mapping),
      isOwn: keys.has(field),
      isRequired: spec.required === true,
      rule: describeRule(values?.rules.get(field) ?? rules.get(field)),
      warnings: refusals.map((refusal) => inputs.redact(describeRefusal(refusal))),
      suggestion: undefined,
    };
  });
}

function openFields(
  { fetched: { told, sample } }: EditorInputs,
  table: readonly FieldMapping[],
): EditorField[] {
  const mapped = new Set(table.map(({ field }) => field));
  const open = told?.fields?.filter(({ field }) => !mapped.has(field)) ?? [];
  const used = new Set(table.flatMap(({ spec }) => spec.source ?? []));
  const free = sample?.paths.filter(({ path }) => !used.has(path)) ?? [];
  const suggested = new Map(suggestMappings(open, free).map((each) => [each.field, each]));
  return open.map((rule) => {
    const found = suggested.get(rule.field);
    return {
      field: rule.field,
      label: rule.label,
      form: undefined,
      isMasked: false,
      origin: "",
      isOwn: false,
      isRequired: false,
      rule: describeRule(rule),
      warnings: [],
      suggestion: found && { path: found.path, because: found.reasons.join("; ") },
    };
  });
}

function listNotes({ section, fetched: { told, values, sample } }: EditorInputs) {
  const notes: { kind: "" | "good" | "warning"; text: string }[] = [];
  if (section.settings.use_server_map && told?.mappings === undefined) {
    const text = `The mappings that Oomnitza keeps for ${section.mappingName} are not shown yet: ` +
      "ask Oomnitza.";
    notes.push({ kind: "", text });
  }
  if (told?.reason !== undefined) notes.push({ kind: "warning", text: sentence(told.reason) });
  if (values === null) {
    notes.push({ kind: "", text: "This instance does not tell what its fields take." });
  } else if (values !== undefined) {
    const taken = values.records === 0 ? "all fields" : `the first ${values.records} records`;
    const first = `Of the first ${values.records} records, `;
    if (values.refusals.length === 0) {
      notes.push({ kind: "good", text: `Oomnitza takes the values of ${taken}.` });
    }
    for (const refusal of values.refusals) {
      notes.push({ kind: "warning", text: first + describeRefusal(refusal) });
    }
  }
  for (const { identity, reason } of sample?.skipped ?? []) {
    notes.push({ kind: "warning", text: `Could not be read: ${identity}: ${reason}` });
  }
  return notes;
}

/** Notices that are shown: a source may fail on any number of records. */
const mostNotes = 50;

/** Makes what the editor shows. */
export function toEditorData(inputs: EditorInputs): EditorData {
  const { revision, config, section, fetched, redact } = inputs;
  const { merged, table: { fields: table, findings } } = tableOf(inputs);
  const found = findings.map(({ option, message, hint }) => {
    const text = [message, ...hint === undefined ? [] : [hint]].map(sentence).join(" ");
    return { kind: "warning" as const, text: option === undefined ? text : `${option} ${text}` };
  });
  const notes = [...found, ...listNotes(inputs)];
  const more = notes.length - mostNotes;
  return {
    revision,
    fields: [...mappedFields(inputs, table, merged), ...openFields(inputs, table)],
    paths: listPaths(section, fetched.sample),
    settings: Object.keys(section.texts),
    converters: listConverters(config),
    records: fetched.sample?.records.length,
    notes: [
      ...notes.slice(0, mostNotes).map(({ kind, text }) => ({ kind, text: redact(text) })),
      ...more > 0 ? [{ kind: "warning" as const, text: `and ${more} more` }] : [],
    ],
  };
}
