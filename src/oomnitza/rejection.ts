/**
 * Answers with a good status that accept nothing: pages, plain text, and JSON that says what went wrong.
 *
 * @module
 */

import { excerpt } from "../base/excerpt.ts";
import { isObject } from "../base/record.ts";
import { neutralise } from "../logging/log.ts";

/** Why an answer with a good status does not accept what was sent. */
export interface Rejection {
  /** `foreign`: not JSON, so not of Oomnitza: a login page, a captive portal. `error`: Oomnitza says no. */
  readonly kind: "foreign" | "error";
  readonly reason: string;
}

/** Masks the secrets of a text. */
export type Redact = (text: string) => string;

/** The beginning of an answer's body on one line, for an error message. */
export function quoteAnswer(body: string, redact: Redact): string {
  return neutralise(excerpt(body, { redact }));
}

/** Whether a member of an answer says that something is wrong: null, false and what is empty do not. */
function saysSomething(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isObject(value)) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== "" && value !== false && value !== 0;
}

function isFalse(value: unknown): boolean {
  return value === false || typeof value === "string" && value.toLowerCase() === "false";
}

const failedStates = new Set(["error", "failed", "failure"]);

/** Whether JSON is an error in an envelope: `{"error": …}`, `{"errors": […]}`, `{"success": false}`. */
export function isErrorEnvelope(value: unknown): boolean {
  if (value === false) return true;
  if (!isObject(value)) return false;
  const { error, errors, success, status } = value;
  return saysSomething(error) || saysSomething(errors) || isFalse(success) ||
    typeof status === "string" && failedStates.has(status.toLowerCase());
}

/**
 * Judges the body of an answer with a good status to an upload; undefined when it accepts. An empty body
 * does: the Python connector never looked at bodies, and older instances may have none.
 *
 * @param redact masks what the answer quotes, before it is cut for the reason.
 */
export function findRejection(body: string, redact: Redact): Rejection | undefined {
  if (body.trim() === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { kind: "foreign", reason: `the answer is not JSON: ${quoteAnswer(body, redact)}` };
  }
  return isErrorEnvelope(value) ? { kind: "error", reason: quoteAnswer(body, redact) } : undefined;
}
