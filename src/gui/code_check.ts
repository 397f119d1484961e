/**
 * Checks code as it is in an editor, with the checker that a run uses.
 *
 * @module
 */
import { ConfigError, type Finding } from "../base/errors.ts";
import type { Language, PreparedProgram } from "../sandbox/mod.ts";
import { tidyCode } from "./code_text.ts";

/** Code in an editor. */
export interface Piece {
  readonly kind: "converter" | "filter";
  /** The converter's name; for a filter that of its section. */
  readonly name: string;
  readonly code: string;
  /** The version of Python that the configuration sets for it. */
  readonly python: 2 | 3 | undefined;
}

/** What is wrong, at a line of the editor. */
export interface CodeFinding {
  readonly severity: Finding["severity"];
  /** 1-based. */
  readonly line: number;
  readonly text: string;
}

/** What the checker says of code. */
export interface Checked {
  readonly language: Language;
  /** For people: `Python 3`. */
  readonly languageName: string;
  readonly findings: readonly CodeFinding[];
  /** The program, unless the code has errors. */
  readonly program: PreparedProgram | undefined;
}

/** What the checker takes for the file, so that its positions differ from those of the ini. */
export const editorName = "editor";

/** A finding without the words that say where the code is. */
export function toCodeFinding({ severity, line = 1, message, hint }: Finding): CodeFinding {
  const text = message.replace(/^the (record filter|converter \S*): /, "");
  return { severity, line, text: hint === undefined ? text : `${text}. ${hint}.` };
}

/** Looks at code without running it. */
export async function checkPiece({ kind, name, code, python: version }: Piece): Promise<Checked> {
  const { prepareUserCode } = await import("../sandbox/mod.ts");
  const source = {
    kind,
    name: name.toLowerCase(),
    section: editorName,
    option: name,
    body: code,
    file: editorName,
    line: 1,
    python: version,
  };
  const { programs: [program], findings } = prepareUserCode([source]);
  const python = findings.some(({ code }) => code === "invalid_python");
  const language = program?.language ?? (python ? "python" : "javascript");
  return {
    language,
    languageName: program?.languageName ?? (python ? "Python" : "JavaScript"),
    findings: [...findings, ...program?.warnings ?? [], ...program?.ambiguities ?? []].map(
      toCodeFinding,
    ),
    program,
  };
}

/** The findings of an error that came up when the engine was given the code. */
export function findingsFromRefusal(thrown: unknown): readonly CodeFinding[] | undefined {
  if (!(thrown instanceof ConfigError)) return undefined;
  return thrown.findings.map((finding) =>
    toCodeFinding(finding.file === editorName ? finding : { ...finding, line: 1 })
  );
}

/** What ends every comment and is an error in both languages, so that only a text can hold it. */
const probe = "*/ )";

/** The first line that is blank inside a text: the ini cannot hold it. */
export async function blankInText(piece: Piece): Promise<number | undefined> {
  const code = tidyCode(piece.code);
  const lines = code.split("\n");
  for (const [index, line] of lines.entries()) {
    if (line.trim() !== "") continue;
    const probed = lines.with(index, probe).join("\n");
    const { program } = await checkPiece({ ...piece, code: probed });
    if (program !== undefined) return index + 1;
  }
  return undefined;
}
