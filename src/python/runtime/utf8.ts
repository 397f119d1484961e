/**
 * UTF-8, with one character for each byte.
 *
 * @module
 */

/** UTF-8 bytes of a text, one character per byte. */
export function utf8(text: string): string {
  let out = "";
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (code < 0x80) out += char;
    else if (code < 0x800) out += bytesOf(0xc0 | code >> 6, 0x80 | code & 63);
    else if (code < 0x10000) {
      out += bytesOf(0xe0 | code >> 12, 0x80 | code >> 6 & 63, 0x80 | code & 63);
    } else {out += bytesOf(
        0xf0 | code >> 18,
        0x80 | code >> 12 & 63,
        0x80 | code >> 6 & 63,
        0x80 | code & 63,
      );}
  }
  return out;
}

const bytesOf = String.fromCharCode;

/** The text of UTF-8 bytes; `bad(byte, at)` gives what stands for a wrong one. */
export function fromUtf8(bytes: string, bad: (byte: number, at: number) => string): string {
  let out = "";
  for (let at = 0; at < bytes.length;) {
    const first = bytes.charCodeAt(at);
    const size = first < 0x80
      ? 1
      : first >= 0xc2 && first < 0xe0
      ? 2
      : first >= 0xe0 && first < 0xf0
      ? 3
      : first >= 0xf0 && first < 0xf5
      ? 4
      : 0;
    let code = size === 1 ? first : first & (0xff >> size + 1);
    let good = size > 0 && at + size <= bytes.length;
    for (let next = 1; good && next < size; next++) {
      const byte = bytes.charCodeAt(at + next);
      good = (byte & 0xc0) === 0x80;
      code = code << 6 | byte & 63;
    }
    if (
      good && (size === 3 && code < 0x800 || code > 0x10ffff || code >= 0xd800 && code < 0xe000)
    ) good = false;
    out += good ? String.fromCodePoint(code) : bad(first, at);
    at += good ? size : 1;
  }
  return out;
}
