/**
 * From a parsed ini file to a checked configuration: every finding at once, each with file and line.
 *
 * @module
 */

import type { Environment } from "../base/environment.ts";
import type { Finding } from "../base/errors.ts";
import type { Options } from "../sdk/option.ts";
import {
  checkOomnitzaOptions,
  oomnitzaOptions,
  type OomnitzaSettings,
} from "../oomnitza/options.ts";
import { didYouMean } from "../base/suggest.ts";
import { ownSections, sectionOptions, serverSections, sourceNamed } from "./declared.ts";
import type { IniDocument, IniSection } from "./ini.ts";
import { checkSection, type SectionConfig } from "./section.ts";
import type { AlertOptions } from "../settings/alert_options.ts";
import type { ServeOptions } from "../settings/serve_options.ts";
import type { ConfigMemory } from "./memory.ts";
import { beginReading, type ConfigContext, readOptions } from "./reading.ts";
import { findOrderErrors } from "./section_order.ts";
import { checkAlerts, checkServe } from "./service_sections.ts";
import { checkState, type StateSettings } from "./state_section.ts";
import { listUserConverters, type UserCode } from "./user_code.ts";

/** Names of sections that are not sources. */
const reserved = new Set(["converters", ...Object.keys({ ...ownSections, ...serverSections })]);

/**
 * Of these, the ones whose errors stop every section. A state that cannot be found is no reason to begin with
 * an empty one.
 */
const vital = new Set(["oomnitza", "state", "converters", ...Object.keys(serverSections)]);

/** Whether errors of a section stop every other one, too. */
export function isVital(section: string): boolean {
  return vital.has(section);
}

/** A checked configuration file. */
export interface Config {
  readonly file: string;
  /** The environment that it was checked in; proxies come from it. */
  readonly env: Environment;
  /** Settings of `[oomnitza]`; absent when they have errors. */
  readonly oomnitza: OomnitzaSettings | undefined;
  /** Settings of `[serve]`; absent when they have errors, which stop the listener only. */
  readonly serve: ServeOptions | undefined;
  /** Settings of `[alerts]`; absent when they have errors, which stop the listener only. */
  readonly alerts: AlertOptions | undefined;
  /** Settings of `[state]`; absent when they have errors, or refer to secrets that were not fetched. */
  readonly state: StateSettings | undefined;
  /** The enabled sections without errors, in file order. */
  readonly sections: readonly SectionConfig[];
  /** Enabled sections with errors. */
  readonly broken: ReadonlySet<string>;
  /** Sections that are not enabled. */
  readonly disabled: readonly string[];
  /** The custom converters of `[converters]`. */
  readonly converters: readonly UserCode[];
  /** All findings, in file order. */
  readonly findings: readonly Finding[];
  /** Whether there are errors that concern the file as a whole or `[oomnitza]`. */
  readonly fatal: boolean;
  /** The texts of all secret options that are in the file, to be masked. */
  readonly secrets: readonly string[];
}

interface Work {
  readonly document: IniDocument;
  readonly context: ConfigContext;
  readonly findings: Finding[];
  readonly secrets: string[];
}

function checkOomnitza(work: Work, section: IniSection | undefined): OomnitzaSettings | undefined {
  const { document, findings } = work;
  if (section === undefined) {
    findings.push({
      code: "missing",
      severity: "error",
      file: document.file,
      message: "has no [oomnitza] section",
      hint: "Add it with url and api_token of your instance; generate-ini writes a sample",
    });
    return undefined;
  }
  const reading = beginReading(document, section, work.context);
  const read = readOptions(reading, oomnitzaOptions as Options, { mappings: "ignored" });
  const { values, secrets, isPending } = read;
  findings.push(...reading.findings);
  work.secrets.push(...secrets);
  if (reading.findings.some((finding) => finding.severity === "error")) return undefined;
  const settings = values as unknown as OomnitzaSettings;
  const message = isPending ? undefined : checkOomnitzaOptions(settings);
  if (message === undefined) return settings;
  findings.push({
    code: "missing",
    severity: "error",
    file: document.file,
    line: section.line,
    section: section.name,
    message,
    hint: "Create an API token in Oomnitza and put it into api_token",
  });
  return undefined;
}

