/**
 * Tunnels through an HTTP proxy at which the account that runs the agent has to log in (RFC 4559, and the
 * same with NTLM). Such a login takes several messages on one connection, which the runtime's own client
 * cannot do: it goes through a relay on the loopback address that does.
 *
 * @module
 */

import { randomBytes, timingSafeEqual } from "node:crypto";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { AgentError } from "../base/errors.ts";
import { withoutBrackets } from "../base/network.ts";
import {
  challengeOf,
  type HttpHead,
  isLast,
  longestHead,
  nextChunk,
  readHead,
  valuesOf,
} from "./http_head.ts";
import type { SecurityContext, SspiLogin } from "./sspi.ts";

/** What stands in for one proxy on this computer. */
export interface ProxyRelay {
  /** Where to connect instead of the proxy, and the value of Proxy-Authorization that it wants. */
  readonly url: string;
  readonly authorization: string;
  /** Why the last login failed, where it was not the proxy that refused it. */
  readonly failure: unknown;
}

/** Begins a login. */
export type OpenLogin = (login: SspiLogin) => SecurityContext;

/** A proxy that answered something else than that it lets us through; what it answered is passed on. */
class ProxyAnswer extends Error {
  override name = "ProxyAnswer";
}

/** A login takes two or three messages. */
const mostRounds = 6;
/** Of the schemes that a proxy offers, in the order of preference. */
const schemes = ["Negotiate", "NTLM"] as const;
type Scheme = typeof schemes[number];
const header = "proxy-authenticate";

/** Reads on to the end of what a proxy says beside a challenge; false when only the connection ends it. */
async function skipBody(socket: Socket, head: HttpHead): Promise<boolean> {
  const [length] = valuesOf(head, "content-length");
  if (length === undefined) return false;
  let missing = Number(length) - head.rest.length;
  if (!(missing <= longestHead)) return false;
  while (missing > 0) missing -= (await nextChunk(socket)).length;
  return true;
}

/** Connects to a proxy, by TLS where its address says so. */
export function connectionTo({ protocol, hostname, port }: URL): Promise<Socket> {
  const host = withoutBrackets(hostname);
  return new Promise((resolve, reject) => {
    const socket: Socket = protocol === "https:"
      ? connectTls({ host, servername: host, port: Number(port || 443) }, () => resolve(socket))
      : connectTcp(Number(port || 80), host, () => resolve(socket));
    socket.once("error", reject);
  });
}

/**
 * The request for a tunnel.
 *
 * @param target Host and port behind the proxy.
 */
export function connectRequest(target: string, authorization: string | undefined): string {
  return [
    `CONNECT ${target} HTTP/1.1`,
    `Host: ${target}`,
    "Proxy-Connection: keep-alive",
    ...(authorization === undefined ? [] : [`Proxy-Authorization: ${authorization}`]),
    "\r\n",
  ].join("\r\n");
}

/** A login at a proxy, over as many messages as it takes. */
class ProxyLogin {
  readonly #target: string;
  readonly #open: OpenLogin;
  #scheme: Scheme | undefined;
  #security: SecurityContext | undefined;

  constructor(proxy: URL, open: OpenLogin) {
    this.#target = `HTTP/${proxy.hostname}`;
    this.#open = open;
  }

