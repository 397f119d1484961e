/**
 * A connection of our own to an HTTP server, one request after another (HTTP/1.1, RFC 9112).
 *
 * @module
 */

import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import { withoutBrackets } from "../../base/network.ts";
import { readBody } from "../../runtime/body.ts";
import { type Answer, AnswerTooLarge, type Exchange, relayTo } from "../../runtime/fetch.ts";
import {
  ConnectionClosed,
  type HttpHead,
  isLast,
  nextChunk,
  readHead,
  valuesOf,
} from "../../runtime/http_head.ts";
import { connectionTo, connectRequest } from "../../runtime/proxy_login.ts";
import { serverEndPoint } from "../tls/channel_binding.ts";
import { socketOptions } from "../tls/client.ts";

/** Bytes of an answer, where the request does not say. */
const usualAnswer = 64 * 1024 * 1024;

/** One connection. */
export interface Line {
  readonly socket: Socket;
  readonly binding: Uint8Array | undefined;
  /** Whether a login on it was accepted. */
  isLoggedIn: boolean;
}

/** An answer with its body, and whether the connection can go on. */
export interface Received {
  readonly head: HttpHead;
  readonly status: number;
  readonly body: Buffer;
  readonly isLast: boolean;
}

/** Waits until a socket is connected. */
function established(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  return new Promise((resolve, reject) => {
    // It stays: a later error of a socket that nobody reads from must not go unheard.
    socket.on("error", reject);
    socket.once(event, resolve);
    socket.once("close", () => reject(new ConnectionClosed()));
  });
}

