/**
 * The HTTP client that sources, converters and the Oomnitza client share: time-outs, retries,
 * `Retry-After`, TLS settings and redirects that never carry credentials to another host.
 *
 * @module
 */

import { AuthError } from "../../base/errors.ts";
import { sleep, withinTime } from "../../base/iteration.ts";
import type { Log } from "../../logging/log.ts";
import { type Answer, exchange, type TlsSettings } from "../../runtime/fetch.ts";
import type { SendExchange } from "./login_exchange.ts";
import type { RateLimiter } from "./rate_limiter.ts";
import {
  ConnectionError,
  connectionError,
  describeRequest,
  isUnreachable,
  proxyRefusal,
} from "./errors.ts";
import type { Proxy, ProxyFinder } from "./proxy.ts";
import { describeLocation, followRedirects, redirectTarget } from "./redirects.ts";
import {
  isRetriable,
  parseReset,
  parseRetryAfter,
  retryPolicies,
  type RetryPolicy,
  waitBefore,
} from "./retry.ts";

export type { Answer, TlsSettings };
export { ConnectionError, describeRequest } from "./errors.ts";

/** What a client is made of. */
export interface HttpSettings {
  /** Prefix of every path. */
  readonly base: string;
  /** Sent with every request to the base's host. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly tls: TlsSettings;
  /** Sends what goes to the base's host instead of the runtime's client. */
  readonly exchange?: SendExchange | undefined;
  /** Finds the proxy of each request; without one all are sent directly. */
  readonly proxy?: ProxyFinder | undefined;
  /** Milliseconds for one attempt, from connecting to the last byte. */
  readonly timeoutMs: number;
  /** Bytes that one answer may have; 64 MB by default. */
  readonly maxBytes?: number | undefined;
  readonly retry?: RetryPolicy | undefined;
  /** Host names, beside that of the request, that a redirect may lead to. */
  readonly redirectHosts?: readonly string[] | undefined;
  /** Lets each attempt pass when the other side allows it. */
  readonly rateLimiter?: RateLimiter | undefined;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Called with the status of every answer, also of those that are repeated. */
  readonly onAnswer?: ((status: number) => void) | undefined;
}

/** What is signed: one attempt, where redirects have led it. */
export interface SignedTarget {
  readonly method: string;
  /** The whole address, with its query. */
  readonly url: string;
}

/** What must hold while a request is sent. */
export interface SendingCondition {
  /** Called last before each attempt is sent; what it throws ends the request, and nothing is sent. */
  check(): void;
  /** Aborted when also an attempt that is on its way must not arrive any more; its reason ends the request. */
  readonly signal: AbortSignal;
}

export interface HttpRequest {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Appended to the base, or a whole URL. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Origin that the headers may go to instead of the base's host: a token server elsewhere. */
  readonly origin?: string | undefined;
  /** Makes headers anew for each attempt: signatures with a nonce hold only once. */
  readonly sign?: ((target: SignedTarget) => Readonly<Record<string, string>>) | undefined;
  /** A function makes it anew for each attempt: a signed assertion holds only once too. */
  readonly body?: string | (() => string) | undefined;
  readonly retry?: RetryPolicy | undefined;
  /** Milliseconds for one attempt, where those of the client are too few. */
  readonly timeoutMs?: number | undefined;
  readonly condition?: SendingCondition | undefined;
  /** Takes why an attempt is repeated, instead of the log. */
  readonly onRetry?: ((reason: string) => void) | undefined;
  /**
   * Reads an answer before its status is looked at, for vendors whose status says little: SOAP has
   * 500 for every fault. Never throws.
   */
  readonly interpret?: ((answer: Answer) => Promise<Answer>) | undefined;
}

/** Talks HTTP to one system. */
export interface Http {
  /**
   * Sends a request, repeated as the policy says, and gives the final answer whatever its status.
   *
   * @throws {ConnectionError} when no attempt got an answer.
   */
  send(request: HttpRequest): Promise<Answer>;
  /** How many attempts had to be repeated so far. */
  readonly retries: () => number;
}

/** The text of `request.path` and `request.query` as one address. */
function buildAddress(base: string, request: HttpRequest): string {
  const whole = /^https?:\/\//i.test(request.path);
  const address = whole ? request.path : base + request.path;
  const query = request.query === undefined ? "" : new URLSearchParams(request.query).toString();
  return query === "" ? address : `${address}${address.includes("?") ? "&" : "?"}${query}`;
}

