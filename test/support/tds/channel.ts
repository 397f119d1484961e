/**
 * Packets and messages of the Tabular Data Stream over a socket, in the clear, by TLS inside of
 * PRELOGIN packets, and by TLS from the start: [MS-TDS] 2.2.3 and 2.2.6.5.
 *
 * @module
 */
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";

/** What a packet is about: [MS-TDS] 2.2.3.1.1. */
export const packetType = {
  sqlBatch: 1,
  rpc: 3,
  response: 4,
  attention: 6,
  login7: 16,
  sspi: 17,
  prelogin: 18,
} as const;

/** A whole message of a client. */
export interface TdsMessage {
  readonly type: number;
  readonly data: Buffer;
}

/** A certificate and its key, PEM. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
  /** Where TLS comes first; the newest when absent. */
  readonly maxVersion?: "TLSv1.2";
}

const headerLength = 8;
const lastPacket = 1;

/** The encrypted side of a TLS connection whose bytes travel as the channel says. */
class TlsPipe extends Duplex {
  readonly #send: (bytes: Buffer) => void;

  constructor(send: (bytes: Buffer) => void) {
    super();
    this.#send = send;
  }

  override _read(): void {
    // Bytes are pushed as they come.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#send(chunk);
    done();
  }
}

/** One end of a connection: messages in, messages out. */
export class TdsChannel {
  /** Bytes of one packet, header included. */
  packetSize = 4096;
  /** Whether the client has sent an attention that nobody has answered yet. */
  attention = false;
  /** Whether bytes are encrypted at the moment. */
  encrypted = false;
  readonly #socket: Socket;
  #pipe: TlsPipe | undefined;
  #tls: TLSSocket | undefined;
  #wrapped = false;
  #raw = Buffer.alloc(0);
  #clear = Buffer.alloc(0);
  #message: Buffer[] = [];
  #arrived: TdsMessage[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  #handshake: Buffer[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => this.#onRaw(bytes));
    socket.on("error", () => this.#end());
    socket.on("close", () => this.#end());
  }

  /** Goes on by TLS, the handshake inside of PRELOGIN packets unless the client began with TLS. */
  startTls(identity: TlsIdentity, wrapped: boolean): void {
    this.#wrapped = wrapped;
    this.#pipe = new TlsPipe((bytes) => this.#sendTls(bytes));
    this.#tls = new TLSSocket(this.#pipe, {
      isServer: true,
      ...identity,
      ...(wrapped ? { maxVersion: "TLSv1.2" } : { ALPNProtocols: ["tds/8.0"] }),
    });
    this.encrypted = true;
    this.#tls.on("data", (bytes: Buffer) => this.#onClear(bytes));
    this.#tls.on("error", () => this.close());
    const early = this.#raw;
    this.#raw = Buffer.alloc(0);
    if (early.length > 0) this.#onRaw(early);
  }

  /** What a login over this connection is tied to, as the server sees it: `tls-unique` of RFC 5929. */
  get binding(): Buffer | undefined {
    const finished = this.#tls?.getPeerFinished();
    if (finished === undefined) return undefined;
    return Buffer.concat([Buffer.from("tls-unique:", "latin1"), finished]);
  }

  /** Goes on in the clear after the login: what ENCRYPT_OFF at both ends means. */
  stopTls(): void {
    this.#tls?.removeAllListeners("data");
    this.#tls = undefined;
    this.#pipe = undefined;
    this.encrypted = false;
  }

  /** The first byte that the client sent: a TLS record begins with 0x16. */
  async firstByte(): Promise<number | undefined> {
    await this.#until(() => this.#raw.length > 0 || this.#arrived.length > 0);
    return this.#raw[0] ?? this.#arrived[0]?.type;
  }

  /** The next message, nothing when the client is gone. */
  async read(): Promise<TdsMessage | undefined> {
    await this.#until(() => this.#arrived.length > 0);
    return this.#arrived.shift();
  }

  /** Sends a part of a response, in packets; the last part ends the message. */
  async write(data: Buffer, last: boolean, type: number = packetType.response): Promise<void> {
    const room = this.packetSize - headerLength;
    const target = this.#tls ?? this.#socket;
    for (let start = 0; start === 0 || start < data.length; start += room) {
      const part = data.subarray(start, start + room);
      const isLast = last && start + room >= data.length;
      if (this.#ended) return;
      if (!target.write(packet(type, part, isLast))) await this.#drained(target);
    }
  }

  /** Ends the connection at once. */
  close(): void {
    this.#socket.destroy();
    this.#end();
  }

  get isClosed(): boolean {
    return this.#ended;
  }

  /** Waits until the socket takes more, or is gone. */
  #drained(target: Socket | TLSSocket): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        target.removeListener("drain", go);
        this.#socket.removeListener("close", go);
        resolve();
      };
      target.once("drain", go);
      this.#socket.once("close", go);
    });
  }

  /** Sends what the TLS engine made; a flight of the handshake goes as one PRELOGIN message. */
  #sendTls(bytes: Buffer): void {
    if (!this.#wrapped) {
      this.#socket.write(bytes);
      return;
    }
    this.#handshake.push(bytes);
    if (this.#handshake.length > 1) return;
    setImmediate(() => {
      const flight = Buffer.concat(this.#handshake);
      this.#handshake = [];
      if (!this.#socket.destroyed) this.#socket.write(packets(packetType.prelogin, flight, 4096));
    });
  }

  #onRaw(bytes: Buffer): void {
    if (this.#tls === undefined) {
      // Before a login it is not known yet whether these are packets or TLS records.
      this.#raw = Buffer.concat([this.#raw, bytes]);
      if (this.#raw[0] !== 0x16) this.#onClear(this.#takeRaw());
      this.#wake?.();
      return;
    }
    if (!this.#wrapped) {
      this.#pipe?.push(bytes);
      return;
    }
    this.#raw = Buffer.concat([this.#raw, bytes]);
    this.#unwrap();
  }

  /** Until the client's first bare TLS record, its handshake comes in PRELOGIN packets. */
  #unwrap(): void {
    while (this.#raw.length >= headerLength && this.#raw[0] === packetType.prelogin) {
      const length = this.#raw.readUInt16BE(2);
      if (this.#raw.length < length) return;
      this.#pipe?.push(Buffer.from(this.#raw.subarray(headerLength, length)));
      this.#raw = Buffer.from(this.#raw.subarray(length));
    }
    if (this.#raw.length === 0 || this.#raw[0] === packetType.prelogin) return;
    this.#wrapped = false;
    this.#pipe?.push(this.#takeRaw());
  }

  #takeRaw(): Buffer {
    const bytes = this.#raw;
    this.#raw = Buffer.alloc(0);
    return bytes;
  }

  #onClear(bytes: Buffer): void {
    this.#clear = Buffer.concat([this.#clear, bytes]);
    while (this.#clear.length >= headerLength) {
      const length = this.#clear.readUInt16BE(2);
      if (this.#clear.length < length || length < headerLength) break;
      const [type = 0, status = 0] = this.#clear;
      this.#message.push(this.#clear.subarray(headerLength, length));
      this.#clear = Buffer.from(this.#clear.subarray(length));
      if ((status & lastPacket) !== 0) this.#onMessage(type);
    }
  }

  #onMessage(type: number): void {
    const data = Buffer.concat(this.#message);
    this.#message = [];
    if (type === packetType.attention) this.attention = true;
    this.#arrived.push({ type, data });
    this.#wake?.();
  }

  async #until(ready: () => boolean): Promise<void> {
    while (!ready() && !this.#ended) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  #end(): void {
    this.#ended = true;
    this.#wake?.();
  }
}

function packet(type: number, data: Buffer, last: boolean): Buffer {
  const header = Buffer.of(type, last ? lastPacket : 0, 0, 0, 0, 55, 1, 0);
  header.writeUInt16BE(data.length + headerLength, 2);
  return Buffer.concat([header, data]);
}

function packets(type: number, data: Buffer, size: number): Buffer {
  const room = size - headerLength;
  const parts: Buffer[] = [];
  for (let start = 0; start < data.length; start += room) {
    parts.push(packet(type, data.subarray(start, start + room), start + room >= data.length));
  }
  return Buffer.concat(parts);
}
