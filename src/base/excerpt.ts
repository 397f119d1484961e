/**
 * The beginning of a text that came from elsewhere, for a message: on one line, and with secrets masked
 * before anything is cut, since half a secret is not recognised any more.
 *
 * @module
 */

import { shortestCut } from "./redact.ts";

/** How an excerpt is made. */
export interface ExcerptSettings {
  /** Masks the secrets that are known. */
  readonly redact: (text: string) => string;
  /** Whether tags are left out, of which a web page is full. */
  readonly withoutTags?: boolean | undefined;
}

/** Longest excerpt, in characters. */
const maxLength = 300;

/** Characters that are looked at, so that a huge answer costs nothing. */
const maxInspected = 100_000;

/** The text with its secrets masked, or the beginning of a long one, without a secret that is cut in two. */
function maskBeginning(text: string, redact: ExcerptSettings["redact"]): string {
  if (text.length <= maxInspected) return redact(text);
  // Of a secret across this cut, the redactor masks all but a few characters, which are cut off.
  return redact(text.slice(0, maxInspected)).slice(0, -shortestCut);
}

/** The beginning of a text, on one line. */
export function excerpt(text: string, { redact, withoutTags = false }: ExcerptSettings): string {
  const masked = maskBeginning(text, redact);
  const plain = withoutTags ? masked.replace(/<[^<>]*>/g, " ") : masked;
  const line = plain.replace(/\s+/g, " ").trim();
  return line.length > maxLength ? `${line.slice(0, maxLength)}…` : line;
}
