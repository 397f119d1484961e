/**
 * Replaces references by what they mean, before anything else looks at the options.
 *
 * @module
 */

import type { Options } from "../sdk/option.ts";
import type { Environment } from "../base/environment.ts";
import { findStore, parseReference, type SecretServers } from "../secrets/mod.ts";
import { declaredIn, ownSections, serverSections } from "./declared.ts";
import { getOptions, type IniDocument, type IniOption, type IniSection } from "./ini.ts";
import { followEnvironment, readEnable } from "./enabled.ts";
import type { ConfigMemory, LeftSection } from "./memory.ts";
import { beginReading, type ConfigContext, readOptions } from "./reading.ts";
import {
  candidates,
  resolveOption,
  type Resolving,
  withOptions,
  withoutValue,
  type Work,
} from "./reference_option.ts";
import { fetchKeys, keysInStore } from "./store_keys.ts";
import type { Finding } from "../base/errors.ts";

export type { WantedSections } from "./reference_option.ts";

function isReference({ value }: IniOption): boolean {
  const reference = parseReference(value);
  return reference !== undefined && findStore(reference) !== undefined;
}

function asPending(
  document: IniDocument,
  section: IniSection,
  declared: Options,
  env: Environment,
): IniSection {
  const options = getOptions(document, section);
  const references = candidates({ document }, section, declared).filter(isReference);
  const pending = [...references, ...keysInStore(options, declared)];
  const enable = options.get("enable");
  return withOptions(section, [
    ...pending.map((option) => withoutValue(option, "pending")),
    ...enable === undefined ? [] : [followEnvironment(enable, env)],
  ]);
}

function isWanted({ wanted }: Work, name: string): boolean {
  return name === "oomnitza" || name === "state" || wanted === "all" || wanted.includes(name);
}

/** Resolves all options of a section that are references, and what `vault_keys` names. */
async function resolveAll(
  work: Work,
  section: IniSection,
  declared: Options,
): Promise<IniOption[]> {
  const options = await Promise.all(
    candidates(work, section, declared).map((option) =>
      resolveOption(work, section, option, declared[option.key])
    ),
  );
  const byKey = new Map(options.map((option) => [option.key, option]));
  return [...options, ...await fetchKeys(work, section, byKey, declared)];
}

/** A section that is not to run; what is wrong with its `enable` is a finding. */
function leaveSection(
  { document, context: { env } }: Work,
  section: IniSection,
  declared: Options,
): LeftSection {
  const left = asPending(document, section, declared, env);
  const findings = hasNoEnable(section) ? [] : enableFindings(document, section, left);
  return { section: left, findings: findings.filter(({ severity }) => severity === "error") };
}

