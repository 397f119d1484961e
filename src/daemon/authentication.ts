/**
 * Who may post: name and password, or a secret in a header.
 *
 * @module
 */

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { ServeOptions } from "../settings/serve_options.ts";

/** Decides whether a caller may post. */
export interface Authenticator {
  readonly admits: (headers: Headers) => boolean;
  /** What to send with a refusal. */
  readonly challenge: Readonly<Record<string, string>>;
}

/**
 * Compares with some secrets, in a time that reveals nothing about them: digests of one length are compared,
 * all of them every time.
 */
function comparer(secrets: readonly string[]): (text: string) => boolean {
  const salt = randomBytes(32);
  function digest(text: string): Uint8Array {
    return createHmac("sha256", salt).update(text, "utf8").digest();
  }
  const digests = secrets.map(digest);
  return (text) => {
    const given = digest(text);
    return digests.map((known) => timingSafeEqual(known, given)).includes(true);
  };
}

/** The `name:password` of a Basic header (RFC 7617), blank when there is none. */
function readBasicCredentials(headers: Headers): string {
  const [, encoded = ""] = /^basic +([\w+/=-]+)$/i.exec(headers.get("authorization") ?? "") ?? [];
  return Buffer.from(encoded, "base64").toString("utf8");
}

function filled(secrets: readonly string[]): string[] {
  return secrets.filter((secret) => secret !== "");
}

/** The authentication that the options select. */
export function createAuthenticator(options: ServeOptions): Authenticator {
  const { auth, username, password, password_old, header, secret, secret_old } = options;
  if (auth === "basic") {
    const passwords = filled([password, password_old]);
    const isKnown = comparer(passwords.map((word) => `${username}:${word}`));
    return {
      admits: (headers) => isKnown(readBasicCredentials(headers)),
      challenge: { "WWW-Authenticate": 'Basic realm="agent", charset="UTF-8"' },
    };
  }
  if (auth === "header") {
    const isKnown = comparer(filled([secret, secret_old]));
    return { admits: (headers) => isKnown(headers.get(header) ?? ""), challenge: {} };
  }
  return { admits: () => true, challenge: {} };
}
