/**
 * The log of the requests that a stand-in answered.
 *
 * @module
 */
import type { Next } from "hono";
import { type Call, readQuery } from "../../../src/stand_in/instance.ts";
import type { ExpiringTokens } from "./tokens.ts";

/** One request under `/api/`. It never holds a token, a password or the fields of a record. */
export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  /** Query without the question mark, empty when there is none. */
  readonly query: string;
  /** Status of the answer; `dropped` when the connection was closed instead. */
  readonly status: number | "dropped";
  /** Milliseconds until the answer. */
  readonly ms: number;
  /** Kind of the fault that was injected. */
  readonly fault?: string | undefined;
  /** Why it was refused. */
  readonly error?: string | undefined;
}

/** The upload requests of both protocols. */
export const uploadPaths: ReadonlySet<string> = new Set([
  "/api/v2/bulk/users",
  "/api/v2/bulk/audit",
  "/api/v3/bulk",
]);

/** Lets a request be answered, and describes it for the log. */
export async function answerLogged(
  c: Call,
  next: Next,
  tokens: ExpiringTokens,
): Promise<LoggedRequest> {
  const started = performance.now();
  await next();
  const { status } = c.res;
  return {
    method: c.req.method,
    path: redactPath(c, tokens),
    query: redactQuery(c, tokens),
    status,
    ms: Math.round((performance.now() - started) * 10) / 10,
    ...(status < 400 ? {} : { error: (await c.res.clone().json()).error }),
  };
}

function redactPath(c: Call, tokens: ExpiringTokens): string {
  const { path } = c.req;
  if (uploadPaths.has(path)) return path;
  return path.split("/").map((part) => tokens.redact(part)).join("/");
}

function redactQuery(c: Call, tokens: ExpiringTokens): string {
  if (!c.req.url.includes("?")) return "";
  const pairs = [...readQuery(c)].map((pair) => pair.map((part) => tokens.redact(part)));
  return pairs.map((pair) => pair.join("=")).join("&");
}
