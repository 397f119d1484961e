/**
 * What is to be masked of a secret option's text.
 *
 * @module
 */

import { z } from "zod";
import { parseJson } from "../base/json.ts";

const anyObject = z.record(z.string(), z.unknown());

/** The text, and when it is a JSON object, the strings in it too. */
export function secretsIn(text: string): string[] {
  const parts = Object.values(parseJson(text, anyObject) ?? {});
  return [text, ...parts.filter((part) => typeof part === "string")];
}
