/**
 * Changes an ini file and nothing else in it: comments, order, spelling, line endings and all that
 * no edit names stay byte for byte.
 *
 * @module
 */

import { AgentError } from "../base/errors.ts";
import {
  byteOrderMark,
  defaultSection,
  foldKey,
  type IniLine,
  type IniLineKind,
  scanIni,
  splitOption,
} from "./ini_lines.ts";
import { checkSectionName, respellOption, spellOption } from "./ini_spelling.ts";

export {
  checkSectionName as sectionNameFault,
  checkValueSpelling as valueFault,
  type SpellingError as SpellingError,
} from "./ini_spelling.ts";

/**
 * One change to an ini file. Keys may be in any case; `DEFAULT` names the section of defaults.
 * - `set` gives a section's own option this value; a new one goes behind the section's others;
 * - `remove` takes it away, all of it if the section sets it repeatedly; nothing if it has none;
 * - `add-section` appends a section, or puts it in front of another one;
 * - `remove-section` takes it away with the comments directly above it;
 * - `rename-section` changes its header.
 */
export type IniEdit =
  | {
    readonly kind: "set";
    readonly section: string;
    readonly key: string;
    readonly value: string;
  }
  | { readonly kind: "remove"; readonly section: string; readonly key: string }
  | {
    readonly kind: "add-section";
    readonly section: string;
    readonly before?: string | undefined;
  }
  | { readonly kind: "remove-section"; readonly section: string }
  | { readonly kind: "rename-section"; readonly section: string; readonly to: string };

type Edit<Kind extends IniEdit["kind"]> = Extract<IniEdit, { kind: Kind }>;
type Lines = readonly IniLine[];

/**
 * Applies edits to the text of an ini file, one after another. The parser then reads exactly what
 * they ask for and everything else as before; edits that ask for nothing new give the same text.
 *
 * @throws AgentError when a section is missing or there already, or when the dialect has no way to
 * write a key, a value or a name
 */
export function editIni(text: string, edits: readonly IniEdit[]): string {
  const mark = text.startsWith(byteOrderMark) ? byteOrderMark : "";
  const before: Lines = [...scanIni(text)];
  const after = edits.reduce(applyEdit, before);
  if (after === before) return text;
  return mark + print(after, before.at(-1)?.eol.endsWith("\n") ?? true);
}

function applyEdit(lines: Lines, edit: IniEdit): Lines {
  if (edit.kind === "set") return setOption(lines, edit);
  if (edit.kind === "remove") return removeOption(lines, edit);
  if (edit.kind === "add-section") return addSection(lines, edit);
  if (edit.kind === "remove-section") return removeSection(lines, edit);
  return renameSection(lines, edit);
}

function print(lines: Lines, finalNewline: boolean): string {
  const eol = lineEnding(lines, 0);
  let count = lines.length;
  const bare = !finalNewline && lines.at(-1)?.eol.endsWith("\n");
  // An empty line at the end would leave the newline of the line above at the end of the file.
  while (bare && lines[count - 1]?.text === "") count--;
  return lines.slice(0, count).map(({ text, eol: own }, index) => {
    if (index === count - 1) return bare ? text : text + own;
    return text + (own === "" ? eol : own === "\r" ? "\r\n" : own);
  }).join("");
}

function setOption(lines: Lines, { section, key, value }: Edit<"set">): Lines {
  const headers = findHeaders(lines, section);
  const folded = foldKey(key);
  const found = headers.flatMap((header) => optionsIn(lines, header, folded)).at(-1);
  try {
    if (found !== undefined) return replaceValue(lines, found, value);
    const [first = "", ...rest] = spellOption(key, value);
    const at = ownEnd(lines, headers.at(-1) ?? 0);
    const eol = lineEnding(lines, at);
    const option = newLine("option", first, eol, folded);
    return lines.toSpliced(at, 0, option, ...continuations(rest, eol));
  } catch (thrown) {
    if (!(thrown instanceof AgentError)) throw thrown;
    throw new AgentError(`cannot set ${key} in [${section}]: ${thrown.message}`, {
      hint: thrown.hint,
      cause: thrown,
    });
  }
}

/** Rewrites only those lines of a value that differ, around the comments between them. */
function replaceValue(lines: Lines, option: number, value: string): Lines {
  const line = lines[option];
  if (line === undefined) return lines;
  const indices = valueLines(lines, option);
  const old = [splitOption(line.text).value, ...indices.slice(1).map((at) => textAt(lines, at))];
  if (old.join("\n") === value) return lines;
  const { above, lines: [first = "", ...rest] } = respellOption(line.text, value);
  const head = commonHead(old.slice(1), rest);
  const tail = commonHead(old.slice(1 + head).reverse(), rest.slice(head).reverse());
  const dropped = new Set(indices.slice(1 + head, indices.length - tail));
  const eol = lineEnding(lines, option + 1);
  const added = continuations(rest.slice(head, rest.length - tail), eol);
  const result: IniLine[] = [];
  for (const [index, kept] of lines.entries()) {
    if (index === option) {
      for (const comment of above) result.push(newLine("comment", comment, eol));
      result.push({ ...kept, text: first });
    } else if (!dropped.has(index)) {
      result.push(kept);
    }
    if (index === indices[head]) { for (const extra of added) result.push(extra); }
  }
  return result;
}

