/**
 * Finds the position at which a text stops being JSON: the runtime's own parser does not report it.
 *
 * @module
 */

import { printParseErrorCode, visit } from "jsonc-parser";

/** Where a text is not JSON, and why. */
export interface JsonError {
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 units. */
  readonly column: number;
  /** What is wrong, without a full stop. */
  readonly message: string;
  /** What may be meant instead. */
  readonly hint: string | undefined;
}

const noComments = "JSON has no comments";
const backslash = "Write a backslash as \\\\";

/** By the name of the parser's error: what should stand there instead. */
const expected = new Map([
  ["PropertyNameExpected", "a name in double quotes"],
  ["ValueExpected", "a value"],
  ["ColonExpected", '":"'],
  ["CommaExpected", '"," or the closing bracket'],
  ["CloseBraceExpected", '"," or the closing bracket'],
  ["CloseBracketExpected", '"," or the closing bracket'],
  ["EndOfFileExpected", "the end of the file"],
]);

/** By the name of the parser's error: what is wrong with the token, and a hint. */
const invalid = new Map<string, readonly [message: string, hint?: string]>([
  ["InvalidCommentToken", ["found a comment", noComments]],
  ["UnexpectedEndOfComment", ["found a comment", noComments]],
  ["UnexpectedEndOfString", ["the string that starts here is not closed"]],
  ["InvalidEscapeCharacter", ["the string that starts here has an invalid escape", backslash]],
  ["InvalidUnicode", ["the string that starts here has an invalid escape", backslash]],
  ["InvalidCharacter", ["the string that starts here has a character that must be escaped"]],
]);

function describe(error: string, found: string): Pick<JsonError, "message" | "hint"> {
  const wanted = expected.get(error);
  if (wanted !== undefined) {
    const what = found === "" ? "the file ends" : `found ${JSON.stringify(found)}`;
    const hint = /^[}\]]$/.test(found) && /^(PropertyName|Value)Expected$/.test(error)
      ? "Remove the comma before it"
      : undefined;
    return { message: `${what} where ${wanted} is expected`, hint };
  }
  const [message, hint] = invalid.get(error) ??
    [`found ${JSON.stringify(found)}, which is not JSON`];
  if (found.startsWith("'")) return { message, hint: "Strings are written in double quotes" };
  return { message, hint: found.startsWith("#") ? noComments : hint };
}

/** The first error; undefined when the text is JSON, or nested too deeply to be looked at. */
export function findJsonError(text: string): JsonError | undefined {
  let first: JsonError | undefined;
  try {
    visit(text, {
      onError(code, offset, length, line, column) {
        const found = text.slice(offset, offset + length);
        first ??= {
          line: line + 1,
          column: column + 1,
          ...describe(printParseErrorCode(code), found),
        };
      },
    }, { disallowComments: true });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return first;
}
