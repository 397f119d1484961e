/**
 * Whether Python looks as if JavaScript had been meant.
 *
 * A body is Python when it is valid Python, whatever else it could be, and JavaScript when it is not,
 * or when its first line says so. What has signs of JavaScript, such as `null`, `true`, `.length` or
 * `.toUpperCase()`, and is Python all the same, is worth a warning.
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

/** Whether a body that is valid in both languages has signs of JavaScript. */
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
