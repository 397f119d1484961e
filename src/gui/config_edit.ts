/**
 * A change to the configuration before it is saved: what the file would say, and what is wrong then.
 *
 * @module
 */
import { checkDocument } from "../app/configuration.ts";
import type { Finding } from "../base/errors.ts";
import { ownSections, serverSections } from "../config/declared.ts";
import { isSectionEnabled } from "../config/enabled.ts";
import { parseIni } from "../config/ini.ts";
import { editIni, type IniEdit } from "../config/ini_writer.ts";
import type { GuiContext } from "./context.ts";
import type { IniFile } from "./ini_file.ts";

/** A change that could be saved, or could not. */
export interface Proposal {
  readonly file: IniFile;
  /** The text that the file would have. */
  readonly text: string;
  /** What the change would make wrong; with an error among it, it is refused. */
  readonly findings: readonly Finding[];
}

/** Whether a section is no source's, and so is never enabled. */
function isOwn(section: string): boolean {
  return Object.hasOwn(ownSections, section) || Object.hasOwn(serverSections, section);
}

/** The findings about a text as a configuration, also about one section that is not enabled. */
export function checkText(
  gui: GuiContext,
  path: string,
  text: string,
  section?: string,
): Finding[] {
  const document = parseIni(text, path);
  const { findings } = checkDocument(gui, document);
  const named = section === undefined ? undefined : document.byName.get(section);
  if (section === undefined || named === undefined || isOwn(section)) return [...findings];
  if (isSectionEnabled(document, section, gui.env)) return [...findings];
  // What is not enabled is not checked, so it is looked at as if it were; it may be incomplete.
  const enabled = editIni(text, [{ kind: "set", section, key: "enable", value: "True" }]);
  const incomplete = checkDocument(gui, parseIni(enabled, path)).findings.filter((finding) =>
    finding.section === section && finding.option !== undefined &&
    finding.code !== "missing"
  );
  return [
    ...findings,
    ...incomplete.map((finding) => ({ ...finding, severity: "warning" as const })),
  ];
}

function findingKey({ section, option, message, severity }: Finding): string {
  return JSON.stringify([section, option, message, severity]);
}

/**
 * Applies edits to the file as it is on disk, and checks what comes out. Faults that were there before
 * do not stand in the way of fixing others.
 *
 * @throws {AgentError} when the edits cannot be written in an ini file
 */
export function propose(
  gui: GuiContext,
  file: IniFile,
  edits: readonly IniEdit[],
  section?: string,
): Proposal {
  const text = editIni(file.text, edits);
  const known = new Set(checkText(gui, file.path, file.text, section).map(findingKey));
  const findings = checkText(gui, file.path, text, section)
    .filter((finding) => !known.has(findingKey(finding)));
  return { file, text, findings };
}

/** Whether a proposal must not be saved. */
export function isRefused({ findings }: Proposal): boolean {
  return findings.some(({ severity }) => severity === "error");
}
