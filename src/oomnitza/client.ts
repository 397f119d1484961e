/**
 * The connection to an Oomnitza instance: login, token, mappings and posting.
 *
 * @module
 */

import { parseExactJson } from "../base/json.ts";
import { z } from "zod";
import type { Environment } from "../base/environment.ts";
import { AuthError, SinkError } from "../base/errors.ts";
import type { Log } from "../logging/log.ts";
import { isObject } from "../base/record.ts";
import type { Redactor } from "../base/redact.ts";
import {
  type Answer,
  ConnectionError,
  createHttp,
  describeRequest,
  type Http,
  type SendingCondition,
} from "../sdk/http/http.ts";
import { type EvaluatePac, pacAccess } from "../sdk/http/pac.ts";
import { createProxyFinder } from "../sdk/http/proxy.ts";
import { isRetriable, retryPolicies, type RetryPolicy } from "../sdk/http/retry.ts";
import { resolveTls } from "../sdk/tls/client.ts";
import { redirectHosts } from "../sdk/tls/options.ts";
import type { OomnitzaSettings } from "./options.ts";
import type { UploadRequest } from "./payload.ts";
import { isErrorEnvelope, quoteAnswer } from "./rejection.ts";

/**
 * An instance does not have what it was asked for (404), shows it to other roles only (403), or in a
 * form that we do not know.
 */
export type NotReported = "not_reported";

/** An instance that has accepted the credentials, to read from. */
export interface OomnitzaReader {
  /** Address of the instance. */
  readonly url: string;
  /** Reads JSON. Throws `AuthError` or `SinkError`. */
  get(path: string, query?: Readonly<Record<string, string>>): Promise<unknown>;
  /**
   * Reads JSON that older instances do not have and that a role may not see. Throws as `get` does for
   * every status but 403 and 404; whether the JSON is an error is for the caller to see.
   */
  ask(
    path: string,
    query?: Readonly<Record<string, string>>,
    retry?: RetryPolicy,
  ): Promise<{ readonly value: unknown } | NotReported>;
  /** The field mappings that the instance keeps for a source: source path → field or fields. */
  mappings(mappingName: string): Promise<Record<string, string | string[]>>;
  /** How many attempts had to be repeated so far. */
  readonly retries: () => number;
}

/** An instance that has accepted the credentials. */
export interface Oomnitza extends OomnitzaReader {
  /** Posts and gives the final answer whatever its status; a token that expired is renewed once. */
  post(
    request: UploadRequest,
    body: string,
    retry?: RetryPolicy,
    condition?: SendingCondition,
  ): Promise<Answer>;
}

/** What surrounds a connection. */
export interface ConnectContext {
  readonly log: Log;
  readonly redactor: Redactor;
  readonly signal: AbortSignal;
  /** Where a proxy may be named. */
  readonly env: Environment;
  /** Runs the PAC file that `proxy` may name. */
  readonly evaluatePac?: EvaluatePac | undefined;
  /** How often requests are repeated; {@linkcode retryPolicies.standard} by default. */
  readonly retry?: RetryPolicy | undefined;
  /** How long is tried to reach the instance at all; {@linkcode retryPolicies.firstContact} by default. */
  readonly firstContact?: RetryPolicy | undefined;
}

interface Session {
  readonly settings: OomnitzaSettings;
  readonly http: Http;
  readonly context: ConnectContext;
  token: string;
  renewal: Promise<void> | undefined;
}

const loginAnswer = z.object({ token: z.string().min(1) });

/** Field mappings that an instance keeps; what is no name of a field is left out. */
const mappingAnswer = z.record(
  z.string(),
  z.union([
    z.string().transform((field) => [field]),
    z.array(z.unknown()).transform((fields) => fields.filter((field) => typeof field === "string")),
  ]).catch([]),
);

const mappingsPath = "/api/v2/mappings";

const jsonType = "application/json; charset=utf-8";

function isOk(status: number): boolean {
  return status >= 200 && status < 300;
}

/** The beginning of an answer, with secrets masked. */
function quote({ context: { redactor } }: Session, body: string): string {
  return quoteAnswer(body, (text) => redactor.redact(text));
}

