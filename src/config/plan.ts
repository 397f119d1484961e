/**
 * From a parsed ini file to the plan of what can run: every finding at once, each with file and line.
 *
 * @module
 */

import type { Environment } from "../base/environment.ts";
import { type AgentError, ConfigError, type Finding, messageOf } from "../base/errors.ts";
import type { Options } from "../sdk/option.ts";
import {
  checkOomnitzaOptions,
  oomnitzaOptions,
  type OomnitzaSettings,
} from "../oomnitza/options.ts";
import { ownSections, serverSections } from "./declared.ts";
import type { IniDocument, IniSection } from "./ini.ts";
import { planSection, type SectionPlan } from "./section.ts";
import type { AlertOptions } from "../settings/alert_options.ts";
import type { ServeOptions } from "../settings/serve_options.ts";
import { planAlerts } from "./alerts_section.ts";
import { beginReading, readOptions, type Surroundings } from "./reading.ts";
import { planServe } from "./serve_section.ts";
import { planUserConverters, type UserCode } from "./user_code.ts";

/** Names of sections that are not sources. */
const reserved = new Set(["converters", ...Object.keys({ ...ownSections, ...serverSections })]);

/** Of these, the ones without which nothing runs. */
const vital = new Set(["oomnitza", "converters", ...Object.keys(serverSections)]);

/** Whether errors of a section stop every other one, too. */
export function isVital(section: string): boolean {
  return vital.has(section);
}

/** Everything that a configuration file says, checked. */
export interface Plan {
  readonly file: string;
  /** The environment that it was checked in; proxies come from it. */
  readonly env: Environment;
  /** Settings of `[oomnitza]`; absent when they have errors. */
  readonly oomnitza: OomnitzaSettings | undefined;
  /** Settings of `[serve]`; absent when they have errors, which stop the listener only. */
  readonly serve: ServeOptions | undefined;
  /** Settings of `[alerts]`; absent when they have errors, which stop the listener only. */
  readonly alerts: AlertOptions | undefined;
  /** The enabled sections without errors, in file order. */
  readonly sections: readonly SectionPlan[];
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
  readonly around: Surroundings;
  readonly findings: Finding[];
  readonly secrets: string[];
}

function planOomnitza(work: Work, section: IniSection | undefined): OomnitzaSettings | undefined {
  const { document, findings } = work;
  if (section === undefined) {
    findings.push({
      severity: "error",
      file: document.file,
      message: "has no [oomnitza] section",
      hint:
        "It says where to send the data: add it with url and api_token; generate-ini writes a sample",
    });
    return undefined;
  }
  const reading = beginReading(document, section, work.around);
  const read = readOptions(reading, oomnitzaOptions as Options, { mappings: "ignored" });
  const { values, secrets, isPending } = read;
  findings.push(...reading.findings);
  work.secrets.push(...secrets);
  if (reading.findings.some((finding) => finding.severity === "error")) return undefined;
  const settings = values as unknown as OomnitzaSettings;
  const problem = isPending ? undefined : checkOomnitzaOptions(settings);
  if (problem === undefined) return settings;
  findings.push({
    severity: "error",
    file: document.file,
    line: section.line,
    section: section.name,
    message: problem,
    hint: "Create an API token in Oomnitza and put it into api_token",
  });
  return undefined;
}

/** Servers of secrets are asked before there is a plan; here their sections are only looked at. */
function checkServers(work: Work): void {
  for (const [name, options] of Object.entries(serverSections)) {
    const section = work.document.byName.get(name);
    if (section === undefined) continue;
    const reading = beginReading(work.document, section, work.around);
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
  const place = sections.findIndex((section) => section.name === "oomnitza");
  const early = enabled.find((section) => sections.indexOf(section) < place);
  if (early === undefined) return;
  work.findings.push({
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

function planService(
  { document, around, findings, secrets }: Work,
): Pick<Plan, "serve" | "alerts"> {
  const serve = planServe(document, around);
  const alerts = planAlerts(document, around);
  findings.push(...serve.findings, ...alerts.findings);
  secrets.push(...serve.secrets, ...alerts.secrets);
  return { serve: serve.settings, alerts: alerts.settings };
}

/** Checks a whole file and plans its enabled sections. Never throws for what the file says. */
export function planConfig(document: IniDocument, around: Surroundings): Plan {
  const work: Work = { document, around, findings: [...document.findings], secrets: [] };
  const oomnitza = planOomnitza(
    work,
    document.sections.find((section) => section.name === "oomnitza"),
  );
  checkServers(work);
  const converters = planUserConverters(document);
  const enabled: IniSection[] = [];
  const disabled: string[] = [];
  const sections: SectionPlan[] = [];
  for (const section of document.sections) {
    if (reserved.has(section.name)) continue;
    const outcome = planSection(document, section, around);
    work.findings.push(...outcome.findings);
    work.secrets.push(...outcome.secrets);
    if (outcome.enabled) enabled.push(section);
    else disabled.push(section.name);
    if (outcome.plan !== undefined && !isBroken(work.findings, section.name)) {
      sections.push(outcome.plan);
    }
  }
  checkOrder(work, enabled);
  const service = planService(work);
  const errors = work.findings.filter((finding) => finding.severity === "error");
  return {
    file: document.file,
    env: around.env,
    oomnitza,
    ...service,
    sections,
    broken: new Set(enabled.map(({ name }) => name).filter((name) => isBroken(errors, name))),
    disabled,
    converters,
    findings: inFileOrder(work.findings),
    fatal: errors.some(({ section }) => section === undefined || isVital(section)),
    secrets: work.secrets,
  };
}

/** Wraps what reading the file threw. */
export function unreadable(file: string, thrown: unknown): AgentError {
  return new ConfigError(`Cannot read ${file}: ${messageOf(thrown)}`, [], {
    hint: "Name the file with --ini, or write a sample with generate-ini.",
  });
}