interface Client {
  readonly settings: HttpSettings;
  /** Settings for other hosts: a client certificate is a credential too. */
  readonly foreignTls: TlsSettings;
  /** Where credentials may go; undefined when the client has no base. */
  readonly origin: string | undefined;
  repeated: number;
  /** Whether unreadable characters were reported. */
  hasWarned: boolean;
}

function endOf({ signal }: HttpSettings, { condition }: HttpRequest): AbortSignal {
  return condition === undefined ? signal : AbortSignal.any([signal, condition.signal]);
}

/** Milliseconds for an attempt that begins now; `begun` is when the first one did. */
function chooseTimeout(
  { settings }: Client,
  request: HttpRequest,
  { budgetMs, isStrict = false }: RetryPolicy,
  begun: number,
): number {
  const timeoutMs = Math.max(settings.timeoutMs, request.timeoutMs ?? 0);
  return isStrict ? Math.min(timeoutMs, Math.max(1, begun + budgetMs - Date.now())) : timeoutMs;
}

/** One sending of a request. */
interface Sending {
  readonly request: HttpRequest;
  readonly method: string;
  readonly address: string;
  readonly timeoutMs: number;
  /** Aborted when it ends without an answer. */
  readonly end: AbortSignal;
  /** Through which proxy it went last. */
  proxy?: Proxy | undefined;
  /** Why it may not be sent any more. */
  refusal?: { readonly thrown: unknown };
}

/** Scheme, host and port in one form, however an address is written. */
function originOf(address: string | undefined): string | undefined {
  return address === undefined ? undefined : URL.parse(address)?.origin;
}

/** Whether an address is of an origin; nearly all are, and begin with it as it stands. */
function isOfOrigin(address: string, origin: string | undefined): boolean {
  return address.startsWith(`${origin}/`) || originOf(address) === origin;
}

/** One attempt, with redirects followed; credentials stay with the base's host. */
async function attempt(
  client: Client,
  sending: Sending,
): Promise<Answer> {
  const { settings } = client;
  const { request, method, address, timeoutMs } = sending;
  const origin = originOf(request.origin) ?? client.origin ?? originOf(address);
  const common = request.origin === undefined || origin === client.origin ? settings.headers : {};
  async function sendTo(url: string): Promise<Answer> {
    const own = isOfOrigin(url, origin);
    const signed = own ? request.sign?.({ method, url }) : {};
    const headers = own ? { ...common, ...request.headers, ...signed } : {};
    sending.proxy = undefined;
    const proxy = (await settings.proxy?.find(url))?.proxy;
    sending.proxy = proxy;
    const body = typeof request.body === "function" ? request.body() : request.body;
    const tls = own ? settings.tls : client.foreignTls;
    const { maxBytes } = settings;
    const sendExchange = own ? settings.exchange ?? exchange : exchange;
    checkBeforeSending(sending);
    const answer = await withinTime(
      timeoutMs,
      sending.end,
      (signal) => sendExchange({ url, method, headers, body, tls, proxy, maxBytes, signal }),
    );
    if (answer.status === 407 && proxy !== undefined) throw proxyRefusal(proxy, method, url);
    return answer;
  }
  return await followRedirects(
    method,
    address,
    sendTo,
    (url, location, status) => redirected(settings, origin, method, { url, location, status }),
  );
}

function checkBeforeSending(sending: Sending): void {
  try {
    sending.request.condition?.check();
  } catch (thrown) {
    sending.refusal = { thrown };
    throw thrown;
  }
}

/** An answer that leads elsewhere. */
interface Redirect {
  readonly url: string;
  readonly location: string;
  readonly status: number;
}

/**
 * Where a redirect leads, or an error: when data would come from a host that nobody named, and when
 * following it would lose the body or leave the host with it.
 */
