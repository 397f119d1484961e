/**
 * Title case as CPython's, which JavaScript lacks: `ß` becomes `Ss`, `ǆ` becomes `ǅ`.
 *
 * @module
 */

/** Digraphs of Latin, each in its three cases. */
const digraphs = ["ǄǅǆDž", "ǇǈǉLj", "ǊǋǌNj", "ǱǲǳDz"];
const iota = "\u0345";

/** A character as the first of a word. */
export function titleCharacter(char: string): string {
  if (char < "\x80") return char.toUpperCase();
  if (/[\u10d0-\u10ff\p{Lt}]/u.test(char)) return char;
  const digraph = digraphs.find((all) => all.slice(0, 3).includes(char));
  if (digraph !== undefined) return digraph.charAt(1);
  if (char === "ŉ") return "ʼN";
  const parts = char.normalize("NFD");
  if (parts.includes(iota)) return greekTitle(char, parts);
  const [first = "", ...rest] = char.toUpperCase();
  return first + rest.join("").toLowerCase();
}

/** Small letters with an iota below: the letter alone is made large. */
function greekTitle(char: string, parts: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code >= 0x1f80 && code < 0x1fb0) return String.fromCodePoint(code | 8);
  if (code === 0x1fb3 || code === 0x1fc3 || code === 0x1ff3) return String.fromCodePoint(code + 9);
  return parts.replace(iota, "").normalize("NFC").toUpperCase() + iota;
}

const casedPattern = /[\p{Uppercase}\p{Lowercase}\p{Lt}]/u;
const ignorable = /[\p{Mn}\p{Me}\p{Cf}\p{Lm}\p{Sk}'.:^`\u00b7\u2018\u2019]/u;

/** A small sigma is another one at the end of a word. */
function smallSigma(chars: readonly string[], at: number): string {
  let before = at - 1;
  while (before >= 0 && ignorable.test(chars[before] ?? "")) before--;
  let after = at + 1;
  while (after < chars.length && ignorable.test(chars[after] ?? "")) after++;
  const follows = before >= 0 && casedPattern.test(chars[before] ?? "");
  const goesOn = after < chars.length && casedPattern.test(chars[after] ?? "");
  return follows && !goesOn ? "ς" : "σ";
}

function lowerAt(chars: readonly string[], at: number): string {
  const char = chars[at] ?? "";
  return char === "Σ" ? smallSigma(chars, at) : char.toLowerCase();
}

/** str.title() */
export function title(text: string): string {
  const chars = Array.from(text);
  let inWord = false;
  return chars.map((char, at) => {
    const shown = inWord ? lowerAt(chars, at) : titleCharacter(char);
    inWord = casedPattern.test(char);
    return shown;
  }).join("");
}

/** str.capitalize() */
export function capitalize(text: string): string {
  const chars = Array.from(text);
  return chars.map((char, at) => at === 0 ? titleCharacter(char) : lowerAt(chars, at)).join("");
}
