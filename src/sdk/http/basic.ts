/**
 * HTTP Basic (RFC 7617).
 *
 * @module
 */

/** The value of an Authorization or Proxy-Authorization header, in UTF-8. */
export function basicCredentials(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, "utf8").toString("base64")}`;
}

/** A user or a password as it stands in a URL; a % that begins no character stands for itself. */
export function decodeCredential(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
