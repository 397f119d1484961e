/**
 * Signs a macOS executable ad hoc, the way Apple's linker does: Bun appends the program after the
 * pages that were signed and leaves the old signature on Intel, and macOS kills such a program.
 *
 * Format: `cs_blobs.h` of Apple's XNU; but for the identifier, byte for byte what Bun itself writes for
 * Apple silicon.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const segmentCommand = 0x19;
const signatureCommand = 0x1d;
const pageSize = 4096;
const hashSize = 32;
/** Bytes before the identifier: the header of a code directory of version 2.4. */
const headerSize = 88;
/** Whose program it is, as Apple asks for it: what was allowed to one version is by it allowed to the next. */
const identifier = "com.oomnitza.agent\0";

interface Layout {
  /** Offset of the load command that points to the signature. */
  readonly signature: number;
  /** Offset of the load command of the segment that holds the signature. */
  readonly linkEdit: number;
  /** Bytes of the file that hold code, from its start. */
  readonly textSize: bigint;
}

/** Replaces the signature of the 64-bit Mach-O file at `path`; throws when it has no place for one. */
export function signMachO(path: string): void {
  writeFileSync(path, signedMachO(readFileSync(path)), { mode: 0o755 });
}

/** The same executable with a new ad hoc signature over all that comes before it. */
export function signedMachO(executable: Uint8Array): Uint8Array {
  const bytes = Buffer.from(executable);
  const layout = readLayout(bytes);
  const codeSize = bytes.readUInt32LE(layout.signature + 8);
  const blobSize = 20 + directorySize(codeSize);
  bytes.writeUInt32LE(blobSize, layout.signature + 12);
  const linkEditStart = Number(bytes.readBigUInt64LE(layout.linkEdit + 40));
  const linkEditSize = codeSize + blobSize - linkEditStart;
  bytes.writeBigUInt64LE(BigInt(linkEditSize), layout.linkEdit + 48);
  const wholePages = Math.ceil(linkEditSize / pageSize) * pageSize;
  const reserved = Number(bytes.readBigUInt64LE(layout.linkEdit + 32));
  bytes.writeBigUInt64LE(BigInt(Math.max(reserved, wholePages)), layout.linkEdit + 32);
  const code = bytes.subarray(0, codeSize);
  return Buffer.concat([code, superBlob(code, layout.textSize, blobSize)]);
}

function readLayout(bytes: Buffer): Layout {
  if (bytes.readUInt32LE(0) !== 0xfeedfacf) throw new Error("Not a 64-bit Mach-O executable.");
  const commands = bytes.readUInt32LE(16);
  let signature: number | undefined;
  let linkEdit: number | undefined;
  let textSize = 0n;
  for (let index = 0, at = 32; index < commands; index++, at += bytes.readUInt32LE(at + 4)) {
    const kind = bytes.readUInt32LE(at);
    if (kind === signatureCommand) signature = at;
    if (kind !== segmentCommand) continue;
    const name = bytes.toString("latin1", at + 8, at + 24).replace(/\0+$/, "");
    if (name === "__LINKEDIT") linkEdit = at;
    if (name === "__TEXT") textSize = bytes.readBigUInt64LE(at + 48);
  }
  if (signature === undefined || linkEdit === undefined) {
    throw new Error("The Mach-O executable has no room for a signature.");
  }
  return { signature, linkEdit, textSize };
}

function directorySize(codeSize: number): number {
  return headerSize + identifier.length + Math.ceil(codeSize / pageSize) * hashSize;
}

function superBlob(code: Buffer, textSize: bigint, size: number): Buffer {
  const blob = Buffer.alloc(size);
  [0xfade0cc0, size, 1, 0, 20].forEach((value, index) => blob.writeUInt32BE(value, index * 4));
  const directory = blob.subarray(20);
  const hashes = headerSize + identifier.length;
  const pages = Math.ceil(code.length / pageSize);
  const adHocLinkerSigned = 0x2_0002;
  const header = [0xfade0c02, directory.length, 0x2_0400, adHocLinkerSigned, hashes, headerSize];
  header.concat(0, pages, code.length).forEach((value, index) =>
    directory.writeUInt32BE(value, index * 4)
  );
  directory.set([hashSize, 2, 0, Math.log2(pageSize)], 36);
  directory.writeBigUInt64BE(textSize, 72);
  directory.writeBigUInt64BE(1n, 80); // the text segment is that of the main executable
  directory.write(identifier, headerSize, "latin1");
  for (let page = 0; page < pages; page++) {
    const content = code.subarray(page * pageSize, (page + 1) * pageSize);
    directory.set(createHash("sha256").update(content).digest(), hashes + page * hashSize);
  }
  return blob;
}
