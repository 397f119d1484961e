/**
 * Whether Oomnitza holds what was sent, although it has it in another form: it stores dates as seconds,
 * and may give back numbers and truth values as texts.
 *
 * @module
 */

import { isBlank } from "../../base/record.ts";
import { shortenedText } from "../../state/fingerprint.ts";

const isoText = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?/;

/** Seconds since 1970 of an ISO text; its time zone is ignored, as Oomnitza does. */
function toSeconds(text: string): number | undefined {
  const found = isoText.exec(text)?.[0].replace(" ", "T");
  if (found === undefined) return undefined;
  const time = Date.parse(found.includes("T") ? `${found}Z` : found);
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000);
}

function isSameScalar(one: unknown, other: unknown): boolean {
  if (typeof one === "string" && typeof other === "number") return isSameScalar(other, one);
  if (typeof one === "number" && typeof other === "string") {
    return String(one) === other.trim() || toSeconds(other) === Math.floor(one);
  }
  if (typeof one === "boolean" || typeof other === "boolean") {
    return String(one).toLowerCase() === String(other).toLowerCase();
  }
  if (typeof one === "object" || typeof other === "object") return false;
  return String(one) === String(other);
}

/** Whether what Oomnitza holds is what was sent, as a record or as a fingerprint has it. */
export function isSameValue(held: unknown, sent: unknown): boolean {
  if (isBlank(held) && isBlank(sent)) return true;
  if (isBlank(held) || isBlank(sent)) return false;
  return isSameScalar(held, sent) || shortenedText(held) === shortenedText(sent);
}
