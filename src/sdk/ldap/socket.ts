/**
 * Sockets to a directory, plain and by TLS, ready to talk through.
 *
 * @module
 */

import { connect as connectPlainly, type Socket } from "node:net";
import { connect as connectSecurely, TLSSocket } from "node:tls";
import type { TlsSettings } from "../../runtime/fetch.ts";
import { connectionError } from "./errors.ts";
import { socketOptions } from "../tls/client.ts";
import { withoutBrackets } from "../../base/network.ts";

/** Where a directory is and how to reach it. */
export interface LdapEndpoint {
  /** `ldap://` or `ldaps://`, host and port. */
  readonly url: string;
  readonly tls: TlsSettings;
  /** How long the directory may keep silent. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

function hostName({ url }: LdapEndpoint): string {
  return withoutBrackets(new URL(url).hostname);
}

/**
 * Connects, by TLS from the start with `ldaps://`.
 *
 * @throws {SourceError} When nothing answers there, or its certificate is not trusted.
 */
export async function openSocket(endpoint: LdapEndpoint): Promise<Socket> {
  const { protocol, port } = new URL(endpoint.url);
  const host = hostName(endpoint);
  const secure = protocol === "ldaps:";
  const socket = secure
    ? connectSecurely({ ...socketOptions(endpoint.tls, host), port: Number(port || 636) })
    : connectPlainly({ host, port: Number(port || 389) });
  await established(socket, secure ? "secureConnect" : "connect", endpoint);
  return socket;
}

/** Goes on by TLS over a socket whose other end has agreed. */
export async function secureSocket(plain: Socket, endpoint: LdapEndpoint): Promise<Socket> {
  const secure = connectSecurely({
    ...socketOptions(endpoint.tls, hostName(endpoint)),
    socket: plain,
  });
  await established(secure, "secureConnect", endpoint);
  return secure;
}

/** The certificate of the other end, DER; nothing without TLS. */
export function peerCertificate(socket: Socket): Uint8Array | undefined {
  return socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.raw : undefined;
}

/** Waits until a socket is ready; destroys it when it does not become so. */
function established(
  socket: Socket,
  event: "connect" | "secureConnect",
  { url, timeoutMs, signal }: LdapEndpoint,
): Promise<void> {
  return new Promise((resolve, reject) => {
    function end(error?: unknown): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      socket.removeListener(event, ready);
      socket.removeListener("close", closed);
      if (error === undefined) {
        socket.removeListener("error", failed);
        return resolve();
      }
      // The listener stays: a second error of a socket that failed must not go unheard.
      socket.destroy();
      reject(error);
    }
    const ready = () => end();
    const abort = () => end(signal.reason);
    const failed = (error: unknown) => end(connectionError(url, error));
    const closed = () => failed(new Error("the directory closed the connection"));
    const timer = setTimeout(
      () => failed(new Error(`no connection within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    if (signal.aborted) return abort();
    socket.once(event, ready);
    socket.on("error", failed);
    socket.once("close", closed);
    signal.addEventListener("abort", abort, { once: true });
  });
}
