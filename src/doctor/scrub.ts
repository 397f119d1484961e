/**
 * Masks what looks like a secret, where nobody knows whether it is one.
 *
 * @module
 */

const mask = "***";

/** `password=…`, `"api_token": "…"`, `Authorization: Basic …`. */
const named =
  /((?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|credential|cookie|authorization2?)["']?\s*[:=]\s*)("[^"\n]*"|'[^'\n]*'|(?:(?:basic|bearer|token)\s+)?[^\s"',;&]+)/gi;
/** `Bearer …` wherever it stands. */
const scheme = /\b(basic|bearer)\s+[A-Za-z0-9+/=._~-]{8,}/gi;
/** `https://user:password@host`. */
const inAddress = /(\/\/[^\s/:@]*:)[^\s/@]+@/g;
/** What follows the question mark of an address. */
const query = /(https?:\/\/[^\s?"']+\?)[^\s"']+/gi;
/** Three parts with dots: JSON Web Token. */
const webToken = /\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g;

/** The text without what looks like a secret. */
export function scrub(text: string): string {
  return text
    .replace(inAddress, `$1${mask}@`)
    .replace(query, `$1${mask}`)
    .replace(webToken, mask)
    .replace(scheme, `$1 ${mask}`)
    .replace(named, `$1${mask}`);
}
