/**
 * Checks sections: is what the file says right, and do the credentials work? Nothing is sent.
 *
 * @module
 */

import { retryPolicies } from "../sdk/http/retry.ts";
import { converterNames, findConverter } from "../../converters/mod.ts";
import { ConfigError, type Finding, formatFinding } from "../base/errors.ts";
import type { NotEnabled } from "../config/choose.ts";
import { distinctFindings, sortFindings } from "../config/findings.ts";
import type { Config } from "../config/config.ts";
import type { SectionConfig } from "../config/section.ts";
import { findDeadlines } from "../doctor/deadlines.ts";
import { findConverterErrors, findNamingErrors, type PreparedSection } from "../sync/prepare.ts";
import { isNewerProved, type Provable } from "../sync/read/api_proof.ts";
import { describeEmptyPath } from "../sync/read/missing_paths.ts";
import { checkSource as probeSource, findMissingPaths, toReadable } from "../sync/read/probe.ts";
import { mergeMappings } from "../transform/mapping.ts";
import { toSectionError } from "../sync/report.ts";
import { type CompiledUserCode, compileUserCode } from "../sync/user_code.ts";
import { loadConfig, selectSections } from "./configuration.ts";
import type { AppContext } from "./context.ts";
import { openReadSession } from "./session.ts";
import { findCursors, probeContext } from "./store.ts";

/** What checking a section came to. */
export interface CheckResult {
  readonly section: string;
  readonly ok: boolean;
  readonly message: string;
  readonly hint: string | null;
  /** What is not right and does not keep the section from running, each a sentence. */
  readonly warnings: readonly string[];
}

/** The sections to check: those named, or all that are enabled. */
export type CheckedNames = readonly string[] | "all";

/** Tries the address and the credentials of a section's source. */
export async function checkSource(
  app: AppContext,
  prepared: PreparedSection,
): Promise<CheckResult> {
  const { name: section, source } = prepared.section;
  try {
    await probeSource(prepared, probeContext(app));
    const missing = await findMissingPaths(prepared, app);
    const found = missing?.paths.map(describeEmptyPath) ?? [];
    if (missing?.isFatal === true) {
      const message = `No record can be sent. ${found.join(" ")}`;
      return { section, ok: false, message, hint: missing.hint, warnings: [] };
    }
    const warnings = missing === undefined ? [] : [...found, missing.hint];
    return { section, ok: true, message: `${source.title} can be read`, hint: null, warnings };
  } catch (error) {
    const { message, hint } = toSectionError(error);
    return { section, ok: false, message, hint, warnings: [] };
  }
}

/**
 * A result with what the vendor ends of that on which the section depends: a warning months before, a
 * failure in the last days, also where all still works.
 */
async function withDeadlines(
  app: AppContext,
  result: CheckResult,
  provable: Provable,
): Promise<CheckResult> {
  const isProved = await isNewerProved(provable, findCursors(app));
  const found = findDeadlines(provable.section, Date.now(), isProved);
  const near = found.filter(({ severity }) => severity === "warning")
    .map(({ message, todo }) => `${message}. ${todo}`);
  const [due] = found.filter(({ severity }) => severity === "error");
  const warnings = [...result.warnings, ...near];
  if (due === undefined || !result.ok) return { ...result, warnings };
  return {
    ...result,
    ok: false,
    message: `${result.message}. ${due.message}.`,
    hint: due.todo,
    warnings,
  };
}

/** What is said of named sections that are not enabled. */
export function notEnabledResults(sections: readonly NotEnabled[]): CheckResult[] {
  return sections.map(({ section, message, hint = null }) => {
    return { section, ok: false, message, hint, warnings: [] };
  });
}

/** Looks at the user code of some sections; what may be meant otherwise goes to the log. */
async function checkCode(
  { log }: AppContext,
  config: Config,
  chosen: readonly SectionConfig[],
): Promise<CompiledUserCode> {
  const code = await compileUserCode(config.converters, chosen);
  for (const ambiguity of code.ambiguities) log.warning(formatFinding(ambiguity));
  return code;
}

/** Compiles the user code of some sections, and finds what is wrong with it and with the calls of converters. */
export async function findCodeFaults(
  config: Config,
  chosen: readonly SectionConfig[],
): Promise<{ readonly code: CompiledUserCode; readonly findings: readonly Finding[] }> {
  const code = await compileUserCode(config.converters, chosen);
  const calls = chosen.flatMap((section) =>
    findConverterErrors(section, { findConverter, converterNames, code })
  );
  return { code, findings: sortFindings(distinctFindings([...code.findings, ...calls])) };
}

