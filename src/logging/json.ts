/**
 * Finds the place where a text stops being JSON: Bun's own parser does not tell it.
 *
 * @module
 */

/** Where a text is not JSON, and why. */
export interface JsonFault {
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 units. */
  readonly column: number;
  /** What is wrong, without a full stop. */
  readonly message: string;
  /** What may be meant instead. */
  readonly hint: string | undefined;
}

type State = "value" | "firstItem" | "key" | "firstKey" | "colon" | "next";

const expected = {
  value: "a value",
  firstItem: 'a value or "]"',
  key: "a name in double quotes",
  firstKey: 'a name in double quotes or "}"',
  colon: '":"',
  next: '"," or the closing bracket',
} as const satisfies Record<State, string>;

const space = /[ \t\r\n]*/y;
const token =
  // deno-lint-ignore no-control-regex
  /[{}[\],:]|"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null)(?![\w.])/uy;

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** The state after a token; undefined when the token cannot stand there. */
function step(state: State, found: string, open: string[]): State | undefined {
  if (state === "colon") return found === ":" ? "value" : undefined;
  if (found === "}" || found === "]") {
    const opener = found === "}" ? "{" : "[";
    const mayClose = state === "next" || state === (found === "}" ? "firstKey" : "firstItem");
    return mayClose && open.pop() === opener ? "next" : undefined;
  }
  if (state === "next") {
    if (found !== "," || open.length === 0) return undefined;
    return open.at(-1) === "{" ? "key" : "value";
  }
  if (state === "key" || state === "firstKey") return found.startsWith('"') ? "colon" : undefined;
  if (found === "," || found === ":") return undefined;
  if (found !== "{" && found !== "[") return "next";
  open.push(found);
  return found === "{" ? "firstKey" : "firstItem";
}

function hintFor(text: string, at: number, state: State): string | undefined {
  const character = text[at] ?? "";
  if (character === '"') {
    const quoted = text.slice(at).split(/(?<!\\)"|\n/, 2)[1] ?? "";
    if (/\\[^"\\/bfnrtu]|\\u(?![0-9a-fA-F]{4})/.test(quoted)) return "Write a backslash as \\\\";
  }
  if (character === "'") return "Texts are written in double quotes";
  if (character === "#" || text.startsWith("//", at) || text.startsWith("/*", at)) {
    return "JSON has no comments";
  }
  if ((character === "}" || character === "]") && (state === "key" || state === "value")) {
    return "There is a comma too many before it";
  }
  return undefined;
}

function faultAt(text: string, at: number, state: State, isOver: boolean): JsonFault {
  const before = text.slice(0, at);
  const line = before.split("\n").length;
  const column = at - before.lastIndexOf("\n");
  const wanted = isOver ? "the end of the file" : expected[state];
  const found = /^(?:\w+|[^])/u.exec(text.slice(at, at + 20))?.[0];
  const hint = hintFor(text, at, state);
  if (found === undefined) {
    return { line, column, message: `the file ends where ${wanted} is expected`, hint };
  }
  const message = found === '"' && !isOver && state !== "colon" && state !== "next"
    ? "the text that starts here is not closed, or holds a character that must be escaped"
    : `found ${JSON.stringify(found)} where ${wanted} is expected`;
  return { line, column, message, hint };
}

/** The first fault; undefined when the text is JSON. Never throws, however deep the nesting. */
export function findJsonFault(text: string): JsonFault | undefined {
  const open: string[] = [];
  let state: State = "value";
  let at = 0;
  let isOver = false;
  while (true) {
    at += matchAt(space, text, at)?.length ?? 0;
    if (at === text.length && isOver) return undefined;
    const found: string | undefined = isOver ? undefined : matchAt(token, text, at);
    const after: State | undefined = found === undefined ? undefined : step(state, found, open);
    if (found === undefined || after === undefined) return faultAt(text, at, state, isOver);
    state = after;
    at += found.length;
    isOver = state === "next" && open.length === 0;
  }
}
