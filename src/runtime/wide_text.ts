/**
 * Texts as the functions of Windows take them.
 *
 * @module
 */

/** A text in UTF-16 with a zero at its end. It must be kept for as long as Windows looks at it. */
export function toWideText(text: string): Buffer {
  return Buffer.from(`${text}\0`, "utf16le");
}