  /** The answer to a challenge; undefined when the proxy wants something else, or refuses the login. */
  answer(head: HttpHead): string | undefined {
    if (this.#scheme === undefined) {
      const offered = schemes.filter((scheme) => challengeOf(head, header, scheme) !== undefined);
      return offered.length === 0 ? undefined : this.#begin(offered);
    }
    const challenge = challengeOf(head, header, this.#scheme) ?? "";
    if (challenge === "" || this.#security === undefined) return undefined;
    return this.#header(this.#scheme, this.#security.next(Buffer.from(challenge, "base64")));
  }

  /** The first message, by the first scheme of which Windows has one. */
  #begin(offered: readonly Scheme[]): string {
    const failures: unknown[] = [];
    for (const scheme of offered) {
      let security: SecurityContext | undefined;
      try {
        security = this.#open({ target: this.#target, packageName: scheme });
        const token = security.next();
        [this.#scheme, this.#security] = [scheme, security];
        return this.#header(scheme, token);
      } catch (error) {
        security?.close();
        failures.push(error);
      }
    }
    throw failures[0];
  }

  #header(scheme: Scheme, token: Uint8Array): string {
    return `${scheme} ${Buffer.from(token).toString("base64")}`;
  }

  /** Whether a message was sent: then the login is bound to its connection. */
  get isBegun(): boolean {
    return this.#security !== undefined;
  }

  close(): void {
    this.#security?.close();
  }
}

/** A connection to a target, through the proxy. */
async function openTunnel(proxy: URL, target: string, open: OpenLogin): Promise<[Socket, Buffer]> {
  const login = new ProxyLogin(proxy, open);
  let onward = await connectionTo(proxy);
  try {
    let authorization: string | undefined;
    for (let round = 0; round < mostRounds; round++) {
      onward.write(connectRequest(target, authorization));
      const head = await readHead(onward);
      const status = head.first.split(" ")[1];
      if (status?.startsWith("2") === true) return [onward, head.rest];
      if (status !== "407") throw new ProxyAnswer(head.first);
      const wasBegun = login.isBegun;
      authorization = login.answer(head);
      if (authorization === undefined) throw new ProxyAnswer(head.first);
      const stays = !isLast(head) && await skipBody(onward, head);
      if (stays) continue;
      if (wasBegun) throw new ProxyAnswer(head.first);
      // Before the first message nothing is bound to the connection.
      onward.destroy();
      onward = await connectionTo(proxy);
    }
    throw new ProxyAnswer("HTTP/1.1 407 Proxy Authentication Required");
  } catch (error) {
    onward.destroy();
    throw error;
  } finally {
    login.close();
  }
}

function isEqual(given: string, wanted: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function refuse(client: Socket, first: string): void {
  client.end(`${first}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
}

/**
 * Starts a relay, which ends with the process and does not keep it.
 *
 * @param proxy `http://host:port` or `https://host:port`
 */
export async function startProxyRelay(proxy: string, open: OpenLogin): Promise<ProxyRelay> {
  const address = new URL(proxy);
  // Other accounts of this computer must not get through the proxy as this one.
  const authorization = `Basic ${
    Buffer.from(`relay:${randomBytes(24).toString("hex")}`).toString("base64")
  }`;
  const relay = { url: "", authorization, failure: undefined as unknown };
  async function serve(client: Socket): Promise<void> {
    const request = await readHead(client);
    const [method = "", target = ""] = request.first.split(" ");
    const [given = ""] = valuesOf(request, "proxy-authorization");
    if (!isEqual(given, authorization)) return refuse(client, "HTTP/1.1 403 Forbidden");
    if (method !== "CONNECT") return refuse(client, "HTTP/1.1 501 Not Implemented");
    try {
      const [onward, rest] = await openTunnel(address, target, open);
      relay.failure = undefined;
      onward.on("error", () => client.destroy());
      client.on("error", () => onward.destroy());
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      client.write(rest);
      onward.write(request.rest);
      client.pipe(onward).pipe(client);
    } catch (error) {
      relay.failure = error instanceof ProxyAnswer ? undefined : error;
      refuse(client, error instanceof ProxyAnswer ? error.message : "HTTP/1.1 502 Bad Gateway");
    }
  }
  const server = createServer((client) => {
    // A client that is gone wants no answer.
    client.on("error", () => client.destroy());
    serve(client).catch(() => client.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  server.unref();
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new AgentError("The relay has no port");
  relay.url = `http://127.0.0.1:${bound.port}`;
  return relay;
}
