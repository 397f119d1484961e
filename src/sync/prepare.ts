/**
 * Gets a section ready to run: fetches Oomnitza's mappings, merges and checks them, binds converters.
 *
 * @module
 */

import { ConfigError, type Finding, formatFinding } from "../base/errors.ts";
import { mapOrdered } from "../base/iteration.ts";
import type { Log } from "../logging/log.ts";
import { distinctFindings } from "../config/findings.ts";
import type { SectionConfig } from "../config/section.ts";
import type { Oomnitza } from "../oomnitza/client.ts";
import type { FieldRulesOf } from "../oomnitza/fields.ts";
import type { Upload } from "../oomnitza/payload.ts";
import type { Converter } from "../sdk/converter.ts";
import {
  applyKind,
  type CheckedMapping,
  type FieldMapping,
  mergeMappings,
} from "../transform/mapping.ts";
import { findNamedFieldErrors, readFieldNames } from "../transform/named_fields.ts";
import { checkConverterCalls } from "../transform/check_converters.ts";
import { bindConverters, type Conversions, type ConverterLookup } from "../transform/convert.ts";
import {
  type ConversionProblems,
  createConversionProblems,
} from "../transform/conversion_problems.ts";
import { compileMapper, type Mapper, type MapperInputs } from "../transform/map.ts";
import { hasUserCode, type SectionCode } from "../transform/transform.ts";
import { type CompiledUserCode, findCodeErrors, selectSectionCode } from "./user_code.ts";
import { openVendorIds, type VendorIds } from "./vendor_ids.ts";

/** What preparing needs. */
export interface PrepareContext {
  /** The instance whose mappings are read. */
  readonly oomnitza: Pick<Oomnitza, "mappings">;
  readonly findConverter: (name: string) => Converter | undefined;
  /** Names of the built-in converters, to suggest one. */
  readonly converterNames: readonly string[];
  readonly code: CompiledUserCode;
  /** Version that the uploads name. */
  readonly version: string;
  /** Over which API is sent; `auto` by default. */
  readonly apiVersion?: "auto" | "v2" | "v3" | undefined;
  /** What the instance tells about its fields; nothing unless given. */
  readonly fieldRules?: FieldRulesOf | undefined;
  readonly log: Log;
}

/** A section that can run. */
export interface PreparedSection {
  readonly section: SectionConfig;
  readonly mapping: CheckedMapping;
  readonly conversions: Conversions;
  readonly conversionProblems: ConversionProblems;
  readonly mapper: Mapper;
  readonly code: SectionCode;
  readonly upload: Upload;
  /** Fields of which a difference alone is no reason to send a record. */
  readonly volatile: ReadonlySet<string>;
  /** The vendor's ids of its records; absent when its source has none. */
  readonly vendorIds: VendorIds | undefined;
  readonly fieldRules: FieldRulesOf;
  readonly log: Log;
}

/** The merged mapping table of a section, before the rules of its kind. */
export async function loadMappings(
  section: SectionConfig,
  oomnitza: Pick<Oomnitza, "mappings">,
): Promise<FieldMapping[]> {
  const server = section.settings.use_server_map
    ? await oomnitza.mappings(section.mappingName)
    : undefined;
  return mergeMappings({
    builtin: section.builtin,
    server,
    ini: section.mappings,
    converters: section.source.converters ?? {},
  });
}

/** Applies the rules of the section's kind, and of options that name fields, to its mapping table. */
export function checkMappings(
  section: SectionConfig,
  fields: readonly FieldMapping[],
  apiVersion?: PrepareContext["apiVersion"],
): CheckedMapping {
  const { texts, settings } = section;
  const at = { section: section.name, file: section.file, line: section.line };
  const checked = applyKind(fields, {
    ...at,
    kind: section.kind,
    syncField: texts.sync_field ?? "",
    defaultPosition: texts.default_position ?? "",
    apiVersion,
  });
  const named = findNamedFieldErrors({ ...at, settings, ...checked });
  return { ...checked, findings: [...checked.findings, ...named] };
}

function describeUpload(section: SectionConfig, mapping: CheckedMapping, version: string): Upload {
  const { settings, texts } = section;
  return {
    mappingName: section.mappingName,
    kind: section.kind,
    version,
    syncFields: mapping.syncFields,
    syncFieldNamed: (texts.sync_field?.trim() ?? "") !== "",
    insertOnly: settings.insert_only,
    updateOnly: settings.update_only,
    texts: {
      insertOnly: texts.insert_only ?? "False",
      updateOnly: texts.update_only ?? "False",
      onlyIfFilled: settings.only_if_filled ?? null,
      dontOverwrite: settings.dont_overwrite ?? null,
    },
    normalPosition: mapping.normalPosition,
    missingForV2: mapping.missingForV2,
    portion: crypto.randomUUID(),
  };
}

