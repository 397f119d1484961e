/**
 * One option that is a reference: fetched, and put where it was written.
 *
 * @module
 */

import { AgentError, type Finding } from "../base/errors.ts";
import type { Redactor } from "../base/redact.ts";
import type { Option, Options } from "../sdk/option.ts";
import {
  findStore,
  nearStore,
  parseReference,
  type Reference,
  type Secrets,
} from "../secrets/mod.ts";
import { serverSections } from "./declared.ts";
import { getOptions, type IniDocument, type IniOption, type IniSection } from "./ini.ts";
import type { ConfigContext, SectionFinding } from "./reading.ts";
import { secretsIn } from "./secret_texts.ts";

/** Which sections are to run: their references are fetched, and those of `[oomnitza]`; `all` means `[serve]`, too. */
export type WantedSections = "all" | readonly string[];

/** What resolving needs. */
export interface Resolving {
  readonly context: ConfigContext;
  readonly wanted: WantedSections;
  readonly secrets: Secrets;
  readonly redactor: Redactor;
}

/** One document being resolved; findings gather here. */
export interface Work extends Resolving {
  readonly document: IniDocument;
  readonly findings: Finding[];
  /** Servers whose sections have errors. */
  readonly broken: Set<string>;
}

/** Numbers, choices, code and names of fields are no secrets: masking them would hide the log itself. */
export function isMasked(key: string, option: Option<unknown> | undefined): boolean {
  if (option === undefined || key === "recordfilter") return false;
  return option.kind !== "integer" && option.kind !== "flag" && option.kind !== "choice";
}

/**
 * What a store gives is masked from now on. A service asks anew for each run, and may be given something
 * new each time: the newest are remembered.
 */
export function maskValue(work: Work, { name }: IniSection, key: string, value: string): void {
  for (const secret of secretsIn(value)) work.redactor.add(secret, `${key} of [${name}]`);
}

/** How a finding names a reference. The text of a command may hold a secret. */
function describeReference({ store, target }: Reference): string {
  return store === "command" ? "${command:…}" : `\${${store}:${target}}`;
}

/** Adds a finding about an option of a section; an error unless it says otherwise. */
export function reportOption(
  work: Work,
  section: IniSection,
  option: IniOption,
  found: Omit<SectionFinding, "option">,
): void {
  work.findings.push({
    severity: "error",
    ...found,
    file: work.document.file,
    line: option.line,
    section: section.name,
    option: option.key,
  });
}

/** The option with a value instead of its reference. */
export function withValue(option: IniOption, value: string): IniOption {
  const lines = value.split("\n").map(() => option.line);
  return { ...option, value, lines, lastLine: option.line, reference: "resolved" };
}

export function withoutValue(option: IniOption, reference: "pending" | "failed"): IniOption {
  return { ...option, value: "", lines: [option.line], reference };
}

/**
 * The option with what its reference means; as it is when it has none. A reference that gives nothing is
 * a finding, and the option then has no value.
 */
export async function resolveOption(
  work: Work,
  section: IniSection,
  option: IniOption,
  declared: Option<unknown> | undefined,
): Promise<IniOption> {
  const reference = parseReference(option.value);
  if (reference === undefined) return option;
  const store = findStore(reference);
  if (store === undefined) {
    warnOfUnknownStore(work, section, option, reference);
    return option;
  }
  const use = { section: section.name, option: option.key };
  try {
    refuseServer(work, section, store.name);
    const value = await work.secrets.resolve(store, reference.target, use);
    if (isMasked(option.key, declared)) maskValue(work, section, option.key, value);
    return withValue(option, value);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    const message = `cannot be read from ${describeReference(reference)}: ${error.message}`;
    reportOption(work, section, option, { code: "unresolved", message, hint: error.hint });
    return withoutValue(option, "failed");
  }
}

/** A server whose own section has errors cannot be used, nor can one server give the login of another. */
function refuseServer({ broken }: Work, section: IniSection, store: string): void {
  if (broken.has(store)) {
    throw new AgentError(`[${store}] has errors`, { hint: "Fix these errors first" });
  }
  if (!Object.hasOwn(serverSections, store) || !Object.hasOwn(serverSections, section.name)) return;
  throw new AgentError(`[${section.name}] cannot take its secrets from a server`, {
    hint:
      "Take them from ${env:NAME}, ${file:PATH}, ${systemd:NAME}, ${keyring:NAME} or ${command:…}",
  });
}

function warnOfUnknownStore(
  work: Work,
  section: IniSection,
  option: IniOption,
  reference: Reference,
): void {
  const near = nearStore(reference);
  if (near === undefined) return;
  reportOption(work, section, option, {
    code: "unknown_store",
    severity: "warning",
    message:
      `looks like a reference, but there is no secret store named ${reference.store}: it is used as plain text`,
    hint: `Did you mean ${near.form}?`,
  });
}

/** Which options of a section may be references. */
export function candidates(
  work: Pick<Work, "document">,
  section: IniSection,
  declared: Options,
): IniOption[] {
  return [...getOptions(work.document, section).values()].filter(({ key }) =>
    Object.hasOwn(declared, key) || key.startsWith("mapping.")
  );
}

/** The section with some options instead of its own, or of those of `[DEFAULT]`. */
export function withOptions(section: IniSection, changed: readonly IniOption[]): IniSection {
  if (changed.length === 0) return section;
  const entries = changed.map((option) => [option.key, option] as const);
  return { ...section, options: new Map([...section.options, ...entries]) };
}
