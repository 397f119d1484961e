/**
 * What an answer of the upload API means for the records that were sent.
 *
 * @module
 */

import { AgentError, AuthError, SinkError } from "../../base/errors.ts";
import { excerpt, findRejection } from "../../oomnitza/rejection.ts";
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

/** Classifies the final answer to a POST. */
export function classifyResponse(status: number, body: string, path: string): PostOutcome {
  if (status >= 200 && status < 300) return classifyBody(status, body);
  if (status === 404 || status === 405) return { kind: "absent" };
  const reason = `${status} ${excerpt(body)}`.trim();
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
function classifyBody(status: number, body: string): PostOutcome {
  const rejection = findRejection(body);
  if (rejection === undefined) return { kind: "accepted" };
  const reason = `${status}, but ${rejection.reason}`;
  if (rejection.kind === "error") return { kind: "refused", reason, status };
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
