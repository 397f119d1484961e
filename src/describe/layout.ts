/**
 * Plain text laid out for a terminal: wrapped paragraphs, headings and two-column lists.
 *
 * @module
 */

/** How a text is to look. */
export interface Look {
  /** Whether to use ANSI colours; off by default. */
  readonly colour?: boolean | undefined;
  /** Columns of the terminal; kept between 60 and 100, 80 by default. */
  readonly width?: number | undefined;
}

/** A row of a two-column list: a name and what it means. */
export type Row = readonly [name: string, meaning: string];

const narrowest = 60;
const widest = 100;
/** A longer name stands on a line of its own. */
const longestName = 26;
const indent = 2;
const gap = 2;

function clampWidth(look: Look): number {
  return Math.min(widest, Math.max(narrowest, look.width ?? 80));
}

function paint(text: string, code: number, look: Look): string {
  return look.colour === true && text !== "" ? `\x1b[${code}m${text}\x1b[0m` : text;
}

function wrapLine(line: string, width: number): string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(/\s+/).filter((part) => part !== "")) {
    if (current !== "" && current.length + 1 + word.length > width) {
      lines.push(current);
      current = word;
    } else {
      current = current === "" ? word : `${current} ${word}`;
    }
  }
  return current === "" ? lines : [...lines, current];
}

/** A heading with what is under it; nothing when there is nothing under it. */
export function part(title: string, body: string, look: Look): string {
  return body === "" ? "" : `${paint(title, 1, look)}\n${body}`;
}

/** Text with its paragraphs wrapped; a blank line between them is kept. Indented by `by` columns. */
export function paragraphs(text: string, look: Look, by = 0): string {
  const blocks = text.split(/\n\s*\n/).map((block) => wrapLine(block, clampWidth(look) - by));
  return blocks.map((lines) => lines.map((line) => " ".repeat(by) + line).join("\n")).join("\n\n");
}

/** A two-column list, without a trailing newline. Names that are too long stand on their own line. */
export function list(rows: readonly Row[], look: Look): string {
  const fitting = rows.map(([name]) => name.length).filter((length) => length <= longestName);
  const column = indent + Math.max(0, ...fitting) + gap;
  return rows.map(([name, meaning]) => {
    const [first = "", ...rest] = wrapLine(meaning, clampWidth(look) - column);
    const label = " ".repeat(indent) + paint(name, 36, look);
    const further = rest.map((line) => " ".repeat(column) + line);
    const room = column - indent - name.length;
    return room < gap
      ? [label, " ".repeat(column) + first, ...further].join("\n").trimEnd()
      : [`${label}${" ".repeat(room)}${first}`.trimEnd(), ...further].join("\n");
  }).join("\n");
}

/** The parts of a text with a blank line between them; those without content fall away. */
export function stack(parts: readonly string[]): string {
  return parts.filter((text) => text !== "").join("\n\n");
}