/** A tunnel through a proxy. */
async function openTunnel({ proxy, url, signal }: Exchange, target: string): Promise<Socket> {
  if (proxy === undefined) throw new Error("there is no proxy");
  const relay = proxy.negotiate === true ? await relayTo(proxy, new URL(url).protocol) : undefined;
  const socket = await connectionTo(new URL((relay ?? proxy).url));
  socket.on("error", () => {});
  const stop = () => void socket.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    socket.write(connectRequest(target, (relay ?? proxy).authorization));
    const [, status = ""] = (await readHead(socket)).first.split(" ");
    if (status.startsWith("2")) return socket;
    socket.destroy();
    const message = `The proxy does not connect to ${target}: ${status}`;
    throw Object.assign(new Error(message), { code: "ERR_PROXY_TUNNEL" });
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/**
 * Opens a connection for a request, through its proxy.
 *
 * @throws What the connection throws, and why the request is over.
 */
export async function openLine(request: Exchange): Promise<Line> {
  const { protocol, hostname, port } = new URL(request.url);
  const host = withoutBrackets(hostname);
  const isSecure = protocol === "https:";
  const number = Number(port || (isSecure ? 443 : 80));
  const tunnel = request.proxy === undefined
    ? undefined
    : await openTunnel(request, `${hostname}:${number}`);
  const where = tunnel === undefined ? { port: number } : { socket: tunnel };
  const socket = isSecure
    ? connectTls({ ...socketOptions(request.tls, host), ...where })
    : tunnel ?? connectTcp(number, host);
  const stop = () => void socket.destroy();
  request.signal.addEventListener("abort", stop, { once: true });
  try {
    if (isSecure || tunnel === undefined) {
      await established(socket, isSecure ? "secureConnect" : "connect");
    }
  } catch (thrown) {
    socket.destroy();
    throw request.signal.aborted ? request.signal.reason : thrown;
  } finally {
    request.signal.removeEventListener("abort", stop);
  }
  const certificate = socket instanceof TLSSocket
    ? socket.getPeerX509Certificate()?.raw
    : undefined;
  const binding = certificate === undefined ? undefined : serverEndPoint(certificate);
  socket.on("timeout", () => socket.destroy());
  return { socket, binding, isLoggedIn: false };
}

/** Sends a request, with a login where there is one. */
export function writeRequest(
  { socket }: Line,
  request: Exchange,
  authorization: string | undefined,
): void {
  const { host, pathname, search } = new URL(request.url);
  const body = request.body === undefined ? undefined : Buffer.from(request.body);
  // Headers checks names and values: none may begin another line.
  const headers = new Headers(request.headers);
  headers.set("Host", host);
  headers.set("Accept-Encoding", "identity");
  if (body !== undefined) headers.set("Content-Length", `${body.length}`);
  if (authorization !== undefined) headers.set("Authorization", authorization);
  const lines = [...headers].map(([name, value]) => `${name}: ${value}`);
  const head = [`${request.method} ${pathname}${search} HTTP/1.1`, ...lines, "", ""].join("\r\n");
  socket.write(Buffer.concat([Buffer.from(head, "latin1"), body ?? Buffer.alloc(0)]));
}

/** What comes in behind a head. */
class Incoming {
  readonly #socket: Socket;
  #rest: Buffer;

  constructor(socket: Socket, rest: Buffer) {
    this.#socket = socket;
    this.#rest = rest;
  }

  /** At least one byte, and no more than so many. */
  async some(most: number): Promise<Buffer> {
    if (this.#rest.length === 0) this.#rest = await nextChunk(this.#socket);
    const found = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(found.length);
    return found;
  }

  /** A line, without its end. */
  async line(): Promise<string> {
    let line = "";
    while (!line.endsWith("\n")) {
      if (line.length > 8192) throw new Error("the answer has no end");
      line += (await this.some(1)).toString("latin1");
    }
    return line.trimEnd();
  }

  async *exactly(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0;) {
      const found = await this.some(left);
      left -= found.length;
      yield found;
    }
  }

  /** `Transfer-Encoding: chunked` (RFC 9112, 7.1). */
  async *chunks(): AsyncGenerator<Buffer> {
    for (;;) {
      const [, size] = /^([\da-f]{1,8})\s*(?:;|$)/i.exec(await this.line()) ?? [];
      if (size === undefined) throw new Error("the answer is not as HTTP has it");
      if (Number.parseInt(size, 16) === 0) break;
      yield* this.exactly(Number.parseInt(size, 16));
      await this.line();
    }
    while (await this.line() !== "") {
      // Trailers say nothing that is needed.
    }
  }

  async *toTheEnd(): AsyncGenerator<Buffer> {
    try {
      for (;;) yield await this.some(Number.MAX_SAFE_INTEGER);
    } catch (thrown) {
      if (!(thrown instanceof ConnectionClosed)) throw thrown;
    }
  }
}

/**
 * Reads the whole answer.
 *
 * @throws {ConnectionClosed} When it breaks off, {@linkcode AnswerTooLarge}, or another error.
 */
export async function receive({ socket }: Line, { method, maxBytes }: Exchange): Promise<Received> {
  let head = await readHead(socket);
  const statusOf = () => Number(/^HTTP\/1\.[01] (\d{3})\b/.exec(head.first)?.[1]);
  while (statusOf() >= 100 && statusOf() < 200) head = await readHead(socket, head.rest);
  const status = statusOf();
  if (Number.isNaN(status)) throw new Error("the answer is not as HTTP has it");
  const incoming = new Incoming(socket, head.rest);
  const [length] = valuesOf(head, "content-length");
  const isChunked = valuesOf(head, "transfer-encoding").some((value) => /chunked/i.test(value));
  const isEmpty = method === "HEAD" || status === 204 || status === 304;
  const isFramed = isEmpty || isChunked || /^\d+$/.test(length ?? "");
  let pieces = incoming.toTheEnd();
  if (isEmpty) pieces = incoming.exactly(0);
  else if (isChunked) pieces = incoming.chunks();
  else if (isFramed) pieces = incoming.exactly(Number(length));
  const body: Buffer[] = [];
  let size = 0;
  const most = maxBytes ?? usualAnswer;
  for await (const piece of pieces) {
    size += piece.length;
    if (size > most) throw new AnswerTooLarge(most);
    body.push(piece);
  }
  const ends = isLast(head) || !isFramed || head.first.startsWith("HTTP/1.0");
  return { head, status, body: Buffer.concat(body), isLast: ends };
}

/**
 * An answer as all clients have it.
 *
 * @throws {Error} When it is packed.
 */
export async function toAnswer(
  { head, status, body }: Received,
  request: Exchange,
): Promise<Answer> {
  const headers = new Headers();
  for (const [name, value] of head.headers) headers.append(name, value);
  const packed = headers.get("content-encoding") ?? "identity";
  if (packed !== "identity") {
    throw new Error(`the answer is packed (${packed}), which was not asked for`);
  }
  const response = new Response(new Uint8Array(body), { headers });
  return { status, headers, ...await readBody(response, request.maxBytes ?? usualAnswer) };
}