/** The servers of secrets have been used by now; here their sections are only checked. */
function checkSecretServers(work: Work): void {
  for (const [name, options] of Object.entries(serverSections)) {
    const section = work.document.byName.get(name);
    if (section === undefined) continue;
    const reading = beginReading(work.document, section, work.context);
    const { secrets } = readOptions(reading, options, { mappings: "ignored" });
    work.findings.push(...reading.findings);
    work.secrets.push(...secrets);
  }
}

function isBroken(findings: readonly Finding[], name: string): boolean {
  return findings.some((finding) => finding.severity === "error" && finding.section === name);
}

/** An enabled section before `[oomnitza]` stopped the Python connector, and people rely on the message. */
function checkOrder(work: Work, enabled: readonly IniSection[]): void {
  const { sections, file } = work.document;
  const position = sections.findIndex((section) => section.name === "oomnitza");
  const early = enabled.find((section) => sections.indexOf(section) < position);
  if (early === undefined) return;
  work.findings.push({
    code: "invalid",
    severity: "error",
    file,
    line: early.line,
    message: `[${early.name}] is enabled before [oomnitza]`,
    hint: "Move [oomnitza] to the top of the file",
  });
}

function inFileOrder(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

function checkService(
  { document, context, findings, secrets }: Work,
): Pick<Config, "serve" | "alerts" | "state"> {
  const serve = checkServe(document, context);
  const alerts = checkAlerts(document, context);
  const state = checkState(document, context);
  for (const checked of [serve, alerts, state]) {
    findings.push(...checked.findings);
    secrets.push(...checked.secrets);
  }
  return { serve: serve.settings, alerts: alerts.settings, state: state.settings };
}

/**
 * Checks a whole file. Never throws for what the file says.
 *
 * @param memory What sections that are not to run came to before.
 */
export function checkConfig(
  document: IniDocument,
  context: ConfigContext,
  memory?: ConfigMemory,
): Config {
  const work: Work = { document, context, findings: [...document.findings], secrets: [] };
  const oomnitza = checkOomnitza(
    work,
    document.sections.find((section) => section.name === "oomnitza"),
  );
  checkSecretServers(work);
  const converters = listUserConverters(document);
  const enabled: IniSection[] = [];
  const disabled: string[] = [];
  const sections: SectionConfig[] = [];
  for (const section of document.sections) {
    if (reserved.has(section.name)) continue;
    warnUnknownSection(work, section);
    const check = () => checkSection(document, section, context);
    const outcome = memory?.outcome(section, check) ?? check();
    work.findings.push(...outcome.findings);
    work.secrets.push(...outcome.secrets);
    if (outcome.enabled) enabled.push(section);
    else disabled.push(section.name);
    if (outcome.config !== undefined && !isBroken(work.findings, section.name)) {
      sections.push(outcome.config);
    }
  }
  checkOrder(work, enabled);
  work.findings.push(
    ...findOrderErrors(
      document,
      sections,
      (name) => !reserved.has(name) && sourceNamed(name, context.sources) !== undefined,
    ),
  );
  const service = checkService(work);
  const errors = work.findings.filter((finding) => finding.severity === "error");
  return {
    file: document.file,
    env: context.env,
    oomnitza,
    ...service,
    sections: sections.filter(({ name }) => !isBroken(errors, name)),
    broken: new Set(enabled.map(({ name }) => name).filter((name) => isBroken(errors, name))),
    disabled,
    converters,
    findings: inFileOrder(work.findings),
    fatal: errors.some(({ section }) => section === undefined || isVital(section)),
    secrets: work.secrets,
  };
}

/**
 * A section without `enable` that is not of a source is a settings section that is misspelt, or none at
 * all. Those of other programs' sources have their `enable`, and may stay.
 */
function warnUnknownSection({ document, context, findings }: Work, section: IniSection): void {
  const { name, line, options } = section;
  if (options.has("enable") || sourceNamed(name, context.sources) !== undefined) return;
  const isOption = Object.hasOwn(sectionOptions, name.toLowerCase());
  findings.push({
    code: "unknown_section",
    severity: "warning",
    file: document.file,
    line,
    section: name,
    message: "is not a section that the agent knows, and is ignored",
    hint: isOption
      ? `${name} is an option of the sections that read from a source`
      : didYouMean(name, [...reserved, ...context.sources.map((source) => source.name)]),
  });
}
