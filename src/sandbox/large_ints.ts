/**
 * Ints beyond 2**53 on their way into the sandbox: databases give them, and JSON has no form for them.
 *
 * A line that holds one has `true` as its third part. In it such an int is a text that begins with a
 * mark and `i`; other texts that begin with the mark have it twice.
 *
 * @module
 */

/** What texts begin with that mean something else. */
export const largeIntMark = "\u0001";

/** The line of a record with ints of any size. */
export function encodeLargeInts([record, values]: readonly unknown[]): string {
  return JSON.stringify([record, values, true], (_key, value: unknown) => {
    if (typeof value === "string") {
      return value.startsWith(largeIntMark) ? largeIntMark + value : value;
    }
    if (typeof value !== "bigint") return value;
    return Number.isSafeInteger(Number(value)) ? Number(value) : `${largeIntMark}i${value}`;
  });
}

/** A record from such a line, with the ints as texts: for code that knows no large ones. */
export function decodeLargeInts(value: unknown): unknown {
  if (typeof value === "string" && value.startsWith(largeIntMark)) {
    return value.slice(value[1] === "i" ? 2 : 1);
  }
  if (Array.isArray(value)) return value.map(decodeLargeInts);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, decodeLargeInts(one)]));
}
