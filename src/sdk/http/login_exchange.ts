/**
 * HTTP requests by an account that logs in on the connection: NTLM, and Negotiate (RFC 4559). The messages of
 * such a login belong to one connection, and tell over which one it is (RFC 5929), both of which the runtime's own
 * client does not let us choose. So connections are opened here, and kept for the next requests.
 *
 * @module
 */

import { errorCode } from "../../base/errors.ts";
import type { Answer, Exchange } from "../../runtime/fetch.ts";
import { challengeOf, ConnectionClosed } from "../../runtime/http_head.ts";
import type { SecurityContext } from "../../runtime/sspi.ts";
import { type Line, openLine, receive, type Received, toAnswer, writeRequest } from "./line.ts";

/** Who logs in on a connection. */
export interface ConnectionLogin {
  /** Schemes of which the server has to offer one, the best first. */
  readonly schemes: readonly string[];
  /** Whether each request brings the login along, unasked: Kerberos needs one message only. */
  readonly isUnasked: boolean;
  /** Waits for what a login needs from elsewhere. @throws {AuthError} When that does not come. */
  prepare?(): Promise<void>;
  /**
   * Begins a login.
   *
   * @param binding Data of the channel binding, where the connection is encrypted.
   * @throws {AuthError} When there is nobody to log in as.
   */
  open(binding: Uint8Array | undefined): SecurityContext;
}

/** Sends one request and reads the whole answer, as `exchange` of the runtime does. */
export type SendExchange = (request: Exchange) => Promise<Answer>;

/** A login takes two or three messages, behind a request without. */
const mostRounds = 6;
/** How long a connection is kept that nobody uses, in milliseconds: less than servers do. */
const mostIdleMs = 30_000;
function toHeader(scheme: string, token: Uint8Array): string {
  return `${scheme} ${Buffer.from(token).toString("base64")}`;
}

/** Connections to the servers at which somebody logs in. */
class LoginClient {
  readonly #login: ConnectionLogin;
  readonly #idle = new Map<string, Set<Line>>();
  /** Whether the login is brought along with each request: at first as it wants, then as the server does. */
  #isUnasked: boolean;
  #scheme: string;

  constructor(login: ConnectionLogin) {
    this.#login = login;
    this.#scheme = login.schemes[0] ?? "";
    this.#isUnasked = login.isUnasked;
  }

  async exchange(request: Exchange): Promise<Answer> {
    for (let isUnasked = this.#login.isUnasked;;) {
      request.signal.throwIfAborted();
      const kept = this.#take(request);
      const line = kept ?? await openLine(request);
      const stop = () => void line.socket.destroy();
      request.signal.addEventListener("abort", stop, { once: true });
      try {
        const { received, isBegun } = await this.#converse(line, request, isUnasked);
        const wantsAnother = !isBegun && received.isLast && this.#choosesScheme(received);
        if (!wantsAnother) return await toAnswer(received, request);
        // The server has closed the connection with its question: the login is brought along on another one.
        isUnasked = true;
      } catch (thrown) {
        line.socket.destroy();
        request.signal.throwIfAborted();
        // Between two requests, a server may close a connection at any time.
        const isOver = thrown instanceof ConnectionClosed ||
          /^(ECONNRESET|EPIPE)$/.test(errorCode(thrown));
        if (kept === undefined || request.method !== "GET" || !isOver) throw thrown;
      } finally {
        request.signal.removeEventListener("abort", stop);
      }
    }
  }

  /** Asks, and logs in where that is wanted; the connection is kept or closed after it. */
  async #converse(
    line: Line,
    request: Exchange,
    brings: boolean,
  ): Promise<{ readonly received: Received; readonly isBegun: boolean }> {
    let security: SecurityContext | undefined;
    let authorization: string | undefined;
    const isUnasked = brings || (this.#isUnasked && line.isLoggedIn);
    try {
      if (isUnasked) {
        security = await this.#open(line);
        authorization = toHeader(this.#scheme, security.next());
      }
      for (let round = 1;; round++) {
        writeRequest(line, request, authorization);
        const received = await receive(line, request);
        if (received.status !== 401) {
          line.isLoggedIn ||= security !== undefined;
          this.#keep(line, request, received);
          return { received, isBegun: security !== undefined };
        }
        const challenge = this.#findChallenge(received, security !== undefined);
        if (challenge === undefined || round >= mostRounds) {
          line.socket.destroy();
          return { received, isBegun: security !== undefined };
        }
        // It was logged in, and is asked again: this server wants a login for each request.
        if (line.isLoggedIn) this.#isUnasked = true;
        const token = security?.next(challenge);
        security ??= await this.#open(line);
        authorization = toHeader(this.#scheme, token ?? security.next());
      }
    } finally {
      security?.close();
    }
  }

  async #open({ binding }: Line): Promise<SecurityContext> {
    await this.#login.prepare?.();
    return this.#login.open(binding);
  }

  /** Takes the best scheme that a refusal offers; false when there is none. */
  #choosesScheme({ head, status }: Received): boolean {
    const scheme = this.#login.schemes.find((each) =>
      challengeOf(head, "www-authenticate", each) !== undefined
    );
    this.#scheme = scheme ?? this.#scheme;
    return status === 401 && scheme !== undefined;
  }

  /** What is to be answered to a refusal; nothing when the login is over with it. */
  #findChallenge(received: Received, isBegun: boolean): Buffer | undefined {
    if (received.isLast || (isBegun && this.#login.isUnasked)) return undefined;
    if (!isBegun && !this.#choosesScheme(received)) return undefined;
    const challenge = challengeOf(received.head, "www-authenticate", this.#scheme) ?? "";
    return isBegun && challenge === "" ? undefined : Buffer.from(challenge, "base64");
  }

  #keyOf({ url, proxy }: Exchange): string {
    return JSON.stringify([new URL(url).origin, proxy?.url, proxy?.authorization]);
  }

  #take(request: Exchange): Line | undefined {
    const lines = this.#idle.get(this.#keyOf(request)) ?? new Set();
    for (const line of lines) {
      lines.delete(line);
      if (line.socket.destroyed) continue;
      line.socket.setTimeout(0);
      line.socket.ref();
      return line;
    }
    return undefined;
  }

  #keep(line: Line, request: Exchange, received: Received): void {
    if (received.isLast) return void line.socket.destroy();
    const key = this.#keyOf(request);
    this.#idle.set(key, (this.#idle.get(key) ?? new Set()).add(line));
    line.socket.setTimeout(mostIdleMs);
    // A connection that is kept does not keep the program.
    line.socket.unref();
  }
}

/** Sends requests by an account that logs in on the connection. */
export function createLoginExchange(login: ConnectionLogin): SendExchange {
  const client = new LoginClient(login);
  return (request) => client.exchange(request);
}
