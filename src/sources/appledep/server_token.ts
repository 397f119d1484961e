/**
 * The server token of Apple: four keys in JSON, as text or in a file.
 *
 * @module
 */

import { z } from "zod";
import { AuthError, parseJson, readTextFile } from "../../sdk/mod.ts";

/** A server token ("Examining server tokens"). */
export interface ServerToken {
  readonly consumer_key: string;
  readonly consumer_secret: string;
  readonly access_token: string;
  readonly access_secret: string;
  /** When Apple stops accepting it, ISO 8601; a year after it was made. */
  readonly access_token_expiry?: string | undefined;
}

function key(name: string, prefix: string) {
  return z.string({ error: `has no ${name}` })
    .startsWith(prefix, { error: `has a ${name} that does not begin with ${prefix}` });
}

const shape: z.ZodType<ServerToken> = z.object({
  consumer_key: key("consumer_key", "CK_"),
  consumer_secret: key("consumer_secret", "CS_"),
  access_token: key("access_token", "AT_"),
  access_secret: key("access_secret", "AS_"),
  access_token_expiry: z.string().optional().catch(undefined),
});

/** Whether the option holds the token itself, not the path of a file. */
export function isInline(text: string): boolean {
  return text.includes("{");
}

/**
 * Reads a token, also with the MIME headers and the `BEGIN MESSAGE` lines that stand around it after
 * it was decrypted.
 *
 * @returns the token, or what is wrong with it.
 */
export function parseServerToken(text: string): ServerToken | string {
  if (!isInline(text)) {
    return /pkcs7|smime|BEGIN CMS/i.test(text)
      ? "is still encrypted: decrypt it with the private key that was made for it"
      : "is not a server token in JSON";
  }
  // The message is wrapped at 76 characters by some programs, also inside of a key.
  const json = text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1).replace(/[\r\n]/g, "");
  // No message of the parser, which would quote a part of the secret.
  const value = parseJson(json, z.unknown());
  if (value === undefined) return "is not valid JSON";
  const result = shape.safeParse(value);
  return result.success ? result.data : result.error.issues[0]?.message ?? "is not valid";
}

/**
 * The token of an option.
 *
 * @throws {AuthError} when it is none.
 * @throws {SourceError} when the file cannot be read.
 */
export async function readServerToken(option: string): Promise<ServerToken> {
  const text = isInline(option) ? option : await readTextFile(option.trim());
  const token = parseServerToken(text);
  if (typeof token !== "string") return token;
  throw new AuthError(`The server token ${token}`, {
    hint: "Put the decrypted server token into api_token, or the path of the file with it.",
  });
}

const day = 24 * 60 * 60 * 1000;

/** What to warn of when the token ends within 30 days or has ended. */
export function expiryWarning(
  { access_token_expiry = "" }: ServerToken,
  now: number = Date.now(),
): string | undefined {
  const left = Date.parse(access_token_expiry) - now;
  if (Number.isNaN(left) || left > 30 * day) return undefined;
  const state = left <= 0 ? "ended" : "ends";
  return `The server token ${state} on ${access_token_expiry}: get a new one from Apple Business or School Manager`;
}
