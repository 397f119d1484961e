/**
 * Listening for HTTP: a thin layer over the server of the runtime.
 *
 * @module
 */
import { AgentError, errorCode, messageOf } from "../base/errors.ts";

/** The other end of a connection. */
export interface Peer {
  /** Its IP address, absent when the connection is already gone. */
  address(): string | undefined;
}

/** Certificate chain and private key as PEM text. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
}

/** What to listen on and who answers. */
export interface ServeOptions {
  /** Address to listen on, `127.0.0.1` by default. */
  readonly host?: string | undefined;
  /** Port to listen on; 0, the default, takes a free one. */
  readonly port?: number | undefined;
  /** With it the server speaks HTTPS only. */
  readonly tls?: ServerTls | undefined;
  /** Seconds a connection may be idle before it is closed, 0 to 255 (0: never), by default 120. */
  readonly idleSeconds?: number | undefined;
  /** Bytes a request body may have, beyond which the answer is 413; 32 MiB by default. */
  readonly maxBodyBytes?: number | undefined;
  /** Answers one request. What it throws becomes a 500 and a trace on stderr. */
  fetch(request: Request, peer: Peer): Response | Promise<Response>;
}

export interface Served {
  /** Where it can be called on this machine, without a slash at the end: `http://127.0.0.1:8000`. */
  readonly url: string;
  readonly port: number;
  /**
   * Takes up another certificate, for connections that are made from now on; one that is being made at
   * this moment may be cut off. Throws `AgentError` when it cannot be used, and goes on with the old one.
   */
  renew(tls: ServerTls): void;
  /** Stops listening, and waits for the answers to the requests that are there. */
  drain(): Promise<void>;
  /** Stops listening and closes every connection. */
  stop(): Promise<void>;
}

/**
 * Starts to listen.
 *
 * @throws {AgentError} when the address cannot be listened on, or the certificate cannot be used
 */
export function serve(options: ServeOptions): Served {
  const host = options.host ?? "127.0.0.1";
  const shares = options.tls !== undefined;
  // On a shared port it would go unnoticed that another program has it.
  if (shares && (options.port ?? 0) !== 0) listen(host, options, { shares: false }).stop(true);
  let server = listen(host, options, { shares });
  const port = server.port ?? options.port ?? 0;
  return {
    url: `${options.tls ? "https" : "http"}://${reachableHost(host)}:${port}`,
    port,
    renew: (tls) => {
      // The runtime cannot change the certificate of a server: a second one takes over its port.
      const next = listen(host, { ...options, port, tls }, { shares });
      const old = server;
      // Not in this turn: it first takes the connections that wait. Those whose handshake is under way are
      // cut off all the same, since the runtime can end a listener only together with them.
      setTimeout(() => void old.stop(false));
      server = next;
    },
    drain: async () => {
      await server.stop(false);
    },
    stop: async () => {
      await server.stop(true);
    },
  };
}

/**
 * An answer that is none: returned from `fetch`, it closes the connection at once, before a status
 * line is written, as a server does that dies.
 */
export function hangUp(): Response {
  // A body that fails before its first byte makes the runtime reset the connection; failing with
  // no error value keeps it from printing one.
  return new Response(new ReadableStream({ start: (controller) => controller.error() }));
}

function listen(
  host: string,
  options: ServeOptions,
  how: { readonly shares: boolean },
): Bun.Server<undefined> {
  const port = options.port ?? 0;
  try {
    return Bun.serve({
      hostname: host,
      port,
      development: false,
      // Outside development the runtime shares a port by default: a second program could then
      // take half of the requests in silence.
      reusePort: how.shares,
      idleTimeout: options.idleSeconds ?? 120,
      maxRequestBodySize: options.maxBodyBytes ?? 32 * 1024 * 1024,
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      fetch: (request, server) =>
        options.fetch(withWholeUrl(request), {
          address: () => server.requestIP(request)?.address,
        }),
    });
  } catch (error) {
    throw new AgentError(`Cannot listen on ${host}:${port}: ${reason(error)}`, {
      hint: errorCode(error).startsWith("ERR_OSSL")
        ? "Give the certificate and its unencrypted private key as PEM text."
        : "Choose another host or port, or stop the program that uses it.",
      cause: error,
    });
  }
}

/** HTTP/1.0 needs no `Host`; the runtime then gives the path alone as the URL, which nothing can read. */
function withWholeUrl(request: Request): Request {
  return request.url.startsWith("/")
    ? new Request(`http://localhost${request.url}`, request)
    : request;
}

function reason(error: unknown): string {
  const code = errorCode(error);
  if (code === "EADDRINUSE") return "the port is in use";
  if (code === "EACCES") return "permission denied";
  if (code.startsWith("ERR_OSSL")) return `the certificate or its key is not usable (${code})`;
  return messageOf(error);
}

/** The host to write into an address: one can listen on every interface, but not call it. */
function reachableHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
