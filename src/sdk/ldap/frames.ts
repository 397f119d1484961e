/**
 * Cuts what a directory sends into whole messages, without copying a long one again with every piece
 * that arrives of it.
 *
 * @module
 */

/** No entry is so large; a directory that says more is none, or means harm. */
const largestMessage = 64 * 1024 * 1024;

/** Bytes of a message by its head (BER: tag, length, content); undefined while the head is not all there. */
function messageLength(head: Buffer): number | undefined {
  const short = head[1];
  if (short === undefined) return undefined;
  if (short < 0x80) return 2 + short;
  const count = short & 0x7f;
  if (count === 0 || count > 4) throw new Error("it sends something that is not an LDAP message");
  return head.length < 2 + count ? undefined : 2 + count + head.readUIntBE(2, count);
}

/** What has arrived of messages that are not whole. */
export class MessageFrames {
  #pieces: Buffer[] = [];
  #size = 0;
  /** Bytes of the current message; 0 while that is not known. */
  #needed = 0;

  /**
   * Takes a piece and gives the messages that are whole with it.
   *
   * @throws When a message says that it is too long.
   */
  *add(piece: Buffer): Generator<Buffer> {
    this.#pieces.push(piece);
    this.#size += piece.length;
    while (this.#isKnown() && this.#size >= this.#needed) {
      const all = this.#joined();
      const rest = all.subarray(this.#needed);
      const message = all.subarray(0, this.#needed);
      this.#pieces = rest.length === 0 ? [] : [rest];
      this.#size = rest.length;
      this.#needed = 0;
      yield message;
    }
  }

  /** Looks, if need be, how long the next message is. */
  #isKnown(): boolean {
    if (this.#needed > 0) return true;
    this.#needed = messageLength(this.#joined()) ?? 0;
    if (this.#needed > largestMessage) {
      throw new Error(`it sends a message of more than ${largestMessage / 1024 / 1024} MB`);
    }
    return this.#needed > 0;
  }

  #joined(): Buffer {
    const [first] = this.#pieces;
    if (this.#pieces.length === 1 && first !== undefined) return first;
    const all = Buffer.concat(this.#pieces);
    this.#pieces = [all];
    return all;
  }
}
