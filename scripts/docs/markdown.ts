/**
 * Markdown: tables, code, and pages with generated parts. How it is wrapped and padded is left to the
 * formatter.
 *
 * @module
 */

/** Opens a generated part of a page. */
export const generatedStart = "<!-- generated: do not edit -->";

/** Closes a generated part of a page. */
export const generatedEnd = "<!-- end of generated -->";

/** Text as plain words: what Markdown would take for markup is escaped. */
export function prose(text: string): string {
  return text.replace(/[\\*`<]/g, "\\$&");
}

/** Text as code, whatever backticks it holds; nothing for an empty text. */
export function code(text: string): string {
  if (text === "") return "";
  const fence = "`".repeat(
    Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length)) + 1,
  );
  const pad = text.startsWith("`") || text.endsWith("`") ? " " : "";
  return `${fence}${pad}${text}${pad}${fence}`;
}

/** A block of code in a language, without a trailing newline. */
export function codeBlock(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}

/** A table, without a trailing newline. Cells are Markdown; a column without any content falls away. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const used = head.map((_, column) => rows.some((row) => (row[column] ?? "") !== ""));
  const lines = [head, head.map(() => "---"), ...rows].map((row) =>
    `| ${row.filter((_, column) => used[column]).map(cellText).join(" | ")} |`
  );
  return lines.join("\n");
}

function cellText(cell: string): string {
  return cell.replace(/\s*\n\s*/g, " ").replaceAll("|", "\\|");
}

/** A generated part of a page, between its two comments. */
export function generated(content: string): string {
  return `${generatedStart}\n\n${content.trim()}\n\n${generatedEnd}`;
}

/**
 * Puts contents into the generated parts of a page, in order.
 *
 * @throws {RangeError} When the page has not as many parts as there are contents.
 */
export function fillPage(page: string, contents: readonly string[]): string {
  const [before = "", ...parts] = page.split(generatedStart);
  if (parts.length !== contents.length) {
    throw new RangeError(
      `the page has ${parts.length} generated parts, but there are ${contents.length} contents`,
    );
  }
  const filled = parts.map((part, index) => {
    const end = part.indexOf(generatedEnd);
    if (end < 0) throw new RangeError("a generated part of the page is not closed");
    return generated(contents[index] ?? "") + part.slice(end + generatedEnd.length);
  });
  return before + filled.join("");
}