function refusal(
  session: Session,
  what: string,
  answer: Answer,
  request: string,
): AuthError | SinkError {
  const { api_token } = session.settings;
  const option = api_token === "" ? "username and password" : "api_token";
  if (answer.status === 401 || answer.status === 403) {
    return new AuthError(`${what} [oomnitza]: ${answer.status} (${request})`, {
      hint: `Check ${option}, and that its account may use the API.`,
    });
  }
  return new SinkError(
    `${what} [oomnitza]: ${answer.status} ${quote(session, answer.body)} (${request})`,
    {
      retriable: isRetriable(answer.status),
      hint: answer.status === 404
        ? "Check url: it is the address of the instance, without a path."
        : undefined,
    },
  );
}

/** How a request is repeated, where it is not as usual. */
type RetrySettings = Pick<Parameters<Http["send"]>[0], "retry" | "onRetry">;

async function login(session: Session, retrySettings: RetrySettings = {}): Promise<void> {
  const { settings, http, context } = session;
  const form = new URLSearchParams({ login: settings.username, password: settings.password });
  const answer = await http.send({
    ...retrySettings,
    method: "POST",
    path: "/api/request_token",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: form.toString(),
  });
  const request = describeRequest("POST", `${settings.url}/api/request_token`);
  if (!isOk(answer.status)) throw refusal(session, "Cannot log in to Oomnitza", answer, request);
  const parsed = loginAnswer.safeParse(parse(session, answer.body, request));
  if (!parsed.success) {
    // It is not quoted: there may be a token under another name.
    throw new SinkError(
      `Cannot log in to Oomnitza [oomnitza]: no token is in the answer (${request})`,
      {
        hint: "Check url in [oomnitza].",
      },
    );
  }
  const { token } = parsed.data;
  context.redactor.add(token, "tokens of Oomnitza");
  session.token = token;
}

function parse(session: Session, body: string, request: string): unknown {
  try {
    return parseExactJson(body);
  } catch (error) {
    const beginning = quote(session, body);
    throw new SinkError(`Oomnitza did not answer with JSON [oomnitza]: ${beginning} (${request})`, {
      cause: error,
      hint: "Check url in [oomnitza].",
    });
  }
}

/** Renews the token once for all who wait; a fixed API token cannot be renewed. */
async function renew(session: Session, stale: string): Promise<boolean> {
  if (session.settings.api_token !== "") return false;
  if (session.token !== stale) return true;
  session.renewal ??= login(session).finally(() => session.renewal = undefined);
  await session.renewal;
  session.context.log.info("The Oomnitza token had expired and was renewed");
  return true;
}

async function send(
  session: Session,
  request: Parameters<Http["send"]>[0],
): Promise<Answer> {
  const { token } = session;
  const headers = { "Content-Type": jsonType, Authorization2: token };
  const answer = await session.http.send({ ...request, headers });
  if (answer.status !== 401 || !await renew(session, token)) return answer;
  return await session.http.send({
    ...request,
    headers: { ...headers, Authorization2: session.token },
  });
}

type Query = Readonly<Record<string, string>>;

async function get(
  session: Session,
  path: string,
  query: Query = {},
  retrySettings: RetrySettings = {},
): Promise<unknown> {
  return readAnswer(session, path, await send(session, { ...retrySettings, path, query }));
}

async function ask(session: Session, path: string, query: Query = {}, retry?: RetryPolicy) {
  const answer = await send(session, { path, query, ...(retry && { retry }) });
  if (answer.status === 403 || answer.status === 404) return "not_reported";
  return { value: readJson(session, path, answer) };
}

function readJson(session: Session, path: string, answer: Answer): unknown {
  const request = describeRequest("GET", session.settings.url + path);
  if (!isOk(answer.status)) throw refusal(session, "Cannot read from Oomnitza", answer, request);
  return parse(session, answer.body, request);
}

