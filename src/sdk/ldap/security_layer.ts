/**
 * What a login by SASL leaves in the messages of LDAP: the credentials of the server in an answer, and
 * the layer that signs and encrypts every message after the login (RFC 4422, 3.7).
 *
 * @module
 */

import type { SealingContext } from "../../runtime/sspi.ts";

/** Tags of BER in a BindResponse (RFC 4511, 4.2.2). */
const bindResponseTag = 0x61;
const serverCredentialsTag = 0x87;

/** The elements of BER one after the other; none of an LDAP message has a tag of several bytes. */
function* elements(bytes: Buffer): Generator<{ readonly tag: number; readonly content: Buffer }> {
  for (let at = 0; at + 2 <= bytes.length;) {
    const tag = bytes[at] ?? 0;
    const short = bytes[at + 1] ?? 0;
    const extra = short < 0x80 ? 0 : short & 0x7f;
    const start = at + 2 + extra;
    const length = extra === 0 ? short : bytes.readUIntBE(at + 2, extra);
    yield { tag, content: bytes.subarray(start, start + length) };
    at = start + length;
  }
}

function findElement(bytes: Buffer, tag: number): Buffer {
  for (const element of elements(bytes)) if (element.tag === tag) return element.content;
  return Buffer.alloc(0);
}

/** `serverSaslCreds` of a BindResponse, which is not text; empty when there are none. */
export function readServerCredentials(message: Buffer): Buffer {
  const [whole] = elements(message);
  if (whole === undefined) return Buffer.alloc(0);
  return findElement(findElement(whole.content, bindResponseTag), serverCredentialsTag);
}

/** What we can take at once; also the most that three bytes can say. */
export const largestFrame = 0xff_ffff;
/** What signature and padding add to a message, at most. */
const largestOverhead = 512;
const lengthSize = 4;

/** Signs and encrypts what is sent, checks and decrypts what comes. */
export class SecurityLayer {
  readonly #context: SealingContext;
  readonly #largest: number;
  #received: Buffer[] = [];
  #size = 0;

  /** @param sendLimit Bytes that the other side can take at once, protected. */
  constructor(context: SealingContext, sendLimit: number) {
    this.#context = context;
    this.#largest = Math.max(1, sendLimit - largestOverhead);
  }

  /** What is to be sent instead of a message. */
  protect(message: Buffer): Buffer {
    const frames: Buffer[] = [];
    for (let at = 0; at < message.length; at += this.#largest) {
      const token = this.#context.wrap(message.subarray(at, at + this.#largest), true);
      const length = Buffer.alloc(lengthSize);
      length.writeUInt32BE(token.length);
      frames.push(length, Buffer.from(token));
    }
    return Buffer.concat(frames);
  }

  /**
   * Takes a piece of what came and gives what is in the frames that are whole with it.
   *
   * @throws When a frame is too long, or was changed on the way.
   */
  *open(piece: Buffer): Generator<Buffer> {
    this.#received.push(piece);
    this.#size += piece.length;
    for (;;) {
      const frame = this.#takeFrame();
      if (frame === undefined) return;
      yield Buffer.from(this.#context.unwrap(frame, true));
    }
  }

  close(): void {
    this.#context.close();
  }

  #takeFrame(): Buffer | undefined {
    if (this.#size < lengthSize) return undefined;
    const [first = Buffer.alloc(0)] = this.#received;
    const length = first.length >= lengthSize
      ? first.readUInt32BE(0)
      : this.#joined().readUInt32BE(0);
    if (length > largestFrame) throw new Error("it sends a protected message that is too long");
    const end = lengthSize + length;
    if (this.#size < end) return undefined;
    const all = this.#joined();
    const rest = all.subarray(end);
    this.#received = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
    return all.subarray(lengthSize, end);
  }

  #joined(): Buffer {
    const all = Buffer.concat(this.#received);
    this.#received = [all];
    return all;
  }
}