/**
 * Checks what the file says of sections. No request is sent.
 *
 * @throws {ConfigError} with all that is wrong with the file.
 */
export async function checkFile(app: AppContext, names: CheckedNames): Promise<CheckResult[]> {
  return await checkLoaded(app, loadConfig(app), names);
}

/** The same for a file that was read. */
export async function checkLoaded(
  app: AppContext,
  config: Config,
  names: CheckedNames,
): Promise<CheckResult[]> {
  const { chosen, notEnabled } = selectSections(app, config, names);
  const { code, findings: faults } = await findCodeFaults(config, chosen);
  const named = chosen.flatMap(findNamingErrors);
  const findings = [...faults, ...named.filter(({ severity }) => severity === "error")];
  const doubts = named.filter(({ severity }) => severity === "warning");
  for (const finding of [...doubts, ...code.ambiguities, ...code.warnings]) {
    app.log.warning(formatFinding(finding));
  }
  const valid = chosen.filter(({ name }) => findings.every(({ section }) => section !== name));
  return [
    ...describeConverters(code),
    ...await Promise.all(
      valid.map((section) => withDeadlines(app, describeFound(section), { section })),
    ),
    ...findings.map(describeFault),
    ...notEnabledResults(notEnabled),
  ];
}

function describeFault(finding: Finding): CheckResult {
  const { section = "converters", hint = null } = finding;
  const message = formatFinding({ ...finding, hint: undefined });
  return { section, ok: false, message, hint, warnings: [] };
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** What the compiler made of the custom converters, which all sections share. */
function describeConverters({ converters }: CompiledUserCode): CheckResult[] {
  if (converters.length === 0) return [];
  const message = `${plural(converters.length, "converter")} compiled`;
  return [{ section: "converters", ok: true, message, hint: null, warnings: [] }];
}

/** A section without errors, and what of it was compiled or looked up. */
function describeFound({ name, line, filter, mappings }: SectionConfig): CheckResult {
  const called = mappings.filter(({ spec }) => spec.converter !== undefined).length;
  const found = [
    ...called === 0 ? [] : [plural(called, "converter call")],
    ...filter === undefined ? [] : ["a record filter"],
  ];
  const checked = found.length === 0 ? "" : `, ${found.join(" and ")} checked`;
  const message = `is valid (line ${line})${checked}`;
  return { section: name, ok: true, message, hint: null, warnings: [] };
}

/**
 * Checks sections, tries Oomnitza, and then each source.
 *
 * @throws {AgentError} what is wrong with the file or with Oomnitza; of a source it is in its result.
 */
export async function checkSections(
  app: AppContext,
  config: Config,
  names: CheckedNames,
): Promise<CheckResult[]> {
  const { chosen, notEnabled } = selectSections(app, config, names);
  await checkCode(app, config, chosen);
  const session = await openReadSession(app, config, chosen, retryPolicies.interactive);
  const message = `${session.oomnitza.url} accepts the credentials`;
  const results: CheckResult[] = [{
    section: "oomnitza",
    ok: true,
    message,
    hint: null,
    warnings: [],
  }];
  for (const prepared of await session.prepare()) {
    results.push(await withDeadlines(app, await checkSource(app, prepared), prepared));
  }
  return [...results, ...notEnabledResults(notEnabled)];
}

/**
 * Tries the connection of one section, or of `[oomnitza]`.
 *
 * @returns a sentence that says what works.
 * @throws {AgentError} that says what does not; {@linkcode ConfigError} when the section has errors.
 */
export async function checkConnection(
  app: AppContext,
  config: Config,
  section: string,
): Promise<string> {
  if (config.findings.some((each) => each.section === section && each.severity === "error")) {
    throw new ConfigError("The section has errors", config.findings);
  }
  if (section === "oomnitza") {
    const { oomnitza } = await openReadSession(app, config, [], retryPolicies.interactive);
    return `${oomnitza.url} accepts the credentials.`;
  }
  const found = config.sections.find(({ name }) => name === section);
  if (found === undefined) throw new ConfigError(`Cannot use [${section}]`, config.findings);
  const fields = mergeMappings({
    builtin: found.builtin,
    server: undefined,
    ini: found.mappings,
    converters: found.source.converters ?? {},
  });
  const readable = toReadable(found, app.log, fields);
  await probeSource(readable, probeContext(app));
  const missing = await findMissingPaths(readable, app);
  const notes = missing === undefined
    ? []
    : [...missing.paths.map(describeEmptyPath), missing.hint];
  return [`${found.source.title} can be read.`, ...notes].join(" ");
}
