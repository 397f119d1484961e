/**
 * Checks one section of the ini: which source it is, its options and mappings, and what is wrong with them.
 *
 * @module
 */

import { closest } from "fastest-levenshtein";
import type { Finding } from "../base/errors.ts";
import type { Environment } from "../base/environment.ts";
import type { Kind } from "../base/record.ts";
import type { Options, Values } from "../sdk/option.ts";
import type { limitOptions } from "../settings/section_options.ts";
import { version } from "../runtime/version.ts";
import type { Mappings, Source } from "../sdk/source.ts";
import { optionsOfSource, type sectionOptions, sourceNamed } from "./declared.ts";
import { countsAsEnabled, readEnable } from "./enabled.ts";
import type { IniDocument, IniSection } from "./ini.ts";
import type { IniMapping } from "./mapping_option.ts";
import {
  beginReading,
  type ConfigContext,
  type Reading,
  type ReadOptions,
  readOptions,
  report,
} from "./reading.ts";
import { toUserCode, type UserCode } from "./user_code.ts";

/** `{"setting": "VERSION"}` gives the version of the program, as in the Python connector. */
const versionSetting = "VERSION";

/** The values of {@linkcode sectionOptions}. */
export type SectionSettings = Values<typeof sectionOptions> & Partial<Values<typeof limitOptions>>;

/** One enabled section, ready to run. */
export interface SectionConfig {
  /** Name as written, for example `casper.MDM`. */
  readonly name: string;
  readonly line: number;
  readonly file: string;
  /** The environment that it was checked in; its proxy may come from there. */
  readonly env: Environment;
  readonly source: Source;
  readonly kind: Kind;
  /** The label under which Oomnitza knows the source. */
  readonly mappingName: string;
  /** The source's own options. */
  readonly options: Values<Options>;
  /** The options that every section has. */
  readonly settings: SectionSettings;
  /** Effective texts by key, as a mapping's `setting` sees them. */
  readonly texts: Readonly<Record<string, string>>;
  /** The source's built-in mappings. */
  readonly builtin: Mappings;
  readonly mappings: readonly IniMapping[];
  readonly filter: UserCode | undefined;
  /** Whether secrets of it were not fetched: stand-ins are used instead, and it must not run. */
  readonly pending: boolean;
}

/** What checking a section came to. */
export interface SectionOutcome {
  readonly enabled: boolean;
  /** Absent when the section is disabled or its source unknown. */
  readonly config?: SectionConfig;
  readonly findings: readonly Finding[];
  /** The texts of its secret options, also when it has errors. */
  readonly secrets: readonly string[];
}

function isEnabled(reading: Reading): boolean {
  const option = reading.options.get("enable");
  const state = readEnable(option);
  if (state === "invalid") {
    report(reading, {
      code: "invalid",
      option: "enable",
      message: option?.reference === undefined
        ? `is not a boolean: "${option?.value}"`
        : "refers to a value that is not a boolean",
      hint: "Write enable = True or enable = False",
    });
  }
  return countsAsEnabled(state);
}

function findSource(reading: Reading, sources: readonly Source[]): Source | undefined {
  const found = sourceNamed(reading.section.name, sources);
  if (found !== undefined) return found;
  const module = reading.section.name.split(".", 1)[0] ?? "";
  const near = closest(module, sources.map(({ name }) => name));
  report(reading, {
    code: "unknown_section",
    message: `is enabled, but there is no source named ${module}`,
    hint: `Did you mean ${near}? The command "sources" lists them`,
  });
  return undefined;
}

function hasErrors(reading: Reading): boolean {
  return reading.findings.some(({ severity }) => severity === "error");
}

/** Checks the rules between options. */
function checkRules(reading: Reading, source: Source, values: Values<Options>): void {
  const { insert_only, update_only, only_changed, remember } = values as unknown as SectionSettings;
  if (insert_only && update_only) {
    const message = "and insert_only are both on, so nothing would ever be sent";
    report(reading, { code: "conflict", option: "update_only", message });
  }
  if (only_changed && !remember) {
    const message = "requires remember = True";
    report(reading, { code: "conflict", option: "only_changed", message });
  }
  const message = source.rule?.(values);
  if (message !== undefined) report(reading, { code: "conflict", message });
}

function toSectionConfig(reading: Reading, source: Source, read: ReadOptions): SectionConfig {
  const { document, section } = reading;
  const options = read.values as Values<Options>;
  const { mappingName, mappings } = source;
  return {
    name: section.name,
    line: section.line,
    file: document.file,
    env: reading.env,
    source,
    kind: source.kind,
    mappingName: typeof mappingName === "string" ? mappingName : mappingName(options),
    options,
    settings: read.values as unknown as SectionSettings,
    texts: { [versionSetting]: version, ...read.texts },
    builtin: typeof mappings === "function" ? mappings(options) : mappings,
    mappings: read.mappings,
    filter: toUserCode(document, section.name, reading.options.get("recordfilter"), section.name),
    pending: read.isPending,
  };
}

/** Checks one section. Disabled sections are skipped without reading the rest. */
export function checkSection(
  document: IniDocument,
  section: IniSection,
  context: ConfigContext,
): SectionOutcome {
  const reading = beginReading(document, section, context);
  const { findings } = reading;
  if (!isEnabled(reading)) return { enabled: false, findings, secrets: [] };
  const source = findSource(reading, context.sources);
  if (source === undefined) return { enabled: true, findings, secrets: [] };
  const { refused } = source;
  const read = readOptions(reading, optionsOfSource(source), { mappings: "read", refused });
  const { secrets } = read;
  if (!hasErrors(reading) && !read.isPending) {
    checkRules(reading, source, read.values as Values<Options>);
  }
  if (hasErrors(reading)) return { enabled: true, findings, secrets };
  return { enabled: true, config: toSectionConfig(reading, source, read), findings, secrets };
}
