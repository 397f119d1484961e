/**
 * Colours for the states in results, where a person reads them on a terminal.
 *
 * @module
 */

/** Changes a text that is about to be shown: only colours are added. */
export type Paint = (text: string) => string;

/** SGR codes (ECMA-48, 8.3.117): what is well, what is doubtful, what is not well, what goes on. */
const codes = { good: 32, warning: 33, bad: 31, busy: 36 } as const;

/** How each state is coloured, by its word in any case. */
const tones: Readonly<Record<string, keyof typeof codes>> = {
  ok: "good",
  warn: "warning",
  warning: "warning",
  late: "warning",
  partly: "warning",
  interrupted: "bad",
  failed: "bad",
  invalid: "bad",
  running: "busy",
};

function colour(word: string): string {
  const tone = tones[word.toLowerCase()];
  return tone === undefined ? word : `\x1b[${codes[tone]}m${word}\x1b[0m`;
}

/** Colours the state that each line begins with: `FAILED [okta] …`. */
export function paintFirstWords(text: string): string {
  return text.replace(/^ {0,2}\w+(?=\s)/gm, (start) => start.replace(/\w+$/, colour));
}

/** Colours the state in a column of a table whose cells before it have no blanks, counted from 0. */
export function paintColumn(column: number): Paint {
  const before = new RegExp(`^(\\s*(?:\\S+\\s+){${column}})(\\w+)(?=\\s)`, "gm");
  return (text) =>
    text.replace(before, (_all, start: string, word: string) => start + colour(word));
}

/** Colours the state behind the name that a line begins with: `okta: failed: …`. */
export function paintOutcome(text: string): string {
  return text.replace(/^(\S+: )(\w+)(?=:)/, (_all, start: string, word) => start + colour(word));
}
