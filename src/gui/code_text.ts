/**
 * Code as an editor has it, and as the ini spells it: indented, and without blank lines.
 *
 * @module
 */
import type { Language } from "../sandbox/mod.ts";

/** What stands on a line that is blank in the editor. */
const markers: Readonly<Record<Language, string>> = { javascript: "//", python: "#" };
const usualIndent = "    ";

function isMarker(line: string): boolean {
  return /^\s*(#|\/\/)?\s*$/.test(line);
}

function commonIndent(lines: readonly string[]): string {
  const indents = lines.filter((line) => line.trim() !== "")
    .map((line) => /^[ \t]*/.exec(line)?.[0] ?? "");
  let common = indents[0] ?? "";
  for (const indent of indents) {
    while (!indent.startsWith(common)) common = common.slice(0, -1);
  }
  return common;
}

/** The text for the editor: without the indentation, and with its blank lines. */
export function valueToCode(value: string): string {
  const [first = "", ...rest] = value.replaceAll("\r", "").split("\n");
  const indent = commonIndent(rest).length;
  // Code that begins on the option's own line with a block has its inner lines below.
  const step = first.trimEnd().endsWith(":") ? usualIndent : "";
  const below = rest.map((line) => isMarker(line) ? "" : step + line.slice(indent).trimEnd());
  return (first.trim() === "" ? below : [first.trim(), ...below]).join("\n");
}

/** Code as it is sent by a form, without what nobody sees. */
export function tidyCode(code: string): string {
  return code.replaceAll("\r\n", "\n").replace(/^(?:[ \t]*\n)+/, "").trimEnd();
}

/**
 * The value for the ini. Code that says what the value says already leaves it as it is written; its
 * indentation stays in any case.
 */
export function codeToValue(code: string, was: string | undefined, language: Language): string {
  const tidy = tidyCode(code);
  if (was !== undefined && tidy === tidyCode(valueToCode(was))) return was;
  if (tidy === "") return "";
  const isShort = was !== undefined && was.trim() !== "" && !was.includes("\n");
  // On the option's own line, a semicolon behind a space would begin a comment.
  if (isShort && !tidy.includes("\n") && !/\s;/.test(tidy)) return tidy;
  const indent = commonIndent((was ?? "").split("\n").slice(1)) || usualIndent;
  const lines = tidy.split("\n").map((line) =>
    indent + (line.trim() === "" ? markers[language] : line)
  );
  return `\n${lines.join("\n")}`;
}
