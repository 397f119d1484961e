/**
 * tedious's connection, with what it lacks: a login with tokens of the operating system, no login in
 * the clear when encryption was asked for, and no wait without an end. Imported on first use: the
 * driver is large.
 *
 * @module
 */

import { once } from "node:events";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { PassThrough } from "node:stream";
import { checkServerIdentity, type TLSSocket } from "node:tls";
import { Connection, type ConnectionConfiguration, Request } from "tedious";
import login7 from "tedious/lib/login7-payload.js";
import { TYPE } from "tedious/lib/packet.js";
import { Login7TokenHandler, type TokenHandler } from "tedious/lib/token/handler.js";
import type { Parser } from "tedious/lib/token/token-stream-parser.js";
import { versions } from "tedious/lib/tds-versions.js";
import type { SecurityContext } from "../../runtime/sspi.ts";
import { takeTokens } from "./sspi.ts";

/** Declared as a module with a default; what is there is the class itself. */
const Login7Payload = login7 as unknown as typeof login7.default;

type Message = Parameters<Connection["createTokenStreamParser"]>[0];
type Routing = Awaited<ReturnType<Connection["performSentLogin7WithNTLMLogin"]>>;

/** What is thrown when a server does not offer the encryption that was asked for. */
export class NoEncryption extends Error {
  override name = "NoEncryption";
}

/** Why a server at an IP address is not to be trusted. */
function distrustOf(socket: TLSSocket, address: string): Error | undefined {
  // Declared as an Error, and in Node.js a text.
  const found: unknown = socket.authorizationError;
  const { code = String(found) } = (found ?? {}) as { readonly code?: string };
  // A name was looked for that nobody asked for: the address is what counts.
  const isName = code === "ERR_TLS_CERT_ALTNAME_INVALID";
  if (!socket.authorized && !isName) {
    return Object.assign(new Error("the certificate is not trusted"), { code });
  }
  return checkServerIdentity(address, socket.getPeerCertificate());
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** A connection of tedious's as the agent needs it. */
export class SqlDriver extends Connection {
  readonly #security: SecurityContext | undefined;
  #stopped = false;
  #distrust: Error | undefined;
  #parser: Parser | undefined;

  /** @param security Gives the tokens of a login that the operating system vouches for. */
  constructor(config: ConnectionConfiguration, security?: SecurityContext) {
    super(config);
    this.#security = security;
  }

  /** Sends a batch; the callback is called once, at its end. */
  send(sql: string, done: (error: Error | null | undefined) => void): Request {
    const request = new Request(sql, (error) => done(error));
    this.execSqlBatch(request);
    return request;
  }

  /** Ends the connection, also one that is not there yet. */
  stop(): void {
    this.#stopped = true;
    this.close();
  }

  /** A connection that was stopped before its socket was there must not log in any more. */
  override sendPreLogin(): void {
    if (this.#stopped) throw new Error("The connection was stopped.");
    this.#secureByAddress();
    super.sendPreLogin();
  }

  /**
   * tedious gives an IP address for the name of a TLS server, which is not allowed (RFC 6066, 3). Here
   * the certificate is looked at before the login instead.
   */
  #secureByAddress(): void {
    const { messageIo } = this;
    const start = messageIo.startTls.bind(messageIo);
    messageIo.startTls = async (details, host, trust) => {
      if (isIP(host) === 0) return await start(details, host, trust);
      messageIo.once("secure", (socket: TLSSocket) => {
        if (!trust) this.#distrust = distrustOf(socket, host);
      });
      await start(details, "", true);
    };
  }

  /** tedious takes a server's word that it cannot encrypt, and sends the password in the clear. */
  override sendLogin7Packet(): void {
    const { encrypt } = this.config.options;
    if (encrypt === true && !this.messageIo.tlsNegotiationComplete) {
      throw new NoEncryption("the server offers no encryption");
    }
    if (this.#distrust !== undefined) throw this.#distrust;
    if (this.#security === undefined) return super.sendLogin7Packet();
    const { options } = this.config;
    const payload = new Login7Payload({
      tdsVersion: versions[options.tdsVersion] ?? 0x74000004,
      packetSize: options.packetSize,
      clientProgVer: 0,
      clientPid: process.pid,
      connectionId: 0,
      clientTimeZone: new Date().getTimezoneOffset(),
      clientLcid: 0x00000409,
    });
    payload.sspi = Buffer.from(this.#security.next());
    payload.hostname = hostname();
    payload.serverName = this.routingData?.server ?? this.config.server;
    payload.appName = options.appName;
    payload.language = options.language;
    payload.database = options.database;
    payload.clientId = Buffer.alloc(6);
    payload.readOnlyIntent = options.readOnlyIntent;
    payload.initDbFatal = true;
    this.routingData = undefined;
    this.messageIo.sendMessage(TYPE["LOGIN7"] ?? 0x10, payload.toBuffer());
  }

  /** tedious waits without an end for the rest of an answer that was cut short. */
  override async performSentLogin7WithStandardLogin(signal: AbortSignal): Promise<Routing> {
    return await Promise.race([super.performSentLogin7WithStandardLogin(signal), aborted(signal)]);
  }

  override async performSentLogin7WithNTLMLogin(signal: AbortSignal): Promise<Routing> {
    const security = this.#security;
    if (security === undefined) return await super.performSentLogin7WithNTLMLogin(signal);
    try {
      return await Promise.race([this.#negotiate(security), aborted(signal)]);
    } finally {
      this.loginError = undefined;
    }
  }

  /** Hands the tokens to and fro until the server has made up its mind. */
  async #negotiate(security: SecurityContext): Promise<Routing> {
    for (;;) {
      const message = await this.messageIo.readMessage();
      const chunks: Buffer[] = [];
      for await (const chunk of message) chunks.push(chunk);
      const { token, rest } = takeTokens(Buffer.concat(chunks));
      const handler = new Login7TokenHandler(this);
      const { type } = message;
      const others = Object.assign(new PassThrough(), {
        type,
        resetConnection: false,
        ignore: false,
      });
      others.end(rest);
      await once(this.createTokenStreamParser(others, handler), "end");
      if (handler.loginAckReceived) return handler.routingData;
      if (this.loginError !== undefined) throw this.loginError;
      if (token === undefined) throw new Error("the server ended the login without a word");
      const answer = security.next(token);
      this.messageIo.sendMessage(TYPE["NTLMAUTH_PKT"] ?? 0x11, Buffer.from(answer));
    }
  }

  /** What is no TDS would otherwise be thrown where nobody catches it. */
  override createTokenStreamParser(message: Message, handler: TokenHandler): Parser {
    const parser = super.createTokenStreamParser(message, handler);
    parser.parser.on("error", (error: Error) => this.socket?.destroy(error));
    this.#parser = parser;
    return parser;
  }

  /** At the end of an answer tedious looks for its request, which a connection that ended has not. */
  override transitionTo(state: Connection["state"]): void {
    if (state === this.STATE.FINAL) {
      this.#parser?.removeAllListeners("end");
      this.#parser?.parser.destroy();
    }
    super.transitionTo(state);
  }
}
