/**
 * Ids that are short and sort by time.
 *
 * @module
 */

const digits = 36;

/** A new id of ten lower-case letters and digits: milliseconds since the epoch, and two by chance. */
export function newId(): string {
  const chance = Math.floor(Math.random() * digits ** 2).toString(digits).padStart(2, "0");
  return Date.now().toString(digits).padStart(8, "0") + chance;
}
