/**
 * Reads the options of one section against their declarations.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import { closest, distance } from "fastest-levenshtein";
import type { Environment } from "../base/environment.ts";
import type { Finding } from "../base/errors.ts";
import { ownEntry } from "../base/record.ts";
import { iniText, type Option, type Options, readOption } from "../sdk/option.ts";
import type { Source } from "../sdk/source.ts";
import { describeKind, standInValue } from "./declared.ts";
import { getOptions, type IniDocument, type IniOption, type IniSection } from "./ini.ts";
import { type IniMapping, mappingField, parseMapping } from "./mapping_option.ts";

/** One section being read; findings gather here. */
export interface Reading {
  readonly document: IniDocument;
  readonly section: IniSection;
  /** Its options with those of `[DEFAULT]`. */
  readonly options: ReadonlyMap<string, IniOption>;
  readonly env: Environment;
  /** The working directory, absolute. */
  readonly directory: string;
  readonly findings: Finding[];
}

/** What surrounds a configuration file. */
export interface ConfigContext {
  readonly sources: readonly Source[];
  readonly env: Environment;
  /** The working directory, absolute. */
  readonly directory: string;
  /** The tenant that the file is of; absent where the file says that itself. */
  readonly tenant?: string | undefined;
}

/** What reading `section` starts with: its options as they stand, no findings yet. */
export function beginReading(
  document: IniDocument,
  section: IniSection,
  { env, directory }: ConfigContext,
): Reading {
  const options = getOptions(document, section);
  return { document, section, options, env, directory, findings: [] };
}

/** What the options of a section come to. */
export interface ReadOptions {
  /** Parsed values by key, defaults filled in. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Effective texts by key, as a mapping's `setting` sees them. */
  readonly texts: Readonly<Record<string, string>>;
  readonly mappings: readonly IniMapping[];
  /** The texts of secret options, as far as they are in the file or in `env_password`. */
  readonly secrets: readonly string[];
  /** Whether the values of some references are not known. */
  readonly isPending: boolean;
}

/** A finding about a section or one of its options; an error unless it says otherwise. */
export type SectionFinding =
  & Pick<Finding, "code" | "option" | "message" | "hint">
  & Partial<Pick<Finding, "severity">>;

/** Adds a finding, with the line of its option or section. */
export function report({ document, section, options, findings }: Reading, found: SectionFinding) {
  const line = found.option === undefined ? undefined : options.get(found.option)?.line;
  findings.push({
    severity: "error",
    ...found,
    file: document.file,
    line: line ?? section.line,
    section: section.name,
  });
}

/** Names the folder of the configuration where the file itself is a copy, as systemd makes one. */
export const folderVariable = "AGENT_CONFIG_FOLDER";

/** `%NAME%` of Windows' command lines. */
const windowsVariable = /%([^%=]+)%/g;

/**
 * A path as it was meant: without the quotes that Windows' "Copy as path" puts around it, and on Windows
 * with the values of variables. One that is not set stays as it is, so that the error shows it.
 */
export function plainPath(
  written: string,
  env: Environment,
  platform: NodeJS.Platform = process.platform,
): string {
  const [, inner] = /^"([^"]+)"$/.exec(written.trim()) ?? [];
  const path = inner ?? written;
  if (platform !== "win32") return path;
  const names = Object.keys(env);
  return path.replace(windowsVariable, (all, name: string) => {
    // Names of variables have no case there.
    const key = names.find((each) => each.toLowerCase() === name.toLowerCase());
    return (key === undefined ? undefined : env[key]) ?? all;
  });
}

/**
 * Relative paths mean the directory of the ini file, so that they mean the same whoever runs the agent
 * where; else, as in the Python connector, the working directory. Addresses stay.
 *
 * @param file the ini file
 * @param directory the working directory, absolute
 */
