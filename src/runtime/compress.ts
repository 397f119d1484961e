/**
 * Texts and bytes made small.
 *
 * @module
 */

/** A text as compressed bytes: Zstandard at its quickest, which is quicker than writing the text. */
export function compress(text: string): Uint8Array {
  return Bun.zstdCompressSync(text, { level: 1 });
}

/** The text that {@linkcode compress} took; throws when the bytes are something else. */
export function decompress(bytes: Uint8Array): string {
  return new TextDecoder().decode(Bun.zstdDecompressSync(bytes));
}

/** Bytes as small as can be; it takes long, and belongs to where the program is made. */
export function compressWell(bytes: Uint8Array): Uint8Array {
  return Bun.zstdCompressSync(bytes, { level: 19 });
}

/** The bytes that {@linkcode compressWell} took; throws when they are something else. */
export function decompressBytes(bytes: Uint8Array): Uint8Array {
  return Bun.zstdDecompressSync(bytes);
}
