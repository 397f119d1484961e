/**
 * Heads of HTTP/1.1 as they come over a connection of our own, for what the runtime's client cannot do: logins
 * whose messages belong to one connection.
 *
 * @module
 */

import type { Socket } from "node:net";

/** Bytes of a head beyond which something is wrong. */
export const longestHead = 131_072;

/** The other end has closed the connection. */
export class ConnectionClosed extends Error {
  override name = "ConnectionClosed";

  constructor() {
    super("the connection was closed");
  }
}

/** The first line of a message, its headers, and what came behind them. */
export interface HttpHead {
  readonly first: string;
  /** Names in small letters. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly rest: Buffer;
}

/** The next bytes of a connection; throws {@linkcode ConnectionClosed} at its end. */
export function nextChunk(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    function end(complete: () => void): void {
      socket.pause();
      socket.off("data", onData).off("error", onError).off("close", onClose);
      complete();
    }
    const onData = (chunk: Buffer) => end(() => resolve(chunk));
    const onError = (error: Error) => end(() => reject(error));
    const onClose = () => end(() => reject(new ConnectionClosed()));
    if (socket.destroyed) return onClose();
    socket.on("data", onData).on("error", onError).on("close", onClose);
    socket.resume();
  });
}

/**
 * Reads a head.
 *
 * @throws {ConnectionClosed} Or another error, when it is not there in full.
 */
export async function readHead(
  socket: Socket,
  before: Buffer = Buffer.alloc(0),
): Promise<HttpHead> {
  let seen = before;
  for (;;) {
    const end = seen.indexOf("\r\n\r\n");
    if (end >= 0) {
      const [first = "", ...lines] = seen.subarray(0, end).toString("latin1").split("\r\n");
      const headers = lines.map((line) => {
        const [, name = "", value = ""] = /^([^:]*):\s*(.*?)\s*$/.exec(line) ?? [];
        return [name.toLowerCase(), value] as const;
      });
      return { first, headers, rest: Buffer.from(seen.subarray(end + 4)) };
    }
    if (seen.length > longestHead) throw new Error("the answer has no end");
    seen = Buffer.concat([seen, await nextChunk(socket)]);
  }
}

/** All values of a header. */
export function valuesOf({ headers }: HttpHead, name: string): string[] {
  return headers.filter(([each]) => each === name).map(([, value]) => value);
}

/** Whether the connection ends with this message. */
export function isLast(head: HttpHead): boolean {
  return valuesOf(head, "connection").some((value) => /close/i.test(value));
}

/**
 * What a message asks for by a scheme: the token in it, blank at first; undefined when it does not offer it.
 *
 * @param header `www-authenticate` or `proxy-authenticate`.
 */
export function challengeOf(head: HttpHead, header: string, scheme: string): string | undefined {
  const found = valuesOf(head, header).flatMap((value) => value.split(/\s*,\s*/))
    .find((value) => value.split(" ", 1)[0]?.toLowerCase() === scheme.toLowerCase());
  return found?.slice(scheme.length).trim();
}