/** A mapping may send a secret on purpose; nobody should do so without knowing. */
function warnOfSecrets({ source }: SectionConfig, { fields }: CheckedMapping, log: Log): void {
  for (const { field, spec: { setting } } of fields) {
    if (setting === undefined || source.options[setting]?.kind !== "secret") continue;
    log.warning(
      `mapping.${field} sends the secret ${setting} to Oomnitza; until it has arrived, it is in the state file`,
    );
  }
}

function lookupIn(
  { findConverter: find, converterNames: names, code }: CheckContext,
): ConverterLookup {
  return { find, names, custom: code.names };
}

/** What checking the converters of a section takes. */
export type CheckContext = Pick<PrepareContext, "findConverter" | "converterNames" | "code">;

/** The mapping table of a section as far as the file has it. */
function mergeOwnMappings(section: SectionConfig): FieldMapping[] {
  const { builtin, mappings: ini, source: { converters = {} } } = section;
  return mergeMappings({ builtin, server: undefined, ini, converters });
}

/** Finds converter calls of a section that cannot be meant, as far as the file has them. */
export function findConverterErrors(section: SectionConfig, context: CheckContext): Finding[] {
  return checkConverterCalls(mergeOwnMappings(section), lookupIn(context), section, section.name);
}

/** Finds what is wrong with the fields that options of a section name, as far as the file tells. */
export function findNamingErrors(section: SectionConfig): Finding[] {
  const { name, file, line, settings } = section;
  const { fields, syncFields } = checkMappings(section, mergeOwnMappings(section));
  const found = findNamedFieldErrors({ section: name, file, line, settings, fields, syncFields });
  // Oomnitza may map what the file does not.
  return settings.use_server_map ? found.filter(({ code }) => code !== "missing") : found;
}

function placeholderNote(text: string): string {
  return `"${text}" stands for a missing serial number and is not sent (send_placeholder_serials = True sends it)`;
}

function prepareSection(
  section: SectionConfig,
  fields: readonly FieldMapping[],
  context: PrepareContext,
): PreparedSection | Finding[] {
  const log = context.log.named(section.name);
  const mapping = checkMappings(section, fields, context.apiVersion);
  if (mapping.findings.some(({ severity }) => severity === "error")) return [...mapping.findings];
  for (const warning of mapping.findings) log.warning(formatFinding(warning));
  const conversionProblems = createConversionProblems(log);
  const lookup = lookupIn(context);
  const wrong = checkConverterCalls(mapping.fields, lookup, section, section.name);
  if (wrong.length > 0) return wrong;
  const conversions = bindConverters(mapping.fields, {
    lookup,
    problems: conversionProblems,
    onError: section.settings.on_error,
  });
  const code = selectSectionCode(section, context.code);
  const errors = findCodeErrors(context.code, section, hasUserCode(code, conversions));
  if (errors.length > 0) return errors;
  const { syncFields } = mapping;
  const { source, settings } = section;
  const keepIfEmpty = readFieldNames(settings.keep_if_empty);
  const inputs: MapperInputs = {
    ...{ texts: section.texts, conversions, syncFields, keepIfEmpty },
    isSerial: settings.send_placeholder_serials ? undefined : source.isSerial,
    onPlaceholder: (field, text) => conversionProblems.noteValue(field, placeholderNote(text)),
  };
  warnOfSecrets(section, mapping, log);
  const mapper = compileMapper(mapping.fields, inputs);
  const upload = describeUpload(section, mapping, context.version);
  const { fieldRules = () => Promise.resolve(undefined) } = context;
  return {
    ...{ section, mapping, conversions, conversionProblems, mapper, code, upload, log },
    ...{ volatile: new Set(readFieldNames(settings.volatile)), fieldRules },
    vendorIds: openVendorIds({ section, mapping, code }),
  };
}

/** Sections whose mappings are read from Oomnitza at once. */
const mappingsAtOnce = 8;

/**
 * Prepares sections, before anything is pulled.
 *
 * @throws {ConfigError} with the findings of all of them.
 */
export async function prepareSections(
  sections: readonly SectionConfig[],
  context: PrepareContext,
): Promise<PreparedSection[]> {
  const prepared: PreparedSection[] = [];
  const findings: Finding[] = [];
  for (const warning of context.code.warnings) context.log.warning(formatFinding(warning));
  const load = async (section: SectionConfig) => {
    return { section, fields: await loadMappings(section, context.oomnitza) };
  };
  for await (const { section, fields } of mapOrdered(sections, mappingsAtOnce, load)) {
    const outcome = prepareSection(section, fields, context);
    if (Array.isArray(outcome)) findings.push(...outcome);
    else prepared.push(outcome);
  }
  if (findings.length > 0) {
    // Sections share the custom converters, and so their errors.
    throw new ConfigError("The sections cannot run", distinctFindings(findings));
  }
  return prepared;
}
