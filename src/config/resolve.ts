/**
 * Puts what references mean in their place, before anything else looks at the options.
 *
 * @module
 */

import { AgentError, type Finding } from "../base/errors.ts";
import type { Redactor } from "../base/redact.ts";
import {
  findStore,
  nearStore,
  parseReference,
  type Reference,
  type Secrets,
} from "../secrets/mod.ts";
import { type Option, type Options, parseFlag } from "../sdk/option.ts";
import type { Source } from "../sdk/source.ts";
import { declaredIn, ownSections } from "./declared.ts";
import { type IniDocument, type IniOption, type IniSection, optionsOf } from "./ini.ts";

/** Which sections are to run: their references are fetched, and those of `[oomnitza]`; `all` means `[serve]`, too. */
export type Wanted = "all" | readonly string[];

/** What resolving needs. */
export interface Resolving {
  readonly sources: readonly Source[];
  readonly wanted: Wanted;
  readonly secrets: Secrets;
  readonly redactor: Redactor;
}

interface Work extends Resolving {
  readonly document: IniDocument;
  readonly findings: Finding[];
}

/** Numbers, choices, code and names of fields are no secrets: masking them would hide the log itself. */
function isMasked(key: string, option: Option<unknown> | undefined): boolean {
  if (option === undefined || key === "recordfilter") return false;
  return option.kind !== "integer" && option.kind !== "flag" && option.kind !== "choice";
}

/** How a finding names a reference. The text of a command may hold a secret. */
function nameOf({ store, target }: Reference): string {
  return store === "command" ? "${command:…}" : `\${${store}:${target}}`;
}

function note(work: Work, section: IniSection, option: IniOption, rest: Partial<Finding>): void {
  work.findings.push({
    severity: "error",
    message: "",
    ...rest,
    file: work.document.file,
    line: option.line,
    section: section.name,
    option: option.key,
  });
}

/** The option with a value in place of its reference. */
function withValue(option: IniOption, value: string): IniOption {
  const lines = value.split("\n").map(() => option.line);
  return { ...option, value, lines, lastLine: option.line, reference: "resolved" };
}

/** The option with no value. */
function without(option: IniOption, reference: "pending" | "failed"): IniOption {
  return { ...option, value: "", lines: [option.line], reference };
}

async function resolveOption(
  work: Work,
  section: IniSection,
  option: IniOption,
  declared: Option<unknown> | undefined,
): Promise<IniOption> {
  const reference = parseReference(option.value);
  if (reference === undefined) return option;
  const store = findStore(reference);
  if (store === undefined) {
    warnOfSpelling(work, section, option, reference);
    return option;
  }
  const place = { section: section.name, option: option.key };
  try {
    const value = await work.secrets.resolve(store, reference.target, place);
    if (isMasked(option.key, declared)) work.redactor.add(value);
    return withValue(option, value);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    const message = `cannot be read from ${nameOf(reference)}: ${error.message}`;
    note(work, section, option, { message, hint: error.hint });
    return without(option, "failed");
  }
}

function warnOfSpelling(
  work: Work,
  section: IniSection,
  option: IniOption,
  reference: Reference,
): void {
  const near = nearStore(reference);
  if (near === undefined) return;
  note(work, section, option, {
    severity: "warning",
    message:
      `looks like a reference, but there is no store called ${reference.store}: it is taken as it stands`,
    hint: `Did you mean ${near.form}?`,
  });
}

/** Which options of a section may be references. */
function candidates(
  work: Pick<Work, "document">,
  section: IniSection,
  declared: Options,
): IniOption[] {
  return [...optionsOf(work.document, section).values()].filter(({ key }) =>
    Object.hasOwn(declared, key) || key.startsWith("mapping.")
  );
}

/** The section with some options in place of its own, or of those of `[DEFAULT]`. */
function withOptions(section: IniSection, changed: readonly IniOption[]): IniSection {
  if (changed.length === 0) return section;
  const entries = changed.map((option) => [option.key, option] as const);
  return { ...section, options: new Map([...section.options, ...entries]) };
}

function asPending(
  work: Pick<Work, "document">,
  section: IniSection,
  declared: Options,
): IniSection {
  const pending = candidates(work, section, { ...declared, enable: enableOption }).filter(
    ({ value }) => {
      const reference = parseReference(value);
      return reference !== undefined && findStore(reference) !== undefined;
    },
  );
  return withOptions(section, pending.map((option) => without(option, "pending")));
}

/** Only its key matters here. */
const enableOption = {} as Option<unknown>;

function isWanted({ wanted }: Work, name: string): boolean {
  return name === "oomnitza" || wanted === "all" || wanted.includes(name);
}

async function resolveSection(work: Work, section: IniSection): Promise<IniSection> {
  const declared = declaredIn(section.name, work.sources);
  if (declared === undefined) return section;
  if (!isWanted(work, section.name)) return asPending(work, section, declared);
  const enable = optionsOf(work.document, section).get("enable");
  const resolvedEnable = enable === undefined
    ? undefined
    : await resolveOption(work, section, enable, undefined);
  const isOff = !Object.hasOwn(ownSections, section.name) &&
    (resolvedEnable === undefined || parseFlag(resolvedEnable.value) === false);
  const options = isOff ? [] : await Promise.all(
    candidates(work, section, declared).map((option) =>
      resolveOption(work, section, option, declared[option.key])
    ),
  );
  const all = resolvedEnable === undefined ? options : [resolvedEnable, ...options];
  return withOptions(section, all.filter(({ reference }) => reference !== undefined));
}

function rebuilt(
  document: IniDocument,
  sections: readonly IniSection[],
  findings: readonly Finding[],
): IniDocument {
  return {
    ...document,
    sections,
    byName: new Map(sections.map((section) => [section.name, section])),
    findings: [...document.findings, ...findings],
  };
}

/**
 * Fetches what the references of the wanted sections mean, all at once; those of the others become
 * `pending`. A reference that cannot be resolved is a finding.
 */
export async function resolveDocument(
  document: IniDocument,
  resolving: Resolving,
): Promise<IniDocument> {
  const work: Work = { ...resolving, document, findings: [] };
  const sections = await Promise.all(
    document.sections.map((section) => resolveSection(work, section)),
  );
  return rebuilt(document, sections, work.findings);
}

/** Fetches nothing: every reference becomes `pending`. */
export function leavePending(document: IniDocument, sources: readonly Source[]): IniDocument {
  const sections = document.sections.map((section) => {
    const declared = declaredIn(section.name, sources);
    return declared === undefined ? section : asPending({ document }, section, declared);
  });
  return rebuilt(document, sections, []);
}
