/**
 * Texts made small, quickly rather than very small.
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