async function resolveSection(
  work: Work,
  section: IniSection,
  memory: ConfigMemory | undefined,
): Promise<IniSection> {
  const { document, context } = work;
  const known = isWanted(work, section.name) ? undefined : memory?.left(section);
  if (known !== undefined) {
    work.findings.push(...known.findings);
    return known.section;
  }
  const declared = declaredIn(section.name, context.sources);
  // Those of servers are resolved already, where anybody needs them.
  if (declared === undefined || Object.hasOwn(serverSections, section.name)) return section;
  if (!isWanted(work, section.name)) {
    const left = leaveSection(work, section, declared);
    memory?.remember(section, left);
    work.findings.push(...left.findings);
    return left.section;
  }
  const enable = getOptions(document, section).get("enable");
  const resolvedEnable = enable === undefined
    ? undefined
    : await resolveOption(work, section, enable, undefined);
  const isOff = !Object.hasOwn(ownSections, section.name) &&
    readEnable(resolvedEnable) === "off";
  const options = isOff ? [] : await resolveAll(work, section, declared);
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

/** Whether a wanted section needs a server of secrets. */
function isAsked(work: Work, server: string): boolean {
  const { document, context } = work;
  return document.sections.some((section) => {
    const declared = declaredIn(section.name, context.sources);
    if (declared === undefined || Object.hasOwn(serverSections, section.name)) return false;
    if (!isWanted(work, section.name)) return false;
    const backend = getOptions(document, section).get("vault_backend")?.value.trim() ?? "";
    return backend === server || parseReference(backend) !== undefined ||
      candidates(work, section, declared).some(({ value }) =>
        parseReference(value)?.store === server
      );
  });
}

/** Resolves and reads the section of a server of secrets. */
async function openServer(
  work: Work,
  name: string,
  options: Options,
): Promise<IniSection | undefined> {
  const section = work.document.byName.get(name);
  if (section === undefined) return undefined;
  if (!isAsked(work, name)) return asPending(work.document, section, options, work.context.env);
  const own = candidates(work, section, options);
  const resolved = withOptions(
    section,
    (await Promise.all(
      own.map((option) => resolveOption(work, section, option, options[option.key])),
    ))
      .filter(({ reference }) => reference !== undefined),
  );
  const reading = beginReading(work.document, resolved, work.context);
  const { values, secrets, isPending } = readOptions(reading, options, { mappings: "ignored" });
  for (const secret of secrets) work.redactor.add(secret);
  const isBroken = isPending || reading.findings.some(({ severity }) => severity === "error");
  if (isBroken) work.broken.add(name);
  else work.secrets.configure({ [name]: values } as SecretServers);
  return resolved;
}

/**
 * Fetches what the references of the wanted sections mean, all at once; those of the others become
 * `pending`. A reference that cannot be resolved is a finding.
 *
 * @param memory What sections that are not to run came to before.
 */
export async function resolveDocument(
  document: IniDocument,
  resolving: Resolving,
  memory?: ConfigMemory,
): Promise<IniDocument> {
  const work: Work = { ...resolving, document, findings: [], broken: new Set() };
  const servers = new Map<string, IniSection>();
  for (const [name, options] of Object.entries(serverSections)) {
    const section = await openServer(work, name, options);
    if (section !== undefined) servers.set(name, section);
  }
  const sections = await Promise.all(
    document.sections.map((section) =>
      servers.get(section.name) ?? resolveSection(work, section, memory)
    ),
  );
  return rebuilt(document, sections, work.findings);
}

/** Whether a section is no source, and so has no `enable`. */
function hasNoEnable({ name }: IniSection): boolean {
  return Object.hasOwn(ownSections, name) || Object.hasOwn(serverSections, name);
}

/** What is known of `enable` without a request to a secret store is used; the rest is a finding. */
function enableFindings(document: IniDocument, written: IniSection, left: IniSection): Finding[] {
  const option = getOptions(document, left).get("enable");
  const state = readEnable(option);
  if (option === undefined || state !== "failed" && state !== "pending") return [];
  const at = { file: document.file, line: option.line, section: left.name, option: "enable" };
  if (state === "pending") {
    return [{
      ...at,
      code: "unresolved",
      severity: "warning",
      message:
        "refers to a secret store, which is not read here: the section counts as not enabled",
      hint: "Take it from ${env:NAME}, or write enable = True or enable = False",
    }];
  }
  const name = parseReference(getOptions(document, written).get("enable")?.value ?? "")?.target;
  return [{
    ...at,
    code: "unresolved",
    severity: "error",
    message:
      `cannot be read from \${env:${name}}: the environment variable ${name} is not set, or empty`,
    hint: "Set it for the account that runs the agent",
  }];
}

/** Fetches nothing: every reference becomes `pending`, but for an `enable` that the environment answers. */
export function leavePending(
  document: IniDocument,
  { sources, env }: Pick<ConfigContext, "sources" | "env">,
): IniDocument {
  const findings: Finding[] = [];
  const sections = document.sections.map((section) => {
    const declared = declaredIn(section.name, sources);
    if (declared === undefined) return section;
    const left = asPending(document, section, declared, env);
    if (!hasNoEnable(section)) findings.push(...enableFindings(document, section, left));
    return left;
  });
  return rebuilt(document, sections, findings);
}
