/**
 * Reads public keys and signatures of minisign and checks them: Ed25519 over the BLAKE2b hash.
 *
 * Formats: "Minisign signature format" and "Minisign public key format" of minisign's manual.
 *
 * @module
 */

import { createHash, createPublicKey, verify } from "node:crypto";
import { AgentError } from "../base/errors.ts";

export interface PublicKey {
  /** Which key pair it is of, 16 hexadecimal digits as minisign shows them. */
  readonly id: string;
  /** The 32 bytes of the Ed25519 key. */
  readonly bytes: Uint8Array;
}

const keyLength = 42;
const signatureLength = 74;

/**
 * Reads a public key: the file that minisign writes, or its second line alone.
 *
 * @throws {AgentError} when it is none.
 */
export function parsePublicKey(text: string, where: string): PublicKey {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const bytes = decode(lines.at(-1));
  const isKey = lines.length <= 2 && bytes.length === keyLength &&
    bytes.toString("latin1", 0, 2) === "Ed";
  if (!isKey) {
    throw new AgentError(`${where} is not a public key of minisign`, {
      hint: "It has two lines: a comment, and 56 characters that begin with RW.",
    });
  }
  return { id: keyId(bytes), bytes: bytes.subarray(10) };
}

/**
 * Checks that `signature`, the text of a `.minisig` file, was made over `content` with the key.
 *
 * @param where Names the signature in errors.
 * @returns The trusted comment.
 * @throws {AgentError} when it was not.
 */
export function verifySignature(
  content: Uint8Array,
  signature: string,
  key: PublicKey,
  where: string,
): string {
  const [, first = "", comment = "", second = ""] = signature.split(/\r?\n/);
  const bytes = decode(first);
  const trusted = /^trusted comment: (.*)$/.exec(comment)?.[1];
  const global = decode(second);
  if (bytes.length !== signatureLength || trusted === undefined || global.length !== 64) {
    throw new AgentError(`${where} is not a signature of minisign`, {
      hint:
        "Check the file at that address: it should have four lines, of which the first is a comment.",
    });
  }
  if (bytes.toString("latin1", 0, 2) !== "ED") {
    throw new AgentError(
      `${where} is a signature in the legacy format, not over the hash of the file`,
      {
        hint: "Sign with minisign 0.10 or newer, without -l.",
      },
    );
  }
  refuseOtherKey(bytes, key, where);
  const hash = createHash("blake2b512").update(content).digest();
  const own = bytes.subarray(10);
  const isTrue = isSigned(hash, own, key) &&
    isSigned(Buffer.concat([own, Buffer.from(trusted)]), global, key);
  if (isTrue) return trusted;
  throw new AgentError(`${where} does not match: the signed file was changed`, {
    hint: "Do not use this release. Download it again, or contact its publisher.",
  });
}

function refuseOtherKey(signature: Buffer, key: PublicKey, where: string): void {
  const id = keyId(signature);
  if (id === key.id) return;
  throw new AgentError(`${where} was made with the key ${id}; the trusted key is ${key.id}`, {
    hint:
      "Do not use this release, unless its publisher announced a new key: then pass its file with --public-key.",
  });
}

function isSigned(content: Uint8Array, signature: Uint8Array, key: PublicKey): boolean {
  const x = Buffer.from(key.bytes).toString("base64url");
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  return verify(null, content, publicKey, signature);
}

function decode(line: string | undefined): Buffer {
  const text = (line ?? "").trim();
  return Buffer.from(/^[A-Za-z0-9+/]+={0,2}$/.test(text) ? text : "", "base64");
}

/** Key numbers are little-endian, and minisign shows them as one number. */
function keyId(bytes: Buffer): string {
  return bytes.readBigUInt64LE(2).toString(16).toUpperCase().padStart(16, "0");
}
