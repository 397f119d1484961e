/**
 * Bytes as the Tabular Data Stream writes them: [MS-TDS] 2.2.5.2, little-endian throughout.
 *
 * @module
 */

/** A byte. */
export function u8(value: number): Buffer {
  return Buffer.of(value & 0xff);
}

/** USHORT. */
export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

/** ULONG. */
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

/** ULONGLONG; a negative LONGLONG is written as its two's complement. */
export function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes;
}

/** UTF-16 without a length. */
export function utf16(text: string): Buffer {
  return Buffer.from(text, "utf16le");
}

/** B_VARCHAR: a byte with the number of characters, then UTF-16. */
export function shortText(text: string): Buffer {
  return Buffer.concat([u8(text.length), utf16(text)]);
}

/** US_VARCHAR: two bytes with the number of characters, then UTF-16. */
export function longText(text: string): Buffer {
  return Buffer.concat([u16(text.length), utf16(text)]);
}

/** Reads from the beginning of some bytes to their end. */
export class ByteReader {
  readonly #bytes: Buffer;
  /** Where the next byte is read. */
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** Whether all is read. */
  get done(): boolean {
    return this.at >= this.#bytes.length;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.at++);
  }

  u16(): number {
    this.at += 2;
    return this.#bytes.readUInt16LE(this.at - 2);
  }

  u32(): number {
    this.at += 4;
    return this.#bytes.readUInt32LE(this.at - 4);
  }

  u64(): bigint {
    this.at += 8;
    return this.#bytes.readBigUInt64LE(this.at - 8);
  }

  bytes(length: number): Buffer {
    if (this.at + length > this.#bytes.length) throw new Error("A TDS message is cut short.");
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  utf16(characters: number): string {
    return this.bytes(characters * 2).toString("utf16le");
  }
}
