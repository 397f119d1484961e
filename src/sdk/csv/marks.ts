/**
 * What papaparse would read otherwise, put aside before it parses and put back into the cells after:
 * a carriage return before a closing quote, and quotes that a backslash escapes.
 *
 * @module
 */

/** How a quote inside of a quoted cell is written: doubled (RFC 4180), or after a backslash. */
export type Escape = "doubled" | "backslash";

/** How a file writes its cells, as far as it matters here. */
export interface MarkSettings {
  readonly quote: string;
  readonly newline: "\n" | "\r";
  readonly escape: Escape;
}

/** Text with some of it replaced by single characters. */
export interface MarkedText {
  readonly text: string;
  /** Whether anything was replaced. */
  readonly isMarked: boolean;
  /** Puts back what was replaced, for text that is not parsed yet. */
  restore(part: string): string;
  /** Puts back what a cell means. */
  toCell(part: string): string;
}

/** One kind of replacement. */
interface Mark {
  readonly character: string;
  /** What is replaced. */
  readonly raw: string;
  /** What stands for it in a cell. */
  readonly cell: string;
}

const firstNoncharacter = 0xfdd0;

/** Characters that no text should have ("noncharacters", Unicode 23.7), and that this one has not. */
function* unusedIn(text: string): Generator<string, undefined> {
  for (let code = firstNoncharacter; code < firstNoncharacter + 32; code++) {
    const character = String.fromCharCode(code);
    if (!text.includes(character)) yield character;
  }
}

/** Whether a quote in the text comes after a backslash. */
export function hasEscapedQuote(text: string, quote: string): boolean {
  return text.includes(`\\${quote}`);
}

/** Replaces what papaparse is not to see as it stands. */
export function markText(raw: string, { quote, newline, escape }: MarkSettings): MarkedText {
  const unused = unusedIn(raw);
  const marks: Mark[] = [];
  let text = raw;
  function mark(found: string, cell: string): void {
    const character = text.includes(found) ? unused.next().value : undefined;
    if (character === undefined) return;
    marks.push({ character, raw: found, cell });
    text = text.replaceAll(found, character);
  }
  if (escape === "backslash") {
    // First the backslashes that are escaped themselves: the quote after them is none.
    mark("\\\\", "\\");
    mark(`\\${quote}`, quote);
  }
  // At the end of a row it could no longer be distinguished from the line break.
  if (newline === "\n" && text.includes(`\r${quote}`)) {
    const character = unused.next().value;
    if (character !== undefined) {
      marks.push({ character, raw: "\r", cell: "\r" });
      text = text.replaceAll(`\r${quote}`, `${character}${quote}`);
    }
  }
  const put = (part: string, to: "raw" | "cell") =>
    marks.reduce((result, each) => result.replaceAll(each.character, each[to]), part);
  return {
    text,
    isMarked: marks.length > 0,
    restore: (part) => put(part, "raw"),
    toCell: (part) => put(part, "cell"),
  };
}
