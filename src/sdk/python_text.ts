/**
 * Text as Python sees it, where that differs from JavaScript: what is white space.
 *
 * The names and results of the converters come from the Python connector, and so do these rules.
 *
 * @module
 */

/** Python's `str.isspace` for one UTF-16 unit: it knows U+001C…U+001F and U+0085, and not U+FEFF. */
function isSpace(code: number): boolean {
  if (code < 0x80) return code === 32 || (code >= 9 && code <= 13) || (code >= 28 && code <= 31);
  if (code === 0x85 || code === 0xa0 || code === 0x1680) return true;
  if (code < 0x2000) return false;
  return code <= 0x200a || code === 0x2028 || code === 0x2029 || code === 0x202f ||
    code === 0x205f || code === 0x3000;
}

/** Python's `text.strip()`: without the white space at both ends. */
export function strip(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** Python's `text.split()`: the words between runs of white space; none for blank text. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let start = -1;
  for (let at = 0; at <= text.length; at++) {
    const outside = at === text.length || isSpace(text.charCodeAt(at));
    if (!outside && start === -1) start = at;
    if (!outside || start === -1) continue;
    words.push(text.slice(start, at));
    start = -1;
  }
  return words;
}

/**
 * A top-level field of a record as stripped text: `""` when the record lacks it, nothing when it is
 * there and is not text.
 */
export function strippedField(
  record: Readonly<Record<string, unknown>>,
  key: string,
): string | undefined {
  if (!Object.hasOwn(record, key)) return "";
  const value = record[key];
  return typeof value === "string" ? strip(value) : undefined;
}
