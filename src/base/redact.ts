/**
 * Keeps secrets out of everything that is written: logs, errors, reports, traces.
 *
 * @module
 */

const MASK = "***";

/** Knows the secrets of this process and masks them in text. */
export interface Redactor {
  /** Remembers a secret, in every spelling that it takes on the wire. Very short ones are ignored. */
  add(secret: string): void;
  /** The text with every known secret masked. */
  redact(text: string): string;
}

/** Secrets shorter than this would mask ordinary words and digits all over a log. */
const SHORTEST = 4;

function spellings(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const bytes = new TextEncoder().encode(secret);
  const base64 = btoa(String.fromCharCode(...bytes));
  return [secret, json, encodeURIComponent(secret), base64, base64.replace(/=+$/, "")];
}

/** Creates an empty {@linkcode Redactor}. */
export function createRedactor(): Redactor {
  const known = new Set<string>();
  let ordered: string[] = [];
  return {
    add(secret) {
      if (secret.length < SHORTEST) return;
      for (const spelling of spellings(secret)) known.add(spelling);
      // Longest first, so that a secret that contains another is masked whole.
      ordered = [...known].sort((a, b) => b.length - a.length);
    },
    redact(text) {
      let result = text;
      for (const secret of ordered) {
        if (result.includes(secret)) result = result.replaceAll(secret, MASK);
      }
      return result;
    },
  };
}
