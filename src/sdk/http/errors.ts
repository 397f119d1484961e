/**
 * Why a request got no answer, in sentences for people.
 *
 * @module
 */

import { AgentError, type AgentErrorOptions, errorCode, messageOf } from "../../base/errors.ts";
import { AnswerTooLarge, type Proxy, type TlsSettings } from "../../runtime/fetch.ts";
import { describeSystemError } from "../../base/system_errors.ts";
import { diagnoseTls, hintForCertificate } from "../tls/diagnosis.ts";

/** What a {@linkcode ConnectionError} carries beside its reason. */
export interface ConnectionErrorOptions extends AgentErrorOptions {
  /** What was requested, as {@linkcode describeRequest} says it. */
  readonly request?: string | undefined;
}

/** No answer came: the host could not be reached, or the connection broke or timed out. */
export class ConnectionError extends AgentError {
  override name = "ConnectionError";
  /** The message without the request, for a sentence that names it in another place. */
  readonly reason: string;
  readonly request: string | undefined;

  constructor(reason: string, { request, ...options }: ConnectionErrorOptions = {}) {
    super(request === undefined ? reason : `${reason} (${request})`, options);
    this.reason = reason;
    this.request = request;
  }
}

/** Method and address for a sentence, without the query (it may hold secrets). */
export function describeRequest(method: string, url: string): string {
  return `${method} ${url.split("?", 1)[0]}`;
}

/** The operation during which something was thrown. */
export interface Attempt {
  readonly method: string;
  readonly url: string;
  readonly timeoutMs: number;
  readonly tls: TlsSettings;
  /** The one that was used. */
  readonly proxy: Proxy | undefined;
}

const proxyCredentials =
  "Write them into the option proxy (http://user:password@host:port), or into HTTPS_PROXY and HTTP_PROXY.";

function proxyHost({ url }: Proxy): string {
  return new URL(url).host;
}

/** The proxy requires authentication, or refuses this account. */
export function proxyRefusal(proxy: Proxy, method: string, url: string): ConnectionError {
  if (proxy.negotiate === true) {
    return new ConnectionError(
      `The proxy ${proxyHost(proxy)} refuses the account that runs the agent [407]`,
      {
        request: describeRequest(method, url),
        hint: "Allow that account in the proxy. Kerberos needs the full name of the proxy in its " +
          "address, and its SPN (HTTP/name); without it, NTLM is used. " + proxyCredentials,
      },
    );
  }
  const which = proxy.authorization === undefined ? "wants credentials" : "refuses the credentials";
  return new ConnectionError(`The proxy ${proxyHost(proxy)} ${which} [407]`, {
    request: describeRequest(method, url),
    hint: proxyCredentials,
  });
}

/** What a proxy did with the request for a tunnel. */
function proxyError(
  proxy: Proxy,
  thrown: unknown,
  code: string,
  { method, url }: Attempt,
): ConnectionError {
  const request = describeRequest(method, url);
  const host = proxyHost(proxy);
  if (code !== "ERR_PROXY_TUNNEL") {
    return new ConnectionError(`Cannot reach the proxy ${host}: ${messageOf(thrown)}`, {
      request,
      cause: thrown,
      hint: proxy.source === undefined
        ? "Check the option proxy, and HTTPS_PROXY and HTTP_PROXY of the environment."
        : `Check the proxy, or correct the file: ${proxy.source}.`,
      retriable: true,
    });
  }
  const [, status = ""] = /: (\d{3})\b/.exec(messageOf(thrown)) ?? [];
  if (status === "407") return proxyRefusal(proxy, method, url);
  return new ConnectionError(`The proxy ${host} does not connect to that host [${status}]`, {
    request,
    cause: thrown,
    hint: "Allow the host in the proxy, or bypass the proxy with proxy = none or NO_PROXY.",
    retriable: status.startsWith("5"),
  });
}

/** Whether a connection could not be made at all: with a proxy, to the proxy. */
export function isUnreachable(thrown: unknown): boolean {
  return isAboutReaching(errorCode(thrown));
}

/** Connecting failed, not the exchange that followed. */
function isAboutReaching(code: string): boolean {
  return /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)$/.test(code) ||
    code.includes("DNS");
}

function tooLarge(thrown: AnswerTooLarge, { method, url }: Attempt): ConnectionError {
  const megabytes = Math.round(thrown.maxBytes / 1024 / 1024);
  return new ConnectionError(`The answer is larger than ${megabytes} MB`, {
    request: describeRequest(method, url),
    hint:
      "Check the address; if an answer of this size is expected, raise max_answer_mb in the section.",
  });
}

/**
 * Why a request failed, and the code of the error. What the runtime says of an error that is not known
 * here is advice on how to program it, so that the code must do.
 */
export function describeRequestError(thrown: unknown): string {
  const code = errorCode(thrown);
  if (code === "") return messageOf(thrown);
  return `${describeSystemError(code) ?? "the request failed"} [${code}]`;
}

function plainError(thrown: unknown, code: string, { method, url }: Attempt): ConnectionError {
  const hint = hintForCertificate(code) ??
    (code === "ENOTFOUND" || code.includes("DNS")
      ? "Check the host name in the address."
      : undefined);
  return new ConnectionError(describeRequestError(thrown), {
    request: describeRequest(method, url),
    cause: thrown,
    hint,
    retriable: hint === undefined,
  });
}

/** Seconds for people: what is left of a limit of 15 s when a request begins is not 14.995. */
function describeSeconds(ms: number): number {
  return ms < 1000 ? ms / 1000 : Math.round(ms / 100) / 10;
}

/** Turns what was thrown for want of an answer into a sentence. */
export async function connectionError(
  thrown: unknown,
  attempt: Attempt,
): Promise<ConnectionError> {
  if (thrown instanceof ConnectionError) return thrown;
  const { method, url, timeoutMs, tls } = attempt;
  const request = describeRequest(method, url);
  if (thrown instanceof AgentError) {
    const { message, hint, retriable } = thrown;
    return new ConnectionError(message, { request, hint, retriable });
  }
  if (thrown instanceof Error && thrown.name === "TimeoutError") {
    return new ConnectionError(`No answer within ${describeSeconds(timeoutMs)} s`, {
      request,
      cause: thrown,
      retriable: true,
    });
  }
  if (thrown instanceof AnswerTooLarge) return tooLarge(thrown, attempt);
  const code = errorCode(thrown);
  const { proxy } = attempt;
  if (proxy !== undefined && (code === "ERR_PROXY_TUNNEL" || isAboutReaching(code))) {
    return proxyError(proxy, thrown, code, attempt);
  }
  const diagnosis = code === "EPROTO" && proxy === undefined
    ? await diagnoseTls(url, tls)
    : undefined;
  if (diagnosis === undefined) return plainError(thrown, code, attempt);
  return new ConnectionError(diagnosis.message, {
    request,
    cause: thrown,
    hint: diagnosis.hint,
  });
}
