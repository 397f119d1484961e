/**
 * The structures of the GSS-API's C binding (RFC 2744) in memory: buffers, names of mechanisms, channel
 * bindings. Each keeps what it points at for as long as it lives itself.
 *
 * @module
 */

import { type Pointer, ptr, toArrayBuffer } from "bun:ffi";

/** Apple's headers leave no gaps in these structures on Intel processors (`#pragma pack(push,2)`). */
const isPacked = process.platform === "darwin" && process.arch === "x64";
/** Bytes that a 32-bit number takes where a pointer or a length follows it. */
const wordSize = isPacked ? 4 : 8;
const pointerSize = 8;

/** Memory that C reads, and what it points at. */
export class GssStruct {
  readonly bytes: Buffer;
  /** What would be freed too early otherwise. */
  readonly #kept: Uint8Array[] = [];

  constructor(size: number) {
    this.bytes = Buffer.alloc(size);
  }

  get pointer(): Pointer {
    return ptr(this.bytes);
  }

  /** Writes the address of something at an offset; of nothing where it is empty. */
  point(offset: number, target: Uint8Array): void {
    if (target.length === 0) return;
    this.#kept.push(target);
    this.bytes.writeBigUInt64LE(BigInt(ptr(target)), offset);
  }
}

/** A `gss_buffer_desc`: a length and an address; filled with a copy of some bytes, or to be filled. */
export function gssBuffer(content: Uint8Array = new Uint8Array(0)): GssStruct {
  const struct = new GssStruct(2 * pointerSize);
  struct.bytes.writeBigUInt64LE(BigInt(content.length), 0);
  struct.point(pointerSize, new Uint8Array(content));
  return struct;
}

/** A copy of what the library put into a buffer, which is still the library's to free. */
export function readGssBuffer({ bytes }: GssStruct): Uint8Array {
  const length = Number(bytes.readBigUInt64LE(0));
  const address = Number(bytes.readBigUInt64LE(pointerSize));
  if (length === 0 || address === 0) return new Uint8Array(0);
  return new Uint8Array(toArrayBuffer(address as Pointer, 0, length)).slice();
}

/** A `gss_OID_desc`, from the content of the DER encoding in hexadecimal. */
export function gssOid(hexadecimal: string): GssStruct {
  const content = Buffer.from(hexadecimal, "hex");
  const struct = new GssStruct(wordSize + pointerSize);
  struct.bytes.writeUInt32LE(content.length, 0);
  struct.point(wordSize, new Uint8Array(content));
  return struct;
}

/** A `gss_OID_set_desc` with one member. */
export function gssOidSet(oid: GssStruct): GssStruct {
  const struct = new GssStruct(2 * pointerSize);
  struct.bytes.writeBigUInt64LE(1n, 0);
  struct.point(pointerSize, oid.bytes);
  return struct;
}

/** A `gss_key_value_set_desc` (gssapi_ext.h of MIT Kerberos). */
export function gssKeyValues(pairs: Readonly<Record<string, string>>): GssStruct {
  const entries = Object.entries(pairs);
  const elements = new GssStruct(entries.length * 2 * pointerSize);
  for (const [index, words] of entries.entries()) {
    for (const [part, word] of words.entries()) {
      elements.point((2 * index + part) * pointerSize, Buffer.from(`${word}\0`));
    }
  }
  const struct = new ListStruct(elements);
  struct.bytes.writeUInt32LE(entries.length, 0);
  return struct;
}

/** A count, and the address of elements that point at things themselves. */
class ListStruct extends GssStruct {
  readonly elements: GssStruct;

  constructor(elements: GssStruct) {
    super(wordSize + pointerSize);
    this.elements = elements;
    this.point(wordSize, elements.bytes);
  }
}

/** A `gss_channel_bindings_struct` that has application data only (RFC 2744, 3.11). */
export function gssChannelBindings(data: Uint8Array): GssStruct {
  const address = wordSize + 2 * pointerSize;
  const struct = new GssStruct(2 * address + 2 * pointerSize);
  struct.bytes.writeBigUInt64LE(BigInt(data.length), 2 * address);
  struct.point(2 * address + pointerSize, new Uint8Array(data));
  return struct;
}

/** A place for a handle that the library gives: a pointer of its own. */
export class GssHandle {
  readonly #bytes = Buffer.alloc(pointerSize);

  /** Where the library writes the handle. */
  get place(): Pointer {
    return ptr(this.#bytes);
  }

  /** The handle, nothing as long as there is none. */
  get value(): Pointer | null {
    const address = Number(this.#bytes.readBigUInt64LE(0));
    return address === 0 ? null : address as Pointer;
  }
}
