/**
 * One connection to a directory: requests out, answers in, in the messages of ldapts.
 *
 * Its client is not used: it takes an empty page for the last one, drops what came before a size
 * limit, waits for ever for a server that speaks another protocol, and connects anew by itself
 * without logging in.
 *
 * @module
 */

import type * as Ldapts from "ldapts";
import type { Socket } from "node:net";
import { SourceError } from "../../base/errors.ts";
import { connectionError, LdapRefusal, lostError, readable } from "./errors.ts";
import type { LdapFilter } from "./filter.ts";
import { MessageFrames } from "./frames.ts";
import { readServerCredentials, type SecurityLayer } from "./security_layer.ts";
import { type LdapEndpoint, openSocket, peerCertificate, secureSocket } from "./socket.ts";

/** One entry as it came. */
export type LdapEntry = Pick<Ldapts.SearchEntry, "name" | "attributes">;

/** What is searched. */
export interface LdapSearch {
  readonly base: string;
  readonly scope: "base" | "sub";
  readonly filter: LdapFilter;
  readonly attributes: readonly string[];
  /** Asks for one page (RFC 2696): how many entries, after which other page. */
  readonly page?: { readonly size: number; readonly cookie: Buffer } | undefined;
  /** Entries that are wanted at most; 0 for all. */
  readonly sizeLimit?: number | undefined;
}

/** What a search ended with. */
export interface LdapSearchEnd {
  /** Where the next page begins; empty after the last. */
  readonly cookie: Buffer;
  /** References to other directories, as addresses (RFC 4511, 4.5.3). */
  readonly references: readonly string[];
}

type Request = Ldapts.BindRequest | Ldapts.ExtendedRequest | Ldapts.SearchRequest;
type Response = Pick<
  Ldapts.SearchResponse,
  "messageId" | "status" | "errorMessage" | "matchedDN" | "controls"
>;

/** What a request ended with, and the bytes of that message. */
interface Outcome {
  readonly response: Response;
  readonly references: readonly string[];
  readonly message: Buffer;
}

/** An answer to one step of a login by SASL (RFC 4513, 5.2.1). */
export interface SaslAnswer {
  /** Whether the directory waits for another step. */
  readonly inProgress: boolean;
  readonly credentials: Buffer;
}

interface Pending {
  readonly message: Request;
  readonly onEntry?: ((entry: LdapEntry) => void) | undefined;
  readonly references: string[];
  resolve(response: Response, message: Buffer): void;
  reject(error: unknown): void;
}

/** Every LDAP message is a BER sequence. */
const sequenceTag = 0x30;
const octetStringTag = 0x04;
const saslBindInProgress = 14;
const startTlsName = "1.3.6.1.4.1.1466.20037";

/** An open connection. It is never made anew: once lost, every request fails. */
export class LdapConnection {
  readonly #library: typeof Ldapts;
  readonly #endpoint: LdapEndpoint;
  readonly #pending = new Map<string, Pending>();
  #socket: Socket;
  /** Signs and encrypts each message from a login by Kerberos on. */
  #layer: SecurityLayer | undefined;
  #lastId = 0;
  #heard = false;
  #failure: { readonly error: unknown } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #abort = () => this.#fail(this.#endpoint.signal.reason);

