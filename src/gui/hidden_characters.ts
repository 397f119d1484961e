/**
 * Characters that nobody sees and that change what is read: a name may hold one that shows the text
 * behind it backwards. The pages show them as escapes.
 *
 * @module
 */

/** Embeddings, overrides and isolates, and the marks between directions (Unicode Standard Annex 9, 2). */
const hidden = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
const everywhere = new RegExp(hidden, "g");

/** Tags and fields stay as they are, so that a form sends back what the file says. */
const outside = new RegExp(`<textarea[^]*?</textarea>|<[^>]*>|${hidden.source}`, "g");

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** A text with its hidden characters as escapes such as `\u202e`. */
export function showHidden(text: string): string {
  return text.replace(everywhere, escapeCharacter);
}

/** The same for the texts of a page, but not for its tags, values and fields. */
export function showHiddenInPage(html: string): string {
  if (!hidden.test(html)) return html;
  return html.replace(outside, (found) => found.length === 1 ? escapeCharacter(found) : found);
}
