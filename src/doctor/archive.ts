/**
 * Writes `.tar.gz` archives of a few texts. Format: "ustar Interchange Format" of POSIX.1-2017 pax.
 *
 * @module
 */

import { gzipSync } from "node:zlib";

export interface ArchiveFile {
  /** Path in the archive, at most 100 characters of ASCII. */
  readonly name: string;
  readonly text: string;
}

const block = 512;

/** The bytes of an archive; `at` is when its files were written. */
export function packArchive(files: readonly ArchiveFile[], at: Date): Uint8Array {
  const parts = files.flatMap(({ name, text }) => {
    const content = Buffer.from(text);
    const padding = Buffer.alloc((block - content.length % block) % block);
    return [header(name, content.length, at), content, padding];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * block)]));
}

function header(name: string, size: number, at: Date): Buffer {
  const bytes = Buffer.alloc(block);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  bytes.write(name, 0, 100, "latin1");
  bytes.write(octal(0o600, 7), 100, "latin1");
  bytes.write(octal(0, 7), 108, "latin1");
  bytes.write(octal(0, 7), 116, "latin1");
  bytes.write(octal(size, 11), 124, "latin1");
  bytes.write(octal(Math.floor(at.getTime() / 1000), 11), 136, "latin1");
  bytes.write("        ", 148, "latin1"); // the sum is made with blanks there
  bytes.write("0", 156, "latin1");
  bytes.write("ustar\x0000", 257, "latin1");
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${octal(sum, 6)}\0 `, 148, "latin1");
  return bytes;
}
