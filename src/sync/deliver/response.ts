/**
 * What an answer of the upload API means for the records that were sent.
 *
 * @module
 */

import { AgentError, AuthError, SinkError } from "../../base/errors.ts";
import { findRejection, quoteAnswer, type Redact } from "../../oomnitza/rejection.ts";
import { isRetriable } from "../../sdk/http/retry.ts";

/** How one request ended. */
export type PostOutcome =
  /** Taken. */
  | { readonly kind: "accepted" }
  /** There is no such endpoint. */
  | { readonly kind: "absent" }
  /** Something in the request is bad, and always will be. */
  | { readonly kind: "refused"; readonly reason: string; readonly status: number | null }
  /** The instance could not take it now; after a server error (500) it may be one record that it fails on. */
  | {
    readonly kind: "unavailable";
    readonly reason: string;
    readonly isServerError: boolean;
    readonly status: number | null;
  }
  /** Something that concerns the whole section. */
  | { readonly kind: "stop"; readonly error: Error };

/** The final answer to a POST. */
export interface PostAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Whether a body is a web page, or some other markup: Oomnitza answers with JSON or with nothing. What
 * answers so is something in front of it.
 */
function isMarkup(body: string): boolean {
  return /^[\s\ufeff]*</.test(body);
}

/**
 * Classifies the final answer to a POST.
 *
 * @param path for messages
 * @param redact masks what the answer quotes
 */
export function classifyResponse(
  { status, body }: PostAnswer,
  path: string,
  redact: Redact,
): PostOutcome {
  if (status >= 200 && status < 300) return classifyBody(status, body, redact);
  const isMissing = status === 404 || status === 405;
  if (isMissing && !isMarkup(body)) return { kind: "absent" };
  const reason = `${status} ${quoteAnswer(body, redact)}`.trim();
  if (isMissing) return foreignPage(reason, status, path);
  if (isRetriable(status) || status >= 500) {
    return { kind: "unavailable", reason, isServerError: status === 500, status };
  }
  if (status !== 401 && status !== 403) return { kind: "refused", reason, status };
  const error = new AuthError(`Oomnitza refused the upload [oomnitza]: ${reason} (POST ${path})`, {
    hint: "Check that the token is valid and that its account may upload.",
  });
  return { kind: "stop", error };
}

/** Classifies an answer with a good status: what is not of Oomnitza may be better next time. */
function classifyBody(status: number, body: string, redact: Redact): PostOutcome {
  const rejection = findRejection(body, redact);
  if (rejection === undefined) return { kind: "accepted" };
  const reason = `${status}, but ${rejection.reason}`;
  if (rejection.kind === "error") return { kind: "refused", reason, status };
  return { kind: "unavailable", reason, isServerError: false, status };
}

/**
 * A page in place of an endpoint: of a portal, of a sign-in, of a proxy. It says nothing about what the
 * instance behind it has, so that it must not change the version of the API.
 */
function foreignPage(page: string, status: number, path: string): PostOutcome {
  const advice = path.startsWith("/api/v3/")
    ? " (if it is the instance's own, it has no API v3: set api_version = v2)"
    : "";
  const reason = `${page}: a web page, not an answer of Oomnitza${advice}`;
  return { kind: "unavailable", reason, isServerError: false, status };
}

/** Classifies what a POST threw. Bugs are thrown on. */
export function classifyError(thrown: unknown): PostOutcome {
  if (!(thrown instanceof AgentError)) throw thrown;
  if (!thrown.retriable) return { kind: "stop", error: thrown };
  return { kind: "unavailable", reason: thrown.message, isServerError: false, status: null };
}

/** The error for an instance that lacks an endpoint. */
export function absentError(path: string): SinkError {
  return new SinkError(`Oomnitza has no POST ${path} [oomnitza]`, {
    hint: "Check url and api_version.",
  });
}
