/**
 * How a key and a value are written in the ini dialect, and which ones it cannot hold.
 *
 * @module
 */

import { AgentError } from "../base/errors.ts";
import { parseIni } from "./ini.ts";
import { foldKey, isBlank, isSpace, splitOption, trimEndSpace } from "./ini_lines.ts";

/** Why something cannot be written, and what to do about it. */
export interface SpellingError {
  /** What is wrong, without a full stop; reads well after a colon. */
  readonly message: string;
  /** What to do about it, one sentence. */
  readonly hint: string;
}

/**
 * Why the ini dialect has no way to write a value so that it is read back exactly; undefined when
 * it has one. Never quotes the value, which may be a password.
 */
export function checkValueSpelling(value: string): SpellingError | undefined {
  const [first = "", ...rest] = value.split("\n");
  const problem = checkCharacters(value) ?? checkFirstLine(first);
  if (problem !== undefined) return problem;
  const blank = rest.findIndex(isBlank);
  if (blank >= 0) {
    return {
      message: `line ${blank + 2} of the value is blank, and blank lines are not kept`,
      hint: 'Remove blank lines, or put an indented "#" on them in code',
    };
  }
  const flush = rest.findIndex((line) => !isSpace(line.charCodeAt(0)));
  if (flush < 0) return undefined;
  return {
    message: `line ${flush + 2} of the value is not indented`,
    hint: "Begin every line after the first with a space",
  };
}

/** Why the ini dialect cannot hold a section name; undefined when it can. */
export function checkSectionName(name: string): SpellingError | undefined {
  if (name !== "" && !/[\]\n]/.test(name) && checkCharacters(name) === undefined) return undefined;
  return {
    message: "this cannot be a section name",
    hint: 'Use a name that is not empty and has no "]" and no line break',
  };
}

/**
 * The lines of a new option: `key = value`, or `key:` and the indented lines of its value.
 *
 * @throws AgentError when the dialect cannot hold the key or the value
 */
export function spellOption(key: string, value: string): string[] {
  refuse(checkValueSpelling(value));
  const [first = "", ...rest] = value.split("\n");
  const spellings = rest.length > 0
    ? [`${key}: ${first}`]
    : [`${key} = ${first}`, `${key}=${first}`];
  for (const spelling of spellings) {
    const lines = [trimEndSpace(spelling), ...rest];
    if (readsAs(lines, key, value)) return lines;
  }
  return refuse(keySpellingError(key));
}

/**
 * The lines of an option that is there already, for another value. Key, separator and spacing stay
 * as they are. So does an inline comment; where the new value leaves no room for it, it moves to a
 * line of its own above.
 *
 * @param text the option's present first line
 * @returns the lines, of which those before the option are comments
 * @throws AgentError when the dialect cannot hold the value
 */
export function respellOption(text: string, value: string): { above: string[]; lines: string[] } {
  refuse(checkValueSpelling(value));
  const [first = "", ...rest] = value.split("\n");
  const { above, line } = respellLine(text, first, rest.length > 0);
  const lines = [line, ...rest];
  const key = splitOption(text).rawKey;
  if (!readsAs([...above, ...lines], key, value)) refuse(keySpellingError(key));
  return { above, lines };
}

function respellLine(
  text: string,
  first: string,
  more: boolean,
): { above: string[]; line: string } {
  const { rawKey, valueStart, commentStart, value } = splitOption(text);
  const comment = trimEndSpace(text.slice(commentStart));
  if (first === value) return { above: [], line: text };
  const head = trimEndSpace(text.slice(0, valueStart));
  const tight = head.endsWith("=") && head.length === rawKey.length + 1;
  const bare = head.length === text.length && !tight;
  const gap = bare ? " " : text.slice(head.length, valueStart);
  if (comment === "") return { above: [], line: trimEndSpace(head + gap + first) };
  if (first.includes(";") || (first === "" && more)) {
    return { above: [comment], line: trimEndSpace(head + gap + first) };
  }
  const before = text.slice(valueStart, commentStart);
  const room = before.slice(trimEndSpace(before).length);
  // Without the quotes the comment would become the value.
  return { above: [], line: head + gap + (first === "" ? '""' : first) + room + comment };
}

function checkCharacters(text: string): SpellingError | undefined {
  if (text.includes("\r")) {
    return {
      message: "it contains a carriage return",
      hint: "End lines with a line feed only",
    };
  }
  if (!/[\0\uFFFD]/.test(text) && text.isWellFormed()) return undefined;
  return {
    message: "it contains a null byte or an incomplete character",
    hint: "Type it again, as plain text",
  };
}

function checkFirstLine(first: string): SpellingError | undefined {
  if (isSpace(first.charCodeAt(0)) || isSpace(first.charCodeAt(first.length - 1))) {
    return {
      message: "spaces at the start or the end of a value are not kept",
      hint: "Remove them",
    };
  }
  if (first === '""') {
    return {
      message: "two double quotes alone are read as an empty value",
      hint: "Leave the value empty if that is meant",
    };
  }
  const semicolon = first.indexOf(";");
  if (semicolon < 1 || !isSpace(first.charCodeAt(semicolon - 1))) return undefined;
  return {
    message: 'a ";" after a space is read as the start of a comment',
    hint: "Remove the space before it",
  };
}

function keySpellingError(key: string): SpellingError {
  return {
    message: `the key ${JSON.stringify(key)} cannot be written with this value`,
    hint: 'A key has no "=" or ":", no spaces around it, and does not begin with "#", ";", ' +
      '"rem " or, if there is a "]" after it, with "["',
  };
}

/** Whether lines, put under a header, are read as just this option, without an error. */
function readsAs(lines: readonly string[], key: string, value: string): boolean {
  if (/[\r\n]/.test(key)) return false;
  const { byName, findings } = parseIni(`[s]\n${lines.join("\n")}`, "");
  const options = byName.get("s")?.options;
  const errors = findings.some(({ severity }) => severity === "error");
  return !errors && options?.size === 1 && options.get(foldKey(key))?.value === value;
}

function refuse(problem: SpellingError): never;
function refuse(problem: SpellingError | undefined): void;
function refuse(problem: SpellingError | undefined): void {
  if (problem !== undefined) throw new AgentError(problem.message, { hint: problem.hint });
}