  private constructor(library: typeof Ldapts, endpoint: LdapEndpoint, socket: Socket) {
    this.#library = library;
    this.#endpoint = endpoint;
    this.#socket = socket;
    this.#listen(socket);
    endpoint.signal.addEventListener("abort", this.#abort, { once: true });
  }

  /**
   * Connects, by TLS from the start with `ldaps://`.
   *
   * @throws {SourceError} When nothing answers there, or its certificate is not trusted.
   */
  static async open(endpoint: LdapEndpoint): Promise<LdapConnection> {
    const library = await import("ldapts");
    const socket = await openSocket(endpoint);
    return new LdapConnection(library, endpoint, socket);
  }

  /** Whether the connection can no longer be used. */
  get isLost(): boolean {
    return this.#failure !== undefined;
  }

  /** Turns a plain connection into one by TLS (RFC 4511, 4.14). */
  async startTls(): Promise<void> {
    const { ExtendedRequest } = this.#library;
    const request = new ExtendedRequest({ messageId: this.#nextId(), oid: startTlsName });
    await this.#send(request);
    const plain = this.#socket;
    plain.removeAllListeners("data");
    const secure = await secureSocket(plain, this.#endpoint);
    this.#socket = secure;
    // A new parser: what came in the clear after the answer must not count as protected.
    this.#listen(secure);
  }

  /** Logs in by LDAPv3 with a name and a password; both are empty for an anonymous login. */
  async bind(name: string, password: string): Promise<void> {
    const { BindRequest } = this.#library;
    const request = new BindRequest({ messageId: this.#nextId(), dn: name, password });
    await this.#send(request);
  }

  /**
   * One step of a login by SASL.
   *
   * @throws {LdapRefusal} When the directory ends the login.
   */
  async bindBySasl(mechanism: string, credentials: Uint8Array): Promise<SaslAnswer> {
    const { BindRequest, ProtocolOperation } = this.#library;
    const request = new BindRequest({ messageId: this.#nextId() });
    // The library writes credentials as text, which bytes are not.
    request.writeMessage = (writer) => {
      writer.writeInt(request.version);
      writer.writeString("");
      writer.startSequence(ProtocolOperation.LDAP_REQ_BIND_SASL);
      writer.writeString(mechanism);
      writer.writeBuffer(Buffer.from(credentials), octetStringTag);
      writer.endSequence();
    };
    const { response, message } = await this.#send(request, undefined, saslBindInProgress);
    return {
      inProgress: response.status === saslBindInProgress,
      credentials: readServerCredentials(message),
    };
  }

  /** Sends and expects every message from now on through a layer, which is closed with the connection. */
  protect(layer: SecurityLayer): void {
    this.#layer = layer;
  }

  /** The directory's certificate, DER; nothing as long as the connection is not by TLS. */
  get certificate(): Uint8Array | undefined {
    return peerCertificate(this.#socket);
  }

  /**
   * Searches.
   *
   * @param onEntry Gets each entry as it comes, also those before a failure.
   * @throws {LdapRefusal} When the directory refuses; `SourceError` when the connection is lost.
   */
  async search(
    search: LdapSearch,
    onEntry: (entry: LdapEntry) => void,
  ): Promise<LdapSearchEnd> {
    const { PagedResultsControl, PresenceFilter, SearchRequest } = this.#library;
    const { base, scope, attributes, page, sizeLimit } = search;
    const filter = new PresenceFilter();
    filter.write = (writer) => writer.writeBuffer(search.filter.content, search.filter.tag);
    const request = new SearchRequest({
      messageId: this.#nextId(),
      baseDN: base,
      scope,
      filter,
      attributes: [...attributes],
      sizeLimit: sizeLimit ?? 0,
      // The directory has its own limit; ldapts would ask for ten seconds.
      timeLimit: 0,
      ...(page === undefined ? {} : { controls: [new PagedResultsControl({ value: page })] }),
    });
    const { response, references } = await this.#send(request, onEntry);
    const control = response.controls?.find((one) => one instanceof PagedResultsControl);
    return { cookie: control?.value?.cookie ?? Buffer.alloc(0), references };
  }

  /** Says goodbye and closes. */
  close(): void {
    this.#endpoint.signal.removeEventListener("abort", this.#abort);
    if (this.#failure !== undefined) return;
    const { UnbindRequest } = this.#library;
    const socket = this.#socket;
    const goodbye = this.#protected(new UnbindRequest({ messageId: this.#nextId() }).write());
    socket.end(goodbye, () => socket.destroy());
    this.#fail(new SourceError(`The connection to ${this.#endpoint.url} is closed`), false);
  }

  #nextId(): number {
    return ++this.#lastId;
  }

  #protected(message: Buffer): Buffer {
    return this.#layer === undefined ? message : this.#layer.protect(message);
  }

  /** @param alsoGood A result that is no refusal, beside success. */
  #send(
    message: Request,
    onEntry?: (entry: LdapEntry) => void,
    alsoGood = 0,
  ): Promise<Outcome> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        message,
        onEntry,
        references: [],
        resolve: (response, message) => {
          const { status, errorMessage, matchedDN } = response;
          if (status === 0 || status === alsoGood) {
            resolve({ response, references: pending.references, message });
          } else reject(new LdapRefusal(status, errorMessage, matchedDN));
        },
        reject,
      };
      this.#pending.set(`${message.messageId}`, pending);
      try {
        this.#socket.write(this.#protected(message.write()));
      } catch (thrown) {
        this.#fail(lostError(this.#endpoint.url, thrown));
      }
      this.#watch();
    });
  }

  /** Starts the wait for a sign of life anew, while anything is awaited. */
  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#pending.size === 0) return;
    const { url, timeoutMs } = this.#endpoint;
    this.#timer = setTimeout(() => {
      this.#fail(lostError(url, new Error(`no answer within ${timeoutMs / 1000} s`)));
    }, timeoutMs);
  }

