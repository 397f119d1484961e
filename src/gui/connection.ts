/**
 * Tests connections: the answer names the fields to look at.
 *
 * @module
 */
import { retryPolicies } from "../sdk/http/retry.ts";
import { AuthError, ConfigError } from "../base/errors.ts";
import { parseIni } from "../config/ini.ts";
import { declaredIn } from "../config/declared.ts";
import { editIni, type IniEdit } from "../config/ini_writer.ts";
import { connect } from "../oomnitza/client.ts";
import { checkSource, readableSection } from "../sync/read/probe.ts";
import { faultOf } from "../sync/report.ts";
import type { Plan } from "../config/plan.ts";
import type { Desk } from "./context.ts";
import type { IniFile } from "./ini_file.ts";
import { type ShownFinding, shownFinding } from "./saving.tsx";

/** What a test came to. */
export interface TestAnswer {
  readonly outcome: "tested";
  readonly ok: boolean;
  /** What is wrong, at its fields where that can be told; or what is well. */
  readonly findings: readonly ShownFinding[];
  readonly message: string;
}

/** The configuration as a form would make it, with the section enabled. */
export function textToTest(file: IniFile, section: string, edits: readonly IniEdit[]): string {
  const enable: IniEdit = { kind: "set", section, key: "enable", value: "True" };
  const own = edits.filter((edit) => edit.kind !== "set" || edit.key !== "enable");
  return editIni(file.text, section === "oomnitza" ? own : [...own, enable]);
}

async function ask(desk: Desk, plan: Plan, section: string): Promise<string> {
  if (plan.findings.some((each) => each.section === section && each.severity === "error")) {
    throw new ConfigError("The section has errors", plan.findings);
  }
  const { log, redactor, signal } = desk;
  if (section === "oomnitza") {
    if (plan.oomnitza === undefined) throw new ConfigError("The section has errors", plan.findings);
    const { env } = plan;
    await connect(plan.oomnitza, { log, redactor, signal, env, retry: retryPolicies.interactive });
    return `${plan.oomnitza.url} accepts the credentials.`;
  }
  const planned = plan.sections.find(({ name }) => name === section);
  if (planned === undefined) throw new ConfigError(`Cannot use [${section}]`, plan.findings);
  await checkSource(readableSection(planned, log), desk);
  return `${planned.source.title} can be read.`;
}

/** The options that a text names, in declared order. */
function fieldsNamed(desk: Desk, section: string, text: string): string[] {
  const keys = Object.keys(declaredIn(section, desk.sources) ?? {});
  const words = new Set(text.match(/[A-Za-z][\w-]*/g) ?? []);
  return keys.filter((key) => words.has(key));
}

function failure(desk: Desk, section: string, thrown: unknown): ShownFinding[] {
  if (thrown instanceof ConfigError && thrown.findings.length > 0) {
    const own = thrown.findings.filter((each) =>
      each.severity === "error" && each.section === section
    );
    if (own.length > 0) return own.map((each) => shownFinding(desk, each, section));
  }
  const { message, hint } = faultOf(thrown);
  const text = desk.redactor.redact([message, hint ?? ""].join(". ").replace(/\.\. /, ". "));
  const named = fieldsNamed(desk, section, hint ?? "");
  const secrets = Object.entries(declaredIn(section, desk.sources) ?? {})
    .filter(([, { kind }]) => kind === "secret").map(([key]) => key);
  const fields = named.length === 0 && thrown instanceof AuthError ? secrets : named;
  return fields.length === 0
    ? [{ severity: "error", field: undefined, text }]
    : fields.map((field) => ({ severity: "error", field, text }));
}

/** Tries a section's address and credentials as the form has them, saved or not. */
export async function testConnection(
  desk: Desk,
  file: IniFile,
  section: string,
  edits: readonly IniEdit[],
): Promise<TestAnswer> {
  try {
    const document = parseIni(textToTest(file, section, edits), file.path);
    const message = await desk.withPlan(document, [section], (plan) => ask(desk, plan, section));
    return { outcome: "tested", ok: true, findings: [], message };
  } catch (thrown) {
    const findings = failure(desk, section, thrown);
    return { outcome: "tested", ok: false, findings, message: "The connection does not work." };
  }
}
