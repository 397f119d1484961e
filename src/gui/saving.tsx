/**
 * Saves changes in two steps: first the difference is shown, and what is wrong; then it is written.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
// deno-lint-ignore-file jsx-key -- written out once as text: there is nothing to keep apart
import type { Finding } from "../base/errors.ts";
import { scanIni } from "../config/ini_lines.ts";
import type { IniEdit } from "../config/ini_writer.ts";
import type { Call, GuiContext } from "./context.ts";
import { compareLines, type DiffLine, withoutFarLines } from "./diff.ts";
import { showHidden, showHiddenInPage } from "./hidden_characters.ts";
import { changedMeanwhile, type IniFile, writeIniFile } from "./ini_file.ts";
import { maskedLines } from "./masking.ts";
import { isRefused, type Proposal, propose } from "./config_edit.ts";

/** A finding as `change.js` shows it. */
export interface ShownFinding {
  readonly severity: Finding["severity"];
  /** The field to show it at; absent when it is about the whole. */
  readonly field: string | undefined;
  readonly text: string;
}

/** What `change.js` gets for an answer. */
export type ChangeAnswer =
  | { readonly outcome: "unchanged" }
  | { readonly outcome: "refused"; readonly findings: readonly ShownFinding[] }
  | {
    readonly outcome: "review";
    readonly findings: readonly ShownFinding[];
    /** The difference, as HTML. */
    readonly difference: string;
  }
  | { readonly outcome: "saved"; readonly next: string }
  | { readonly outcome: "stale"; readonly findings: readonly ShownFinding[] };

/** What is wanted of a change. */
export interface Change {
  /** The section that the form is about; findings about it are shown at its fields. */
  readonly section: string;
  /** The edits to the file as it is. */
  readonly edits: (file: IniFile) => readonly IniEdit[];
  /** What is wrong with the form before the file is looked at; with anything here, nothing is saved. */
  readonly errors?: readonly ShownFinding[] | undefined;
  /** The page to go to when it is saved. */
  readonly next: string;
  /** Whether to go there also when nothing is to be changed: a step that was done before. */
  readonly goesOn?: boolean | undefined;
}

/** A text with the full stop that it lacks. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** A finding for the browser. */
export function shownFinding(gui: GuiContext, finding: Finding, section: string): ShownFinding {
  const isOwn = finding.section === section;
  const prefix = isOwn || finding.section === undefined ? "" : `[${finding.section}] `;
  const hint = finding.hint === undefined ? "" : ` ${sentence(finding.hint)}`;
  return {
    severity: finding.severity,
    field: isOwn ? finding.option : undefined,
    text: showHidden(gui.redactor.redact(`${prefix}${sentence(finding.message)}${hint}`)),
  };
}

/**
 * Answers a form that changes the file. It says in `revision` which state of the file it was made
 * from, and in `confirmed` whether the difference has been seen.
 */
export function answerChange(
  c: Call,
  gui: GuiContext,
  form: URLSearchParams,
  change: Change,
): Response {
  const file = gui.read();
  if (form.get("revision") !== file.revision) return answerStale(c, file);
  const { errors = [] } = change;
  if (errors.length > 0) return answer(c, { outcome: "refused", findings: errors });
  const proposal = propose(gui, file, change.edits(file), change.section);
  const findings = proposal.findings.map((each) => shownFinding(gui, each, change.section));
  if (proposal.text === file.text) {
    if (change.goesOn === true) return answer(c, { outcome: "saved", next: change.next });
    return answer(c, { outcome: "unchanged" });
  }
  if (isRefused(proposal)) return answer(c, { outcome: "refused", findings });
  if (form.get("confirmed") !== "yes") {
    return answer(c, { outcome: "review", findings, difference: difference(gui, proposal) });
  }
  writeIniFile(file, proposal.text);
  gui.log.info(`${file.path} was changed in the GUI: [${change.section}]`);
  return answer(c, { outcome: "saved", next: change.next });
}

function answer(c: Call, body: ChangeAnswer): Response {
  return c.json(body);
}

function answerStale(c: Call, { path }: IniFile): Response {
  const { message, hint } = changedMeanwhile(path);
  return answer(c, {
    outcome: "stale",
    findings: [{ severity: "error", field: undefined, text: `${message}. ${hint}` }],
  });
}

function difference(gui: GuiContext, { file, text }: Proposal): string {
  const [before, after] = [maskedLines(gui, file.text), maskedLines(gui, text)];
  const [old, fresh] = [file.text, text].map((each) => [...scanIni(each)].map((line) => line.text));
  const lines = withoutFarLines(compareLines(old ?? [], fresh ?? []));
  const html = String(
    <pre class="difference" tabindex={0} aria-label="The change to the file">
      {lines.map((line) => <Line line={line} before={before} after={after} />)}
    </pre>,
  );
  return showHiddenInPage(html);
}

const signs = { same: " ", added: "+", removed: "-", gap: "⋯" } as const;
const words = { same: "", added: "added: ", removed: "removed: ", gap: "" } as const;

function Line(
  { line, before, after }: { line: DiffLine; before: readonly string[]; after: readonly string[] },
) {
  const number = line.after >= 0 ? line.after + 1 : line.before >= 0 ? line.before + 1 : "";
  const text = line.after >= 0 ? after[line.after] : before[line.before];
  return (
    <span class={line.kind}>
      <span class="number" aria-hidden="true">{number}</span>
      <span aria-hidden="true">{`${signs[line.kind]} `}</span>
      <span class="heard">{words[line.kind]}</span>
      {text ?? ""}
      {"\n"}
    </span>
  );
}
