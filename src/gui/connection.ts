/**
 * Tests connections: the answer names the fields to look at.
 *
 * @module
 */
import { checkConnection } from "../app/check.ts";
import { AuthError, ConfigError } from "../base/errors.ts";
import { declaredIn } from "../config/declared.ts";
import type { IniEdit } from "../config/ini_writer.ts";
import { toSectionError } from "../sync/report.ts";
import type { GuiContext } from "./context.ts";
import { type ShownFinding, shownFinding } from "./saving.tsx";
import { withSection } from "./section_config.ts";

/** What a test came to. */
export interface TestAnswer {
  readonly outcome: "tested";
  readonly ok: boolean;
  /** What is wrong, at its fields where those are known; or what is well. */
  readonly findings: readonly ShownFinding[];
  readonly message: string;
}

/** The options that a text names, in declared order. */
function fieldsNamed(gui: GuiContext, section: string, text: string): string[] {
  const keys = Object.keys(declaredIn(section, gui.sources) ?? {});
  const words = new Set(text.match(/[A-Za-z][\w-]*/g) ?? []);
  return keys.filter((key) => words.has(key));
}

/** What went wrong with a section, at its fields where those are known. */
export function findFailure(gui: GuiContext, section: string, thrown: unknown): ShownFinding[] {
  if (thrown instanceof ConfigError && thrown.findings.length > 0) {
    const own = thrown.findings.filter((each) =>
      each.severity === "error" && each.section === section
    );
    if (own.length > 0) return own.map((each) => shownFinding(gui, each, section));
  }
  const { message, hint } = toSectionError(thrown);
  const text = gui.redactor.redact([message, hint ?? ""].join(". ").replace(/\.\. /, ". "));
  const named = fieldsNamed(gui, section, hint ?? "");
  const secrets = Object.entries(declaredIn(section, gui.sources) ?? {})
    .filter(([, { kind }]) => kind === "secret").map(([key]) => key);
  const fields = named.length === 0 && thrown instanceof AuthError ? secrets : named;
  return fields.length === 0
    ? [{ severity: "error", field: undefined, text }]
    : fields.map((field) => ({ severity: "error", field, text }));
}

/** Tries a section's address and credentials as the form has them, saved or not. */
export async function testConnection(
  gui: GuiContext,
  section: string,
  edits: readonly IniEdit[],
): Promise<TestAnswer> {
  try {
    const message = await withSection(
      gui,
      section,
      (app, config) => checkConnection(app, config, section),
      edits,
    );
    return { outcome: "tested", ok: true, findings: [], message };
  } catch (thrown) {
    const findings = findFailure(gui, section, thrown);
    return { outcome: "tested", ok: false, findings, message: "The connection does not work." };
  }
}
