/**
 * One HTTP exchange over Bun's fetch, with TLS settings per request.
 *
 * @module
 */

import { AgentError } from "../base/errors.ts";
import { giveWay } from "../base/iteration.ts";
import { readBody } from "./body.ts";
import { type ProxyRelay, startProxyRelay } from "./proxy_login.ts";
import { hasSspi, openSspi, SspiError } from "./sspi.ts";

export { AnswerTooLarge } from "./body.ts";

/** Bytes of an answer beyond which something is wrong, or a vendor is to be asked for smaller pages. */
const usualAnswer = 64 * 1024 * 1024;

/** TLS settings of a connection, PEM texts already read. */
export interface TlsSettings {
  /** False switches certificate checks off altogether. */
  readonly verify: boolean;
  /** Extra certificate authorities, PEM. */
  readonly ca?: readonly string[] | undefined;
  /** Client certificate and key, PEM. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Lowest protocol version as its wire number, for example 0x0303 for TLS 1.2. */
  readonly minVersion?: number | undefined;
}

export interface Proxy {
  /** `http://host:port` or `https://host:port`, without credentials. */
  readonly url: string;
  /** Value of the header Proxy-Authorization. */
  readonly authorization?: string | undefined;
  /** Whether the account that runs the program logs in there, which Windows can do. */
  readonly negotiate?: boolean | undefined;
  /** Who named it, where that is not the option or a variable, as a part of a sentence. */
  readonly source?: string | undefined;
}

/** What is sent. Redirects are not followed: the caller decides where credentials may go. */
export interface Exchange {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly tls: TlsSettings;
  /** Goes through this proxy; without one directly, whatever the environment variables say. */
  readonly proxy?: Proxy | undefined;
  /** Bytes that the body may have once it is unpacked; 64 MB by default. */
  readonly maxBytes?: number | undefined;
  readonly signal: AbortSignal;
}

/** What came back, with the body read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** Some bytes were no text in the encoding of the answer, and became U+FFFD. */
  readonly damaged?: boolean | undefined;
  /** What went wrong, where something else than the status says so. */
  readonly errorText?: string | undefined;
}

const sessions = new WeakMap<TlsSettings, Bun.FetchSession>();

/** Settings are read once for all requests: with a list of authorities they cost more than a request. */
function sessionFor(settings: TlsSettings): Bun.FetchSession {
  const known = sessions.get(settings);
  if (known !== undefined) return known;
  const options: Record<string, unknown> = { rejectUnauthorized: settings.verify };
  if (settings.ca !== undefined) options.ca = settings.ca;
  if (settings.cert !== undefined) options.cert = settings.cert;
  if (settings.key !== undefined) options.key = settings.key;
  if (settings.minVersion !== undefined) {
    // Bun wants numbers here; and a floor below 1.2 only works with the ceiling named as well.
    options.minVersion = settings.minVersion;
    options.maxVersion = 0x0304;
  }
  const session = new Bun.FetchSession({ tls: options as BunFetchRequestInitTLS });
  sessions.set(settings, session);
  return session;
}

/** Which proxy is used is decided by the caller: Bun is not to look at the environment itself. */
function proxyFor(proxy: Proxy | undefined): BunFetchRequestInit["proxy"] {
  if (proxy === undefined) return false;
  const { url, authorization } = proxy;
  const headers: Record<string, string> = authorization === undefined
    ? {}
    : { "Proxy-Authorization": authorization };
  return { url, headers, respectNoProxy: false };
}

/** An answer whose body is not received yet. */
export interface OpenAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Throws what the connection throws; stops with the signal of the request. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Sends one request and reads the whole answer. Throws what the connection throws, and
 * {@linkcode AnswerTooLarge}.
 */
export async function exchange(request: Exchange): Promise<Answer> {
  const response = await send(request);
  const { body, damaged } = await readBody(response, request.maxBytes ?? usualAnswer);
  // The runtime goes from one answer that is there to the next. Without this, sections that get theirs from
  // a server nearby would keep timers, and calls of the service, waiting.
  await giveWay();
  return { status: response.status, headers: response.headers, body, damaged };
}

/** Sends one request and leaves the body to be read piece by piece. Throws what the connection throws. */
export async function openExchange(request: Exchange): Promise<OpenAnswer> {
  const { status, headers, body } = await send(request);
  return { status, headers, chunks: body ?? nothing() };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** The runtime would read files, data: addresses and buckets as well: a server must not choose those. */
function protocolOf(address: string): "http:" | "https:" {
  const protocol = URL.parse(address)?.protocol;
  if (protocol === "http:" || protocol === "https:") return protocol;
  const scheme = protocol ?? "an invalid address";
  throw new AgentError(`Only http and https addresses can be requested, not ${scheme}`);
}

const relays = new Map<string, Promise<ProxyRelay>>();

/**
 * The relay to a proxy at which the account that runs the program logs in.
 *
 * @param protocol Of the address behind it, with its colon.
 * @throws {AgentError} Where that cannot be done.
 */
export async function relayTo({ url }: Proxy, protocol: string): Promise<ProxyRelay> {
  if (!hasSspi()) {
    throw new AgentError("Only on Windows can the account that runs the agent log in at a proxy", {
      hint: "Write a user and a password into the address of the proxy, instead of :@.",
    });
  }
  if (protocol === "http:") {
    throw new AgentError(
      "Only https addresses can be reached through a proxy with a Windows login",
    );
  }
  const known = relays.get(url);
  if (known !== undefined) return await known;
  const started = startProxyRelay(url, openSspi);
  relays.set(url, started);
  try {
    return await started;
  } catch (error) {
    relays.delete(url); // the next request may find a port
    throw error;
  }
}

/** Why there was no answer, where a login at the proxy failed before the proxy saw it. */
function proxyFailure(
  relay: ProxyRelay | undefined,
  proxy: Proxy | undefined,
): AgentError | undefined {
  if (!(relay?.failure instanceof SspiError) || proxy === undefined) return undefined;
  const { host, hostname } = new URL(proxy.url);
  return new AgentError(`Cannot log in at the proxy ${host}: ${relay.failure.message}`, {
    cause: relay.failure,
    hint: `Check which account runs the agent, and the SPN HTTP/${hostname}.`,
  });
}

async function send(request: Exchange): Promise<Response> {
  const protocol = protocolOf(request.url);
  const { proxy } = request;
  const relay = proxy?.negotiate === true ? await relayTo(proxy, protocol) : undefined;
  const init: BunFetchRequestInit = {
    method: request.method,
    headers: request.headers,
    body: request.body ?? null,
    redirect: "manual",
    proxy: proxyFor(relay ?? proxy),
    signal: request.signal,
  };
  if (protocol === "https:") init.session = sessionFor(request.tls);
  try {
    return await fetch(request.url, init);
  } catch (thrown) {
    throw proxyFailure(relay, proxy) ?? thrown;
  }
}
