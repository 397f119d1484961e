/**
 * Recognises web pages: logins and error pages instead of the requested data.
 *
 * @module
 */

/** Whether an answer is a web page, by its content type or its beginning. */
export function isWebPage(headers: Headers, beginning: string): boolean {
  const type = headers.get("content-type") ?? "";
  return type.includes("text/html") || /^\s*<(!doctype html|html|head|body)\b/i.test(beginning);
}
