/**
 * Turns a JavaScript body from the ini into a function for the sandbox.
 *
 * @module
 */

import { readsOfJavaScript } from "./javascript_reads.ts";
import { rewriteJavaScript } from "./javascript_rewrite.ts";
import { plainJavaScript } from "./plain/javascript.ts";
import type { PlainBody } from "./plain/values.ts";
import type { Reads } from "./reads.ts";
import { parseBody, type ParsedBody, type SyntaxNode, walk } from "./syntax_tree.ts";

/** Something wrong with a body; line and column count from 1 inside it. */
export interface BodyProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** A body made ready, or what is wrong with it. */
export type JavaScriptTranslation =
  | {
    readonly ok: true;
    /** A function expression of `(record, field, value, params)`; line 2 is the body's first line. */
    readonly code: string;
    readonly reads: Reads;
    /** The same for those who need no engine to run it; see `plain/`. */
    readonly plain: PlainBody | undefined;
    /** Names of the converters called by `converter(record, name, …)` with a literal name. */
    readonly calls: readonly string[];
  }
  | { readonly ok: false; readonly problems: readonly BodyProblem[] };

/** The line of {@linkcode JavaScriptTranslation} code that holds the first line of the body. */
export const firstBodyLine = 2;

const strict = '"use strict";\n';

/** Parses a body and makes a function of it. */
export function translateJavaScript(body: string): JavaScriptTranslation {
  const text = strict + body;
  let parsed: ParsedBody;
  try {
    parsed = parseBody(text);
  } catch (error) {
    return { ok: false, problems: [syntaxProblem(error, body)] };
  }
  const { program, tokens } = parsed;
  const problems = unsupported(program);
  if (problems.length > 0) return { ok: false, problems };
  const rewritten = rewriteJavaScript(text, program, tokens).slice(strict.length);
  const code = `(function (record, field, value, params) { "use strict"; {\n${rewritten}\n} })`;
  return { ok: true, code, plain: plainJavaScript(program), ...readsOfJavaScript(program) };
}

function syntaxProblem(error: unknown, body: string): BodyProblem {
  if (error instanceof RangeError) {
    return { line: 1, column: 1, message: "the code is nested too deeply" };
  }
  if (!(error instanceof SyntaxError) || !("loc" in error)) throw error;
  const { line, column } = error.loc as { line: number; column: number };
  const message = error.message.replace(/ \(\d+:\d+\)$/, "");
  const source = body.split("\n")[line - 2] ?? "";
  const waits = /\bawait\b/.test(source) ? ": user code cannot wait" : "";
  return { line: Math.max(1, line - 1), column: column + 1, message: `${message}${waits}` };
}

/** Constructs that parse but can do nothing here: code runs to its end at once, and has no modules. */
function unsupported(program: SyntaxNode): readonly BodyProblem[] {
  const problems: BodyProblem[] = [];
  walk(program, (node) => {
    const what = node["async"] === true
      ? "an async function"
      : node.type === "ImportExpression"
      ? "import()"
      : undefined;
    if (what === undefined) return;
    const { line, column } = (node["loc"] as { start: { line: number; column: number } }).start;
    const message = `${what} is not supported: user code cannot wait and has no modules`;
    problems.push({ line: line - 1, column: column + 1, message });
  });
  return problems;
}
