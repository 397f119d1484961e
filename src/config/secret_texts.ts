/**
 * What is to be masked of a secret option's text.
 *
 * @module
 */

import { isObject } from "../base/record.ts";

/** The text, and when it is a JSON object, the texts in it too. */
export function secretsIn(text: string): string[] {
  if (!text.trimStart().startsWith("{")) return [text];
  try {
    const parsed: unknown = JSON.parse(text);
    const parts = isObject(parsed) ? Object.values(parsed) : [];
    return [text, ...parts.filter((part) => typeof part === "string")];
  } catch {
    // Not JSON after all: then it is one secret.
    return [text];
  }
}
