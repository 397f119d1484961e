/**
 * Where the Python translator joins the sandbox.
 *
 * @module
 */

import type { BodyProblem } from "./javascript.ts";
import type { Reads } from "./reads.ts";

/** A Python body as a function of the sandbox, or what is wrong with it. */
export type PythonTranslation =
  | { readonly ok: true; readonly code: string; readonly version: 2 | 3; readonly reads: Reads }
  | { readonly ok: false; readonly problems: readonly BodyProblem[] };

/** Refuses: bodies are JavaScript until the translator is joined. */
export function translatePython(): PythonTranslation {
  return { ok: false, problems: [{ line: 1, column: 1, message: "Python is not joined yet" }] };
}
