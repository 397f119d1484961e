/**
 * Which language a body is written in.
 *
 * The first line may say so. Otherwise a body that only one language understands is of that language.
 * What both understand, such as `return record.get("position", "none")`, is Python, unless it has a
 * sign that only JavaScript gives: a semicolon at the end of a line, `null`, `true`, `undefined`,
 * `Math`, `.length`, `.toUpperCase()` and the like.
 *
 * @module
 */

import { isNode, parseBody, type ParsedBody, type SyntaxNode, walk } from "./syntax_tree.ts";

/** Names that Python code has no use for. */
const names = new Set(
  ("undefined NaN Infinity Math JSON String Number Boolean Array Object BigInt Date RegExp Map Set Symbol " +
    "parseInt parseFloat isNaN isFinite encodeURIComponent decodeURIComponent console")
    .split(" "),
);

/** Methods and properties that only JavaScript's values have. */
const members = new Set(
  ("length includes indexOf lastIndexOf toUpperCase toLowerCase startsWith endsWith trim trimStart trimEnd " +
    "substring substr charAt charCodeAt slice push unshift shift concat map filter reduce some every forEach " +
    "find findIndex flat flatMap at padStart padEnd replaceAll repeat toString toFixed match matchAll test " +
    "localeCompare hasOwnProperty getTime toISOString getFullYear entries").split(" "),
);

/** Whether a body that parses as both languages is JavaScript. */
export function hasJavaScriptSigns(text: string): boolean {
  let parsed: ParsedBody;
  try {
    parsed = parseBody(text);
  } catch {
    return false;
  }
  const { program, tokens } = parsed;
  if (tokens.some(({ type, end }) => type.label === ";" && /^[ \t]*(\n|$)/.test(text.slice(end)))) {
    return true;
  }
  let found = false;
  walk(program, (node) => found ||= isSign(node));
  return found;
}

function isSign(node: SyntaxNode): boolean {
  if (node.type === "Literal") return node["value"] === null || typeof node["value"] === "boolean";
  if (node.type === "Identifier") return names.has(String(node["name"]));
  if (node.type !== "MemberExpression" || node["computed"] === true) return false;
  const { object, property } = node;
  if (!isNode(property) || !members.has(String(property["name"]))) return false;
  // A field of the record may be called `length` or `at`.
  return !(isNode(object) && object.type === "Identifier" && object["name"] === "record");
}

/** Whether text that neither language understands was meant as JavaScript. */
export function looksLikeJavaScript(text: string): boolean {
  return /;[ \t]*$|^[ \t]*(\}|\/\/)|\{[ \t]*$|=>|===|!==|&&|\|\||\b(const|let|var|function|new)\b[ \t]+\w|\?\?/m
    .test(text.replace(/(["'])(?:\\.|(?!\1).)*\1/g, '""'));
}