  #listen(socket: Socket): void {
    const { url } = this.#endpoint;
    const parser = new this.#library.MessageParser();
    let bytes: Buffer = Buffer.alloc(0);
    parser.on("message", (message) => this.#receive(message, bytes));
    parser.on("error", (error) => this.#fail(lostError(url, error)));
    const frames = new MessageFrames();
    const parse = (message: Buffer) => {
      bytes = message;
      parser.read(message, this.#pending);
    };
    socket.on("data", (data) => this.#read(parse, frames, Buffer.from(data)));
    const end = (reason: Error) =>
      this.#fail(this.#heard ? lostError(url, reason) : connectionError(url, reason));
    socket.on("error", end);
    socket.on("close", () => end(new Error("the directory closed it")));
  }

  #read(parse: (message: Buffer) => void, frames: MessageFrames, data: Buffer): void {
    if (!this.#heard && data[0] !== sequenceTag) {
      this.#fail(connectionError(this.#endpoint.url, new Error("the server does not speak LDAP")));
    }
    this.#heard = true;
    try {
      for (const piece of this.#layer?.open(data) ?? [data]) {
        for (const message of frames.add(piece)) {
          if (this.#failure !== undefined) return;
          parse(message);
        }
        // Its end is the end of the layer too.
        if (this.#failure !== undefined) return;
      }
    } catch (thrown) {
      this.#fail(lostError(this.#endpoint.url, thrown));
    }
    this.#watch();
  }

  #receive(message: Response, bytes: Buffer): void {
    const { ExtendedResponse, SearchEntry, SearchReference } = this.#library;
    const pending = this.#pending.get(`${message.messageId}`);
    if (pending === undefined) {
      // "Notice of disconnection", the only message that nobody asked for (RFC 4511, 4.4.1).
      if (message.messageId !== 0 || !(message instanceof ExtendedResponse)) return;
      const reason = `the directory closed it, saying "${readable(message.errorMessage)}"`;
      this.#fail(lostError(this.#endpoint.url, new Error(reason)));
    } else if (message instanceof SearchEntry) {
      pending.onEntry?.(message);
    } else if (message instanceof SearchReference) {
      pending.references.push(...message.uris.slice(0, 1));
    } else {
      this.#pending.delete(`${message.messageId}`);
      pending.resolve(message, bytes);
    }
  }

  /** The end: whoever waits gets the reason. */
  #fail(error: unknown, atOnce = true): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    clearTimeout(this.#timer);
    this.#layer?.close();
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of waiting) reject(error);
    if (atOnce) this.#socket.destroy();
  }
}
