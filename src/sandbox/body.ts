/**
 * The text of user code as it stands in the ini: its indentation, and the line that names its language.
 *
 * @module
 */

import type { Language } from "./protocol.ts";

/** A body without the indentation that the ini asks for. */
export interface Body {
  /** As many lines as the text in the ini. */
  readonly text: string;
  /** How many characters were taken from the front of each line. */
  readonly removed: readonly number[];
  /** What the first line asks for. */
  readonly forced: Language | undefined;
}

/** Takes a body out of its indentation. */
export function readBody(text: string): Body {
  const lines = text.replaceAll("\r", "").split("\n");
  const first = lines.findIndex((line) => line.trim() !== "");
  const head = lines[first] ?? "";
  // Code that begins on the option's own line has no indentation there, the lines below have.
  const standsApart = first === 0 && indentOf(head) === "" && !head.trimEnd().endsWith(":");
  const indent = commonIndent(standsApart ? lines.slice(1) : lines);
  const removed = lines.map((line, index) => {
    if (standsApart && index === 0) return 0;
    return line.trim() === "" ? line.length : indent.length;
  });
  const dedented = lines.map((line, index) => line.slice(removed[index]));
  const forced = languageOf(head);
  // What is left of the line is a comment in the language that it names.
  if (forced === "javascript") dedented[first] = "";
  if (forced === "python") dedented[first] = head.trim().replace(/^\/\//, "#");
  return { text: dedented.join("\n"), removed, forced };
}

/** `# language: python`, `// language: javascript`. */
function languageOf(line: string): Language | undefined {
  const name = /^\s*(?:#|\/\/)\s*language\s*[:=]\s*(\w+)/i.exec(line)?.[1]?.toLowerCase();
  if (name === undefined) return undefined;
  if (name === "javascript" || name === "js") return "javascript";
  return /^py(thon)?[23]?$/.test(name) ? "python" : undefined;
}

function indentOf(line: string): string {
  return /^[ \t]*/.exec(line)?.[0] ?? "";
}

function commonIndent(lines: readonly string[]): string {
  const indents = lines.filter((line) => line.trim() !== "").map(indentOf);
  let common = indents[0] ?? "";
  for (const indent of indents) {
    while (!indent.startsWith(common)) common = common.slice(0, -1);
  }
  return common;
}