function removeOption(lines: Lines, { section, key }: Edit<"remove">): Lines {
  const folded = foldKey(key);
  const dropped = new Set<number>();
  for (const header of findHeaders(lines, section)) {
    for (const option of optionsIn(lines, header, folded)) {
      const indices = valueLines(lines, option);
      const last = indices.at(-1) ?? option;
      for (let index = option; index <= last; index++) {
        // Comments inside the value go with it; faulty lines are left as they are.
        if (lines[index]?.kind !== "bad") dropped.add(index);
      }
    }
  }
  return dropped.size === 0 ? lines : lines.filter((_, index) => !dropped.has(index));
}

function addSection(lines: Lines, { section, before }: Edit<"add-section">): Lines {
  refuseName(lines, section, "add");
  const end = before === undefined;
  const at = end ? lines.length : ownStart(lines, findHeaders(lines, before)[0] ?? 0);
  const eol = lineEnding(lines, at);
  const blank = newLine("blank", "", eol);
  const apart = at > 0 && lines[at - 1]?.kind !== "blank" ? [blank] : [];
  const header = newLine("header", `[${section}]`, eol, section);
  return lines.toSpliced(at, 0, ...apart, header, ...(end ? [] : [blank]));
}

function removeSection(lines: Lines, { section }: Edit<"remove-section">): Lines {
  const dropped = new Set<number>();
  for (const header of findHeaders(lines, section)) {
    let end = ownEnd(lines, header);
    while (lines[end]?.kind === "blank") end++;
    for (let index = ownStart(lines, header); index < end; index++) dropped.add(index);
  }
  const rest = lines.filter((_, index) => !dropped.has(index));
  // At the end of the file, the blank lines that set the section apart are left over as well.
  if (dropped.has(lines.length - 1)) { while (rest.at(-1)?.kind === "blank") rest.pop(); }
  return rest;
}

function renameSection(lines: Lines, { section, to }: Edit<"rename-section">): Lines {
  const headers = new Set(findHeaders(lines, section));
  if (section === to) return lines;
  if (section === defaultSection || to === defaultSection) {
    throw new AgentError(`cannot rename [${section}] to [${to}]: [${defaultSection}] is special`, {
      hint: "Move its options by hand",
    });
  }
  refuseName(lines, to, "rename a section to");
  return lines.map((line, index) =>
    headers.has(index)
      ? { ...line, name: to, text: `[${to}${line.text.slice(line.text.indexOf("]"))}` }
      : line
  );
}

function refuseName(lines: Lines, name: string, what: string): void {
  const problem = checkSectionName(name);
  if (problem !== undefined) {
    throw new AgentError(`cannot ${what} [${name}]: ${problem.message}`, { hint: problem.hint });
  }
  if (!lines.some(({ kind, name: other }) => kind === "header" && other === name)) return;
  throw new AgentError(`cannot ${what} [${name}]: the name is taken`, {
    hint: "Choose another name",
  });
}

/** Indices of all headers of a section, of which there is at least one. */
function findHeaders(lines: Lines, section: string): number[] {
  const headers: number[] = [];
  for (const [index, { kind, name }] of lines.entries()) {
    if (kind === "header" && name === section) headers.push(index);
  }
  if (headers.length > 0) return headers;
  throw new AgentError(`the file has no section [${section}]`, { hint: "Add the section first" });
}

/** Index behind the last line that is under a header. */
function blockEnd(lines: Lines, header: number): number {
  let end = header + 1;
  while (end < lines.length && lines[end]?.kind !== "header") end++;
  return end;
}

/** Indices of the option lines with this key under one header. */
function optionsIn(lines: Lines, header: number, key: string): number[] {
  const options: number[] = [];
  const end = blockEnd(lines, header);
  for (let index = header + 1; index < end; index++) {
    if (lines[index]?.kind === "option" && lines[index]?.name === key) options.push(index);
  }
  return options;
}

/** Indices of the lines of an option's value, its own first. */
function valueLines(lines: Lines, option: number): number[] {
  const indices = [option];
  for (let index = option + 1; index < lines.length; index++) {
    const kind = lines[index]?.kind;
    if (kind === "option" || kind === "header") break;
    if (kind === "continuation") indices.push(index);
  }
  return indices;
}

/** Index of the first of the comments directly above a header, or of the header itself. */
function ownStart(lines: Lines, header: number): number {
  let start = header;
  while (lines[start - 1]?.kind === "comment") start--;
  return start;
}

/** Index behind a block's last line that counts, and behind the comments that follow it closely. */
function ownEnd(lines: Lines, header: number): number {
  const limit = blockEnd(lines, header);
  let end = limit;
  while (lines[end - 1]?.kind === "blank" || lines[end - 1]?.kind === "comment") end--;
  const close = end;
  while (end < limit && lines[end]?.kind === "comment") end++;
  // Comments that reach down to the next header are that header's.
  return end === limit && limit < lines.length ? close : end;
}

function lineEnding(lines: Lines, at: number): string {
  const above = lines[at - 1]?.eol;
  if (above?.endsWith("\n")) return above;
  return lines.find(({ eol }) => eol.endsWith("\n"))?.eol ?? "\n";
}

function continuations(texts: readonly string[], eol: string): IniLine[] {
  return texts.map((text) => newLine("continuation", text, eol));
}

function newLine(kind: IniLineKind, text: string, eol: string, name = ""): IniLine {
  return { kind, number: 0, text, eol, name };
}

function textAt(lines: Lines, index: number): string {
  return lines[index]?.text ?? "";
}

function commonHead(left: readonly string[], right: readonly string[]): number {
  const length = Math.min(left.length, right.length);
  let count = 0;
  while (count < length && left[count] === right[count]) count++;
  return count;
}
