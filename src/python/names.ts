/**
 * Names, and the words that are none.
 *
 * @module
 */

import { specialNames } from "./builtins.ts";
import type { Cursor } from "./cursor.ts";

/** Words that cannot be names in either version. */
export const reservedWords: ReadonlySet<string> = new Set(
  ("False None True and as assert break class continue def del elif else except finally for from " +
    "global if import in is lambda not or pass raise return try while with yield").split(" "),
);

/** Takes a plain name; keywords are refused. */
export function identifier(c: Cursor): string {
  const token = c.peek();
  if (token.kind !== "name" || reservedWords.has(token.text)) c.fail("expected a name");
  return c.next().text.normalize("NFKC");
}

/** Names of Python's inner workings, but for the special methods that classes here may have. */
export function isHidden(name: string): boolean {
  return /^__.*__$/.test(name) && !specialNames.has(name);
}
