/**
 * What the ini parser says about a faulty line: what is wrong, and what to do about it. The
 * texts never quote the line, because it may hold a password.
 *
 * @module
 */

import type { Finding } from "../base/errors.ts";
import type { IniLine } from "./ini_lines.ts";

/** Where a finding is: the file, and the section that was open. */
export interface IniPosition {
  readonly file: string;
  readonly section?: string | undefined;
}

/** The finding for an `orphan` or a `bad` line. */
export function badLine(position: IniPosition, line: IniLine): Finding {
  const text = line.kind === "orphan" ? orphanLine : describeBadLine(line.text);
  return { code: "syntax", severity: "error", ...position, line: line.number, ...text };
}

/** The finding for all text before the first header, given its first and last line number. */
export function headlessText(file: string, first: number, last: number): Finding {
  return {
    code: "syntax",
    severity: "error",
    file,
    line: first,
    message: first === last
      ? "text before the first section header"
      : `text before the first section header (lines ${first} to ${last})`,
    hint: 'Put a header such as "[oomnitza]" alone on the line above, starting in column 1',
  };
}

/** The finding for a key that its section has already. */
export function repeatedKey(
  position: IniPosition,
  key: string,
  line: number,
  earlier: number,
): Finding {
  return {
    code: "ineffective",
    severity: "warning",
    ...position,
    line,
    option: key,
    message: `set again on line ${line}, so its value on line ${earlier} is not used`,
    hint: "Remove one of the two",
  };
}

/** The finding for a key that begins with a space which the dialect does not take for one. */
export function invisibleStart(position: IniPosition, key: string, line: number): Finding {
  return {
    code: "syntax",
    severity: "warning",
    ...position,
    line,
    option: key,
    message: `the line begins with an invisible character (${codePointName(key)}), ` +
      "which became part of the key",
    hint: "Delete it; to continue the value above, indent with ordinary spaces",
  };
}

/** The finding for a line that holds characters lost in decoding. */
export function lostCharacter(position: IniPosition, line: number): Finding {
  return {
    code: "encoding",
    severity: "error",
    ...position,
    line,
    message: "a character could not be decoded",
    hint: "Save the file as UTF-8 and type the character again",
  };
}

/** Findings about characters that are not allowed in an ini file, each reported once, where it is. */
export function characterFindings(text: string, file: string): Finding[] {
  const findings: Finding[] = [];
  const nul = text.indexOf("\0");
  if (nul >= 0) findings.push({ ...nullByte, file, line: lineAt(text, nul) });
  const carriageReturn = text.search(/\r[^\r\n]/);
  if (carriageReturn >= 0) {
    findings.push({ ...loneReturn, file, line: lineAt(text, carriageReturn) });
  }
  return findings;
}

/** Whether text begins with white space or a mark that people see as nothing, outside ASCII. */
export function startsInvisibly(text: string): boolean {
  return text.charCodeAt(0) > 127 && invisible.test(text);
}

/** 1-based number of the line that holds the character at `index`. */
function lineAt(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < index; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

const invisible = /^[\s\u200B-\u200F\u2060]/;

const orphanLine = {
  message: "indented line with no option above it in this section that it could continue",
  hint: "Remove the spaces at its start",
};

const nullByte = {
  code: "encoding",
  severity: "error",
  message: "the file contains a null byte, so it is not plain text",
  hint: "Open it in a text editor and save it as UTF-8",
} satisfies Partial<Finding>;

const loneReturn = {
  code: "syntax",
  severity: "warning",
  message: "a carriage return without a line feed does not end a line",
  hint: "Save the file with LF or CRLF line endings",
} satisfies Partial<Finding>;

function describeBadLine(text: string): Pick<Finding, "message" | "hint"> {
  if (startsInvisibly(text)) {
    return {
      message: `the line begins with an invisible character (${codePointName(text)})`,
      hint: "Delete it; indent only with ordinary spaces or tabs",
    };
  }
  if (/^[=:]/.test(text)) {
    return { message: "no key before the separator", hint: 'Write it as "key = value"' };
  }
  if (text.startsWith("[]")) {
    return { message: "section header without a name", hint: 'Write it as "[name]"' };
  }
  if (text.startsWith("[")) {
    return { message: 'section header without "]"', hint: 'Write it as "[name]"' };
  }
  return {
    message: 'neither "=" nor ":" on the line',
    hint: 'Write it as "key = value", indent it if it continues the value above, ' +
      'or start it with "#" if it is a comment',
  };
}

function codePointName(text: string): string {
  const code = text.charCodeAt(0).toString(16).toUpperCase();
  return `U+${code.padStart(4, "0")}`;
}
