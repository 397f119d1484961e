/**
 * tedious's connection, with what it lacks: logins of Windows accounts that are tied to
 * server and connection, and an end without a crash while an answer is pending. Imported on first use: the driver is large.
 *
 * @module
 */

import { once } from "node:events";
import { hostname } from "node:os";
import { PassThrough } from "node:stream";
import { TLSSocket } from "node:tls";
import { Connection, type ConnectionConfiguration, Request } from "tedious";
import Login7Payload from "tedious/lib/login7-payload.js";
import { TYPE } from "tedious/lib/packet.js";
import { Login7TokenHandler, type TokenHandler } from "tedious/lib/token/handler.js";
import type { Parser } from "tedious/lib/token/token-stream-parser.js";
import { versions } from "tedious/lib/tds-versions.js";
import type { SecurityContext } from "../../runtime/sspi.ts";
import { defaultPort } from "./address.ts";
import { channelBinding } from "./channel_binding.ts";
import { takeTokens } from "./sspi.ts";

type Message = Parameters<Connection["createTokenStreamParser"]>[0];
type Routing = Awaited<ReturnType<Connection["performSentLogin7WithNTLMLogin"]>>;

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** The server that a login is for. */
export interface LoginTarget {
  readonly host: string;
  readonly port: number;
  /** Data of the channel binding, where the connection is encrypted. */
  readonly binding: Uint8Array | undefined;
}

/** Begins a login of a Windows account. */
export type OpenSecurity = (target: LoginTarget) => SecurityContext;

/** A connection of tedious's as the agent needs it. */
export class SqlDriver extends Connection {
  readonly #openSecurity: OpenSecurity | undefined;
  #security: SecurityContext | undefined;
  #parser: Parser | undefined;

  /** @param openSecurity Called for each login: the server may send us on to another. */
  constructor(config: ConnectionConfiguration, openSecurity?: OpenSecurity) {
    super(config);
    this.#openSecurity = openSecurity;
  }

  /** Gives back what the operating system holds for the login. */
  endLogin(): void {
    this.#security?.close();
    this.#security = undefined;
  }

  /** Sends a batch; the callback is called once, at its end. */
  send(sql: string, done: (error: Error | null | undefined) => void): Request {
    const request = new Request(sql, (error) => done(error));
    this.execSqlBatch(request);
    return request;
  }

  override sendLogin7Packet(): void {
    if (this.#openSecurity === undefined) return super.sendLogin7Packet();
    const { options } = this.config;
    const server = this.routingData?.server ?? this.config.server;
    this.endLogin();
    const port = this.routingData?.port ?? options.port ?? defaultPort;
    const binding = this.#channelBinding();
    const security = this.#security = this.#openSecurity({ host: server, port, binding });
    const payload = new Login7Payload({
      tdsVersion: versions[options.tdsVersion] ?? 0x74000004,
      packetSize: options.packetSize,
      clientProgVer: 0,
      clientPid: process.pid,
      connectionId: 0,
      clientTimeZone: new Date().getTimezoneOffset(),
      clientLcid: 0x00000409,
    });
    payload.sspi = Buffer.from(security.next());
    payload.hostname = hostname();
    payload.serverName = server;
    payload.appName = options.appName;
    payload.language = options.language;
    payload.database = options.database;
    payload.clientId = Buffer.alloc(6);
    payload.readOnlyIntent = options.readOnlyIntent;
    payload.initDbFatal = true;
    this.routingData = undefined;
    this.messageIo.sendMessage(TYPE["LOGIN7"] ?? 0x10, payload.toBuffer());
  }

  #channelBinding(): Uint8Array | undefined {
    const { securePair, socket } = this.messageIo;
    const encrypted = securePair?.cleartext ?? socket;
    return encrypted instanceof TLSSocket ? channelBinding(encrypted) : undefined;
  }

  override async performSentLogin7WithNTLMLogin(signal: AbortSignal): Promise<Routing> {
    const security = this.#security;
    if (security === undefined) return await super.performSentLogin7WithNTLMLogin(signal);
    return await Promise.race([this.#negotiate(security), rejectOnAbort(signal)]);
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
      if (handler.loginAckReceived) {
        // The last token of Kerberos proves that the server is the one that was meant.
        if (token !== undefined && !security.isComplete) security.next(token);
        return handler.routingData;
      }
      if (handler.loginError !== undefined) throw handler.loginError;
      if (token === undefined) throw new Error("the server closed the connection during login");
      const answer = security.next(token);
      this.messageIo.sendMessage(TYPE["NTLMAUTH_PKT"] ?? 0x11, Buffer.from(answer));
    }
  }

  override createTokenStreamParser(message: Message, handler: TokenHandler): Parser {
    this.#parser = super.createTokenStreamParser(message, handler);
    return this.#parser;
  }

  /** At the end of an answer tedious calls its request, which a closed connection no longer has. */
  override transitionTo(state: Connection["state"]): void {
    if (state === this.STATE.FINAL) this.#parser?.removeAllListeners("end");
    super.transitionTo(state);
  }
}