function readAnswer(session: Session, path: string, answer: Answer): unknown {
  const value = readJson(session, path, answer);
  if (path === mappingsPath && isMappingOfError(value)) return value;
  if (isErrorEnvelope(value)) {
    const request = describeRequest("GET", session.settings.url + path);
    throw new SinkError(
      `Oomnitza answered with an error [oomnitza]: ${quote(session, answer.body)} (${request})`,
    );
  }
  return value;
}

/** Whether an answer maps source paths that are called like the members of an error: `{"error": "NOTES"}`. */
function isMappingOfError(value: unknown): boolean {
  if (!isObject(value)) return false;
  return Object.values(value).flat().every((field) =>
    typeof field === "string" && /^[A-Z][A-Z0-9_]*$/.test(field)
  );
}

async function mappings(
  session: Session,
  name: string,
): Promise<Record<string, string[]>> {
  const answer = await get(session, mappingsPath, { name });
  const parsed = mappingAnswer.safeParse(answer);
  if (!parsed.success) {
    throw new SinkError(`Oomnitza's mappings of ${name} are not a JSON object`);
  }
  return Object.fromEntries(Object.entries(parsed.data).filter(([, fields]) => fields.length > 0));
}

function openSession(settings: OomnitzaSettings, context: ConnectContext): Session {
  const tls = resolveTls(settings);
  for (const warning of tls.warnings) context.log.warning(`[oomnitza] ${warning}`);
  const pac = pacAccess(context.evaluatePac, tls.settings, context.log);
  const proxy = createProxyFinder(settings.proxy, context.env, pac);
  const secrets = [settings.api_token, settings.password, ...proxy.secrets];
  for (const secret of secrets) context.redactor.add(secret, "credentials of Oomnitza");
  const http = createHttp({
    base: settings.url,
    tls: tls.settings,
    proxy,
    redirectHosts: redirectHosts(settings.redirect_hosts),
    timeoutMs: settings.timeout * 1000,
    retry: context.retry,
    log: context.log,
    signal: context.signal,
  });
  return { settings, http, context, token: settings.api_token, renewal: undefined };
}

/** Whether the instance is there at all is soon known; that it is tried again is said once. */
function firstRetrySettings(
  { log, firstContact = retryPolicies.firstContact }: ConnectContext,
): RetrySettings {
  let isSaid = false;
  return {
    retry: firstContact,
    onRetry(reason) {
      if (!isSaid) {
        const seconds = Math.round(firstContact.budgetMs / 1000);
        log.info(`Oomnitza does not answer: ${reason}. It is tried for ${seconds} s`);
      }
      isSaid = true;
    },
  };
}

async function signIn(settings: OomnitzaSettings, context: ConnectContext): Promise<Session> {
  const session = openSession(settings, context);
  const retrySettings = firstRetrySettings(context);
  try {
    if (settings.api_token === "") await login(session, retrySettings);
    await get(session, mappingsPath, { name: "AuthTest" }, retrySettings);
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    throw new SinkError(`Cannot reach Oomnitza [oomnitza]: ${error.message}`, {
      cause: error,
      hint: error.hint ?? "Check url, the network and the proxy.",
      retriable: error.retriable,
    });
  }
  return session;
}

function createReader(session: Session): OomnitzaReader {
  return {
    url: session.settings.url,
    get: (path, query) => get(session, path, query),
    ask: (path, query, retry) => ask(session, path, query, retry),
    mappings: (name) => mappings(session, name),
    retries: session.http.retries,
  };
}

/**
 * Connects for reading only: what it gives cannot write. Errors as {@linkcode connect}.
 */
export async function connectReader(
  settings: OomnitzaSettings,
  context: ConnectContext,
): Promise<OomnitzaReader> {
  return createReader(await signIn(settings, context));
}

/**
 * Connects and makes sure that the credentials are accepted.
 *
 * @throws {AuthError} when they are not; {@linkcode SinkError} when the instance cannot be reached.
 */
export async function connect(
  settings: OomnitzaSettings,
  context: ConnectContext,
): Promise<Oomnitza> {
  const session = await signIn(settings, context);
  return {
    ...createReader(session),
    post: ({ path, query }, body, retry, condition) =>
      send(session, {
        ...{ method: "POST", path, query, body, condition },
        ...(retry && { retry }),
      }),
  };
}
