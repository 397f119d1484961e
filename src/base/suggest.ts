/**
 * What somebody may have meant who misspelt a name.
 *
 * @module
 */

import { closest, distance } from "fastest-levenshtein";

/** The known name that is spelt nearly like `word`, whatever its case. */
export function nearestName(word: string, known: readonly string[]): string | undefined {
  const small = word.trim().toLowerCase();
  const near = closest(small, known.map((name) => name.toLowerCase()));
  const isNear = known.length > 0 && distance(small, near) <= Math.max(2, small.length / 4);
  return isNear ? known.find((name) => name.toLowerCase() === near) : undefined;
}

/** The question whether that was meant, with its mark; nothing when no name is near. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const near = nearestName(word, known);
  return near === undefined ? undefined : `Did you mean ${near}?`;
}
