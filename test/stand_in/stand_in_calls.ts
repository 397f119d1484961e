/**
 * Starting a stand-in for one test, and the requests that an agent makes of it.
 *
 * @module
 */
import { afterEach } from "bun:test";
import { type StandIn, type StandInOptions, startStandIn } from "../support/stand_in/mod.ts";

/** The token of every stand-in that {@linkcode start} starts without one. */
export const token = "token-of-the-tests";

/** Where requests go. */
type Target = Pick<StandIn, "url">;

const started: StandIn[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((standIn) => standIn.stop()));
});

/** A stand-in that is stopped when the test is over. */
export async function start(options: StandInOptions = {}): Promise<StandIn> {
  const standIn = await startStandIn({ token, ...options });
  started.push(standIn);
  return standIn;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  /** The JSON of the answer, or `{text}` when it is something else. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
}

/** One request, with the good token unless the headers say otherwise. */
export async function call(
  standIn: Target,
  method: string,
  path: string,
  options: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { body } = options;
  const response = await fetch(standIn.url + path, {
    method,
    headers: {
      authorization2: token,
      ...(body === undefined ? {} : { "content-type": "application/json; charset=utf-8" }),
      ...options.headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = response.headers.get("content-type")?.includes("json") ?? false;
  return {
    status: response.status,
    body: json ? JSON.parse(text) : { text },
    headers: response.headers,
  };
}

/** A login by form. */
export async function login(standIn: Target, form: Record<string, string>): Promise<Answer> {
  const response = await fetch(`${standIn.url}/api/request_token`, {
    method: "POST",
    body: new URLSearchParams(form),
  });
  return { status: response.status, body: await response.json(), headers: response.headers };
}

/** A payload of `POST /api/v3/bulk` that is right, with changes. */
export function bulk(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    connector_version: "0.1.0",
    sync_field: ["BARCODE"],
    records: [{ BARCODE: "A1", MODEL: "Laptop" }],
    portion: "0b8bd6cc-5b9b-4bd4-9f0a-0f6d3e3a3a11",
    data_type: "assets",
    insert_only: false,
    update_only: false,
    connector_name: "CSV_assets",
    ...changes,
  };
}

/** A payload of `POST /api/v2/bulk/audit` that is right, with changes. */
export function audit(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    agent_id: "CSV_assets",
    sync_field: "BARCODE",
    computers: { BARCODE: "A1", MODEL: "Laptop" },
    insert_only: "False",
    update_only: "False",
    only_if_filled: null,
    dont_overwrite: null,
    ...changes,
  };
}

/** Sends one v3 payload. */
export function postBulk(standIn: Target, changes?: Record<string, unknown>): Promise<Answer> {
  return call(standIn, "POST", "/api/v3/bulk", { body: bulk(changes) });
}

/** Sends one v2 asset. */
export function postAudit(standIn: Target, changes?: Record<string, unknown>): Promise<Answer> {
  return call(standIn, "POST", "/api/v2/bulk/audit?VERSION=0.1.0", { body: audit(changes) });
}

/** Sends one v2 person. */
export function postUser(standIn: Target, user: unknown, query = ""): Promise<Answer> {
  const path = `/api/v2/bulk/users?VERSION=0.1.0&agent_id=CSV_users${query}`;
  return call(standIn, "POST", path, { body: user });
}

/** The code of the error that a request failed with before any answer. */
export async function failureOf(request: Promise<unknown>): Promise<string> {
  try {
    await request;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
  return "answered";
}
