/**
 * The lexical rules of the ini dialect, one line at a time; parser and writer both stand on them.
 *
 * @module
 */

/** The name of the section whose options every other section sees. */
export const defaultSection = "DEFAULT";

/** The byte-order mark as it appears in decoded text. */
export const byteOrderMark = "\uFEFF";

/**
 * What a line is:
 * - `blank`, `comment`: dropped everywhere, also inside a value of several lines;
 * - `header`: opens or continues a section;
 * - `option`: key, separator and the first line of a value;
 * - `continuation`: a further line of the value of the option before it;
 * - `orphan`: indented, but its section has no option yet that it could continue (an error);
 * - `bad`: neither of these (an error);
 * - `headless`: text before the first header (an error).
 */
export type IniLineKind =
  | "blank"
  | "comment"
  | "header"
  | "option"
  | "continuation"
  | "orphan"
  | "bad"
  | "headless";

/** One line of the file. `text + eol` of all lines, after the byte-order mark, is the file. */
export interface IniLine {
  readonly kind: IniLineKind;
  /** 1-based; 0 for a line that the writer made. */
  readonly number: number;
  /** Without its line ending. */
  readonly text: string;
  /** `"\n"`, `"\r\n"`, and on the last line also `""` or a cut-off `"\r"`. */
  readonly eol: string;
  /** Section name of a header, lower-cased key of an option, otherwise empty. */
  readonly name: string;
}

/** The pieces of an option line: offsets into its text, and the value they give. */
export interface OptionParts {
  /** Key as written. */
  readonly rawKey: string;
  /** Where the value begins, behind the separator and the whitespace after it. */
  readonly valueStart: number;
  /** Where the inline comment begins; the length of the text when there is none. */
  readonly commentStart: number;
  /** The value of this line: trimmed, without inline comment. */
  readonly value: string;
}

/** Whether a character code is whitespace to the dialect: ASCII only, so not a no-break space. */
export function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

/** Text without the dialect's whitespace at its end. */
export function trimEndSpace(text: string): string {
  let end = text.length;
  while (end > 0 && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(0, end);
}

/** Whether text is empty or only whitespace of the dialect. */
export function isBlank(text: string): boolean {
  return firstNonSpace(text, 0) === text.length;
}

/** An option key as the dialect compares it. */
export function foldKey(key: string): string {
  return key.toLowerCase();
}

/** Splits text into lines and says what each one is. Takes time linear in the text's length. */
export function* scanIni(text: string): Generator<IniLine> {
  let start = text.startsWith(byteOrderMark) ? byteOrderMark.length : 0;
  let number = 0;
  let opened = false;
  let seen = false;
  while (start < text.length) {
    const newline = text.indexOf("\n", start);
    const next = newline < 0 ? text.length : newline + 1;
    let end = newline < 0 ? text.length : newline;
    if (end > start && text.charCodeAt(end - 1) === 13) end--;
    const line = text.slice(start, end);
    const kind = classifyLine(line, opened, seen);
    number++;
    yield { kind, number, text: line, eol: text.slice(end, next), name: readName(kind, line) };
    if (kind === "header") opened = true;
    if (kind === "header" || kind === "option") seen = kind === "option";
    start = next;
  }
}

/** Takes the text of an `option` line apart. */
export function splitOption(text: string): OptionParts {
  const separator = separatorAt(text);
  const valueStart = firstNonSpace(text, separator + 1);
  const semicolon = text.indexOf(";", valueStart);
  const cut = semicolon > valueStart && isSpace(text.charCodeAt(semicolon - 1));
  const commentStart = cut ? semicolon : text.length;
  const value = trimEndSpace(text.slice(valueStart, commentStart));
  return {
    rawKey: trimEndSpace(text.slice(0, separator)),
    valueStart,
    commentStart,
    value: value === '""' ? "" : value,
  };
}

function classifyLine(text: string, opened: boolean, seen: boolean): IniLineKind {
  if (isBlank(text)) return "blank";
  const indented = isSpace(text.charCodeAt(0));
  if (isComment(text)) return "comment";
  if (indented && seen) return "continuation";
  if (readHeaderName(text) !== undefined) return "header";
  if (!opened) return "headless";
  if (indented) return "orphan";
  return separatorAt(text) > 0 ? "option" : "bad";
}

function readName(kind: IniLineKind, text: string): string {
  if (kind === "header") return readHeaderName(text) ?? "";
  if (kind === "option") return foldKey(trimEndSpace(text.slice(0, separatorAt(text))));
  return "";
}

function isComment(text: string): boolean {
  if (text.startsWith("#") || text.startsWith(";")) return true;
  if (text.slice(0, 3).toLowerCase() !== "rem") return false;
  return text.length === 3 || isSpace(text.charCodeAt(3));
}

function readHeaderName(text: string): string | undefined {
  if (!text.startsWith("[")) return undefined;
  const end = text.indexOf("]");
  return end > 1 ? text.slice(1, end) : undefined;
}

function separatorAt(text: string): number {
  return text.search(/[=:]/);
}

function firstNonSpace(text: string, from: number): number {
  let index = from;
  while (index < text.length && isSpace(text.charCodeAt(index))) index++;
  return index;
}
