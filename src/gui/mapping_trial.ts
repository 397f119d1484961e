/**
 * What the mappings of an editor, saved or not, make of a record that was read.
 *
 * @module
 */
import { z } from "zod";
import { mergeSectionMappings } from "../app/mappings.ts";
import { type TriedField, tryMappings } from "../app/try_mappings.ts";
import { parseJson, stringifyExactJson } from "../base/json.ts";
import { isBlank, type SourceRecord } from "../base/record.ts";
import type { SectionConfig } from "../config/section.ts";
import { createLog } from "../logging/log.ts";
import { checkMappings } from "../sync/prepare.ts";
import { lookUp } from "../transform/path.ts";
import type { GuiContext } from "./context.ts";
import { changeEdits, checkChanges, type MappingChange, readChanges } from "./mapping_edit.ts";
import type { Fetched } from "./mapping_data.ts";
import { type ShownFinding, shownFinding } from "./saving.tsx";
import { checkEnabled } from "./section_config.ts";

/** What one field would get, as the script shows it. */
interface ShownValue {
  /** What was looked up, and what goes on, as JSON. */
  readonly input: string;
  readonly output: string;
  readonly failed?: string | undefined;
  readonly isLeftOut?: boolean | undefined;
  readonly isBlank: boolean;
}

/** What the script gets. */
export interface Trial {
  readonly fields: Readonly<Record<string, ShownValue>>;
  /** Path → the value of the record there, as JSON. */
  readonly paths: Readonly<Record<string, string>>;
  readonly findings: readonly ShownFinding[];
  /** The values of the sync fields of the record. */
  readonly name: string;
}

/** What is wanted: an editor asks for what it shows. */
interface Wanted {
  readonly changes: readonly MappingChange[];
  /** Index of the record in the sample. */
  readonly record: number;
  readonly fields: readonly string[];
  readonly paths: readonly string[];
}

/** Fields and paths that one request is answered for. */
const mostWanted = 200;
/** Characters of a value that are shown. */
const shownLength = 200;

const names = z.array(z.string()).max(mostWanted);

/**
 * Reads a request of the editor.
 *
 * @throws {AgentError} when it is none
 */
export function readWanted(form: URLSearchParams): Wanted {
  return {
    changes: readChanges(form.get("changes") ?? "[]"),
    record: Math.max(0, Math.trunc(Number(form.get("record"))) || 0),
    fields: parseJson(form.get("fields") ?? "", names) ?? [],
    paths: parseJson(form.get("paths") ?? "", names) ?? [],
  };
}

/** The changes that can be tried, and what is wrong with the others. */
function judgeChanges(gui: GuiContext, section: string, changes: readonly MappingChange[]) {
  const file = gui.read();
  const saved = checkEnabled(gui, file, section);
  const custom = new Set(saved.converters.map(({ name }) => name));
  const valid = changes.filter((change) => checkChanges([change], custom).length === 0);
  const edits = changeEdits(section, file.document.byName.get(section), valid);
  const config = edits.length === 0 ? saved : checkEnabled(gui, file, section, edits);
  const isOfMapping = (option: string | undefined) => option?.startsWith("mapping.") === true;
  const found = config.findings
    .filter(({ section: about, option }) => about === section && isOfMapping(option))
    .map((finding) => shownFinding(gui, finding, section));
  return { config, findings: [...checkChanges(changes, custom), ...found] };
}

function show(gui: GuiContext, value: unknown): string {
  const text = gui.redactor.redact(stringifyExactJson(value ?? null));
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text;
}

function toShownValue(gui: GuiContext, { input, output, failed, isLeftOut }: TriedField) {
  return {
    input: show(gui, input),
    output: show(gui, output),
    failed: failed === undefined ? undefined : gui.redactor.redact(failed),
    isLeftOut,
    isBlank: isBlank(output),
  } satisfies ShownValue;
}

/** The paths by whose values people know a record: its sync fields, and what the source declares. */
function namingPaths(section: SectionConfig, fetched: Fetched): string[] {
  const merged = mergeSectionMappings(section, fetched.told?.mappings);
  const { fields, syncFields } = checkMappings(section, merged);
  const synced = syncFields
    .flatMap((name) => fields.find(({ field }) => field === name)?.spec.source ?? []);
  return [...synced, ...section.source.namedBy ?? []];
}

/** The first of the values by which people know a record; blank when it has none. */
function nameOf(record: SourceRecord, paths: readonly string[]): string {
  const found = paths.map((path) => lookUp(record, path)).find((value) => !isBlank(value));
  return found === undefined ? "" : String(found);
}

/** Tries the mappings of an editor on a record of the sample. */
export async function tryChanges(
  gui: GuiContext,
  section: string,
  fetched: Fetched,
  { changes, record: index, fields, paths }: Wanted,
): Promise<Trial> {
  const { config, findings } = judgeChanges(gui, section, changes);
  const found = config.sections.find(({ name }) => name === section);
  const record = fetched.sample?.records[index];
  if (found === undefined || record === undefined) {
    return { fields: {}, paths: {}, findings, name: "" };
  }
  const merged = mergeSectionMappings(found, fetched.told?.mappings);
  const table = checkMappings(found, merged, config.oomnitza?.api_version);
  const wanted = new Set(fields);
  const mappings = table.fields.filter(({ field }) => wanted.has(field));
  // Whoever types must not fill the log.
  const log = createLog("gui", gui.redactor, []);
  const tried = await tryMappings(config, found, mappings, record, log);
  return {
    fields: Object.fromEntries(tried.map((one) => [one.field, toShownValue(gui, one)])),
    paths: Object.fromEntries(paths.map((path) => [path, show(gui, lookUp(record, path))])),
    findings,
    name: gui.redactor.redact(nameOf(record, namingPaths(found, fetched))),
  };
}

/** Which records a key means: `PATH=VALUE`, or one of the values by which people know a record. */
export function recordsMeant(
  section: SectionConfig,
  fetched: Fetched,
  key: string,
): (record: SourceRecord) => boolean {
  const known = namingPaths(section, fetched);
  const [, path = "", value = ""] = /^([^=]+)=(.*)$/s.exec(key) ?? [];
  const has = (record: SourceRecord, at: string, wanted: string) => {
    const found = lookUp(record, at) ?? null;
    return found !== null && String(found).toLowerCase() === wanted.toLowerCase();
  };
  return (record) =>
    known.some((each) => has(record, each, key)) ||
    (path !== "" && has(record, path.trim(), value.trim()));
}
