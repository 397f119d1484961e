/**
 * The form of the setup that maps the paths of a source to fields, and what it changes in the ini.
 *
 * @module
 */
import { mergeSectionMappings } from "../app/mappings.ts";
import { suggestMappings } from "../app/field_suggestions.ts";
import { PathSample, type SampledPath } from "../app/source_paths.ts";
import { isBlank, type Kind, ownEntry, type SourceRecord } from "../base/record.ts";
import type { Config } from "../config/config.ts";
import type { IniEdit } from "../config/ini_writer.ts";
import type { SectionConfig } from "../config/section.ts";
import type { Source } from "../sdk/source.ts";
import type { FieldMapping } from "../transform/mapping.ts";
import { lookUp } from "../transform/path.ts";
import type { IniFile } from "./ini_file.ts";
import { mappingEdits, ownKeys } from "./mapping_edit.ts";
import type { ShownFinding } from "./saving.tsx";

/** One path of the source in the form. */
export interface PathRow {
  readonly path: string;
  /** What the source says of it; blank when it says nothing. */
  readonly meaning: string;
  /** What the form calls it: `path:general.name`. */
  readonly control: string;
  /** Its value in each of the sampled records, in words; blank for none. */
  readonly values: readonly string[];
  /** The fields that it is mapped to otherwise than the form can change. */
  readonly others: readonly string[];
  /** The field that the ini maps it to; blank for none. */
  readonly field: string;
  /** A field that it may be meant for; blank for none. */
  readonly suggestion: string;
}

/** Characters of a value that the form shows. */
const longestValue = 60;

/** A value in a few words. */
export function describeValue(value: unknown): string {
  if (isBlank(value)) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
}

/** The fields that built-in mappings of sources of a kind fill: what such records mostly have. */
export function usualFields(sources: readonly Source[], kind: Kind): string[] {
  const fields = sources.filter((source) => source.kind === kind)
    .flatMap(({ mappings }) => typeof mappings === "function" ? [] : Object.keys(mappings));
  const more = kind === "assets" ? ["BARCODE", "SERIAL_NUMBER"] : [];
  return [...new Set([...more, ...fields])].toSorted();
}

function isBareSource({ spec, origin }: FieldMapping): boolean {
  return origin.from === "ini" && Object.keys(spec).length === 1 && spec.source !== undefined;
}

/** The rows of the form: every path that the sampled records have. */
export function listPathRows(
  section: SectionConfig,
  records: readonly SourceRecord[],
  usual: readonly string[],
): PathRow[] {
  const mappings = mergeSectionMappings(section, undefined);
  const sample = new PathSample();
  for (const record of records) sample.look(record);
  const paths = sample.paths();
  const suggested = suggestFields(section, mappings, paths, usual);
  return paths.map(({ path }) => {
    const mapped = mappings.filter(({ spec }) => spec.source === path);
    const own = mapped.find(isBareSource);
    return {
      path,
      meaning: ownEntry(section.source.fields ?? {}, path) ?? "",
      control: `path:${path}`,
      values: records.map((record) => describeValue(lookUp(record, path))),
      others: mapped.filter((each) => each !== own).map(({ field }) => field),
      field: own?.field ?? "",
      suggestion: suggested.get(path) ?? "",
    };
  });
}

/** The fields that paths may be meant for, where neither is mapped yet. */
function suggestFields(
  { options: { sync_field: syncField } }: SectionConfig,
  mappings: readonly FieldMapping[],
  paths: readonly SampledPath[],
  usual: readonly string[],
): ReadonlyMap<string, string> {
  const taken = new Set(mappings.map(({ field }) => field));
  const mapped = new Set(mappings.map(({ spec }) => spec.source));
  const own = typeof syncField === "string" && syncField !== "" ? [syncField] : [];
  const fields = [...new Set([...own, ...usual])].filter((field) => !taken.has(field));
  const free = paths.filter(({ path }) => !mapped.has(path));
  const found = suggestMappings(fields.map((field) => ({ field })), free);
  // The first of two fields that would take the same path.
  return new Map(found.toReversed().map(({ field, path }) => [path, field]));
}

/** What a sent form says for a row: the name of a field, upper-case, or blank. */
function wantedField(form: URLSearchParams, { control, field }: PathRow): string {
  return (form.get(control) ?? field).trim().toUpperCase();
}

/** What is wrong with a sent form. */
export function checkMappingRows(rows: readonly PathRow[], form: URLSearchParams): ShownFinding[] {
  const seen = new Set<string>();
  return rows.flatMap((row): ShownFinding[] => {
    const wanted = wantedField(form, row);
    if (wanted === "") return [];
    const isTwice = seen.has(wanted);
    seen.add(wanted);
    const text = !/^[\w-]+$/.test(wanted)
      ? "Enter the name of an Oomnitza field: letters, digits and underscores."
      : isTwice
      ? `${wanted} is filled from another path already.`
      : undefined;
    return text === undefined ? [] : [{ severity: "error", field: row.control, text }];
  });
}

/** The edits that bring the ini to what a form says. */
export function mappingRowEdits(
  { document }: Pick<IniFile, "document">,
  section: string,
  rows: readonly PathRow[],
  form: URLSearchParams,
): IniEdit[] {
  const own = document.byName.get(section);
  const changed = rows.filter((row) => wantedField(form, row) !== row.field);
  const wanted = new Set(rows.map((row) => wantedField(form, row)));
  const removed = changed.flatMap(({ field }): IniEdit[] => {
    const key = field === "" || wanted.has(field) ? undefined : ownKeys(own).get(field);
    return key === undefined ? [] : [{ kind: "remove", section, key }];
  });
  const added = changed.flatMap((row): IniEdit[] => {
    const field = wantedField(form, row);
    if (field === "") return [];
    const mapping = { field, from: "source", value: row.path, converter: "", isRequired: false };
    return mappingEdits(section, own, { ...mapping, from: "source" });
  });
  return [...removed, ...added];
}

/** The section of a configuration, when it has no errors. */
export function findSection(config: Config, name: string): SectionConfig | undefined {
  return config.sections.find((section) => section.name === name);
}