export function absolutePath(
  file: string,
  { directory, env }: Pick<ConfigContext, "directory" | "env">,
  written: string,
): string {
  const path = plainPath(written, env);
  if (isAbsolute(path) || /^(https?|file):\/\//i.test(path)) return path;
  const folder = env[folderVariable] ?? "";
  const beside = resolve(folder === "" ? resolve(directory, dirname(file)) : folder, path);
  if (existsSync(beside)) return beside;
  const here = resolve(directory, path);
  return existsSync(here) ? here : beside;
}

/** Whether an option holds a reference whose value is not there. */
export function isUnknown(option: IniOption | undefined): boolean {
  return option?.reference === "pending" || option?.reference === "failed";
}

/** What references mean is masked as soon as it is known, and wins over `env_password`. */
function isReferred({ options }: Reading, key: string): boolean {
  return options.get(key)?.reference !== undefined;
}

function isPendingOption({ options }: Reading, key: string): boolean {
  return isUnknown(options.get(key)) ||
    (key === "password" && isUnknown(options.get("env_password")));
}

function environmentPassword(reading: Reading): string | undefined {
  const option = reading.options.get("env_password");
  const variable = option?.value.trim() ?? "";
  if (variable === "" || isUnknown(option)) return undefined;
  const password = ownEntry(reading.env, variable);
  if (password !== undefined && password !== "") return password;
  report(reading, {
    code: "missing",
    option: "env_password",
    message: `names the environment variable ${variable}, which is not set`,
    hint: "Set it for the account that runs the agent",
  });
  return undefined;
}

function readOne(
  reading: Reading,
  key: string,
  option: Option<unknown>,
  text: string | undefined,
): unknown {
  const reference = reading.options.get(key)?.reference;
  if (isPendingOption(reading, key)) return standInValue(option);
  const isMultiLine = reference === undefined && text?.includes("\n") === true;
  if (isMultiLine && option.kind !== "json" && key !== "recordfilter") {
    report(reading, {
      code: "syntax",
      severity: "warning",
      option: key,
      message: "continues on the next line, because that line begins with a space",
      hint: "Move that line to the left margin if it is an option of its own",
    });
  }
  const result = readOption(option, text);
  if (!result.ok) {
    const hint = result.code === "missing" && option.example !== undefined
      ? `For example: ${key} = ${option.example}`
      : undefined;
    // What a reference means may be a secret, whatever the option: it is not shown.
    const message = reference === undefined
      ? result.problem
      : `refers to a value that is not ${describeKind(option)}`;
    report(reading, { code: result.code, option: key, message, hint });
    return undefined;
  }
  const doubt = reference === undefined ? option.doubt?.(text ?? "") : undefined;
  if (doubt !== undefined) {
    report(reading, { code: "invalid", severity: "warning", option: key, message: doubt });
  }
  if (option.kind !== "path" || typeof result.value !== "string" || result.value === "") {
    return result.value;
  }
  return absolutePath(reading.document.file, reading, result.value.trim());
}

function reportIneffective(reading: Reading, option: string, message: string): void {
  report(reading, { code: "ineffective", severity: "warning", option, message });
}

function readMappings(reading: Reading): IniMapping[] {
  const mappings: IniMapping[] = [];
  for (const option of reading.options.values()) {
    if (!option.key.startsWith("mapping.") || isUnknown(option)) continue;
    const field = mappingField(option.key);
    if (field === undefined) {
      const hint = "Write mapping.FIELD = source";
      report(reading, {
        code: "invalid",
        option: option.key,
        message: "does not name a field",
        hint,
      });
      continue;
    }
    const result = parseMapping(option.value);
    if (!result.ok) {
      const { problem: message, hint } = result;
      report(reading, { code: "invalid", option: option.key, message, hint });
      continue;
    }
    if (option.key.slice("mapping.".length).includes(".")) {
      reportIneffective(
        reading,
        option.key,
        `maps the field ${field}: everything after the second dot is ignored`,
      );
    }
    if (!/^[\w-]+$/.test(field)) {
      report(reading, {
        code: "invalid",
        severity: "warning",
        option: option.key,
        message: `maps ${field}, which is no name of a field`,
        hint: "Names of fields are letters, digits and underscores",
      });
    }
    for (const warning of result.warnings) reportIneffective(reading, option.key, warning);
    mappings.push({ field, spec: result.spec, line: option.line });
  }
  return mappings;
}

function reportUnknown(
  reading: Reading,
  known: readonly string[],
  refused: Readonly<Record<string, string>>,
): void {
  for (const { key } of reading.options.values()) {
    if (known.includes(key) || key.startsWith("mapping.") || key === "enable") continue;
    const reason = Object.hasOwn(refused, key) ? refused[key] : undefined;
    // In [DEFAULT] an option is for the sections that have it.
    if (reason !== undefined && reading.section.options.has(key)) {
      const message = `cannot be set here: ${reason}`;
      report(reading, { code: "invalid", option: key, message, hint: "Remove the option" });
      continue;
    }
    const near = closest(key, [...known]);
    const hint = distance(key, near) <= Math.max(2, key.length / 4)
      ? `Did you mean ${near}?`
      : undefined;
    const message = "is not an option of this section and is ignored";
    report(reading, { code: "unknown_option", severity: "warning", option: key, message, hint });
  }
}

/**
 * Reads every declared option of a section and its mappings, and warns about what nobody declared.
 *
 * @param how Whether there are mappings, and which options are refused, by their names, with the reasons.
 */
export function readOptions(
  reading: Reading,
  declared: Options,
  how: {
    readonly mappings: "read" | "ignored";
    readonly refused?: Readonly<Record<string, string>> | undefined;
  },
): ReadOptions {
  const values: Record<string, unknown> = {};
  const texts: Record<string, string> = {};
  const secrets: string[] = [];
  const password = environmentPassword(reading);
  for (const [key, option] of Object.entries(declared)) {
    const written = reading.options.get(key)?.value;
    const isFromEnvironment = key === "password" && password !== undefined &&
      !isReferred(reading, key);
    const text = isFromEnvironment ? password : written;
    values[key] = readOne(reading, key, option, text);
    texts[key] = text === undefined || text.trim() === "" ? iniText(option.default) : text;
    // Of a proxy only the password is secret: its host has to stand in messages.
    if (option.kind === "secret" && key !== "proxy" && !isReferred(reading, key)) {
      secrets.push(texts[key]);
    }
  }
  reportUnknown(reading, Object.keys(declared), how.refused ?? {});
  const mappings = how.mappings === "read" ? readMappings(reading) : [];
  const isPending = [...reading.options.values()].some(isUnknown);
  return { values, texts, mappings, secrets, isPending };
}

/** Begins to read a section that may be missing: then its defaults apply, whatever `[DEFAULT]` says. */
export function beginOptionalReading(
  document: IniDocument,
  name: string,
  context: ConfigContext,
): Reading {
  const section = document.byName.get(name);
  if (section !== undefined) return beginReading(document, section, context);
  const missing: IniSection = { name, line: 1, options: new Map() };
  return beginReading({ ...document, defaults: new Map() }, missing, context);
}