function redirected(
  { redirectHosts = [] }: HttpSettings,
  origin: string | undefined,
  method: string,
  { url, location, status }: Redirect,
): string {
  function refused(why: string, hint: string): ConnectionError {
    const where = describeLocation(location);
    return new ConnectionError(`Redirected to ${where}${why}`, {
      request: describeRequest(method, url),
      hint,
    });
  }
  const next = redirectTarget(url, location);
  const correct = "If it is the right address, put it into the configuration.";
  if (typeof next === "string") throw refused(`, ${next}`, correct);
  // 301, 302 and 303 turn a POST into a GET: the data would be lost behind an answer that looks fine.
  const follows = method === "GET" || status === 307 || status === 308;
  if (!follows || (method !== "GET" && next.origin !== origin)) throw refused("", correct);
  if (next.hostname !== new URL(url).hostname && !redirectHosts.includes(next.hostname)) {
    throw refused(
      ", another host",
      `If that host is to be trusted, put its address into url, or ${next.hostname} into redirect_hosts.`,
    );
  }
  return next.href;
}

/** How one attempt ended: with an answer, or with an error that another attempt may get around. */
type Ending = { readonly answer: Answer } | { readonly error: ConnectionError };

async function tryOnce(client: Client, sending: Sending): Promise<Ending> {
  const { settings } = client;
  const { request, method, address, timeoutMs, end } = sending;
  const once = () => attempt(client, sending);
  try {
    const answer = await (settings.rateLimiter?.run(once) ?? once());
    settings.rateLimiter?.observe(answer);
    settings.onAnswer?.(answer.status);
    if (answer.damaged === true && !client.hasWarned) {
      client.hasWarned = true;
      const request = describeRequest(method, address);
      settings.log.warning(`Characters of an answer cannot be read and became \ufffd (${request})`);
    }
    return { answer: await request.interpret?.(answer) ?? answer };
  } catch (thrown) {
    if (end.aborted) throw end.reason;
    if (sending.refusal !== undefined) throw sending.refusal.thrown;
    // There is nobody to log in as: another attempt finds nobody either.
    if (thrown instanceof AuthError) throw thrown;
    const { tls } = settings;
    const { proxy } = sending;
    if (proxy !== undefined && isUnreachable(thrown)) settings.proxy?.avoid(proxy);
    return {
      error: await connectionError(thrown, { method, url: address, timeoutMs, tls, proxy }),
    };
  }
}

function mayImprove(ending: Ending): boolean {
  return "answer" in ending ? isRetriable(ending.answer.status) : ending.error.retriable;
}

function waitAfter(ending: Ending, n: number): number {
  if ("error" in ending) return waitBefore(n, undefined, undefined);
  const { status, headers } = ending.answer;
  const now = Date.now();
  const requested = parseRetryAfter(headers.get("retry-after"), now) ??
    (status === 429 ? parseReset(headers, now) : undefined);
  return waitBefore(n, status, requested);
}

function unwrap(ending: Ending): Answer {
  if ("error" in ending) throw ending.error;
  return ending.answer;
}

async function send(client: Client, request: HttpRequest): Promise<Answer> {
  const { settings } = client;
  const method = request.method ?? "GET";
  const address = buildAddress(settings.base, request);
  const policy: RetryPolicy = request.retry ?? settings.retry ?? retryPolicies.standard;
  const { attempts, budgetMs, isStrict = false } = policy;
  // A strict policy breaks attempts off: one that had only moments left would say nothing of the other side.
  const lastBeginMs = isStrict ? budgetMs * 0.9 : budgetMs;
  const end = endOf(settings, request);
  const begun = Date.now();
  for (let n = 1;; n++) {
    const timeoutMs = chooseTimeout(client, request, policy, begun);
    const ending = await tryOnce(client, { request, method, address, timeoutMs, end });
    if (n >= attempts || !mayImprove(ending)) return unwrap(ending);
    const wait = waitAfter(ending, n);
    if (Date.now() - begun + wait > lastBeginMs) return unwrap(ending);
    client.repeated++;
    const reason = "answer" in ending
      ? ending.answer.errorText ?? String(ending.answer.status)
      : ending.error.reason;
    const next = `attempt ${n + 1} of ${attempts} in ${(wait / 1000).toFixed(1)} s`;
    const line = `${describeRequest(method, address)}: ${reason}; ${next}`;
    settings.log[wait < 1000 || request.onRetry !== undefined ? "debug" : "info"](line);
    request.onRetry?.(reason);
    await sleep(wait, end);
  }
}

export function createHttp(settings: HttpSettings): Http {
  const client: Client = {
    settings,
    foreignTls: { ...settings.tls, cert: undefined, key: undefined },
    origin: originOf(settings.base),
    repeated: 0,
    hasWarned: false,
  };
  return { send: (request) => send(client, request), retries: () => client.repeated };
}
