/**
 * Key pairs and signatures in the formats of minisign, which can be used instead of this.
 *
 * @module
 */
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** A key pair to sign with. */
export interface SecretKey {
  /** The eight bytes that name the pair. */
  readonly number: Uint8Array;
  /** Ed25519: the 32 bytes that all is made from, and the public key. */
  readonly seed: Uint8Array;
  readonly point: Uint8Array;
}

const secretLength = 158;

/** A new key pair, as the texts of the two files. */
export function newKeyPair(): { readonly secret: string; readonly open: string } {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { d = "", x = "" } = privateKey.export({ format: "jwk" });
  const [seed, point] = [Buffer.from(d, "base64url"), Buffer.from(x, "base64url")];
  const key = { number: randomBytes(8), seed, point };
  return { secret: formatSecretKey(key), open: formatPublicKey(key) };
}

function formatSecretKey({ number, seed, point }: SecretKey): string {
  const check = new Bun.CryptoHasher("blake2b256").update("Ed").update(number).update(seed)
    .update(point).digest();
  const bytes = Buffer.concat([
    Buffer.from("Ed\0\0B2", "latin1"), // no password, so that nothing is derived from one
    Buffer.alloc(48), // salt and limits of the derivation
    number,
    seed,
    point,
    check,
  ]);
  return `untrusted comment: minisign secret key\n${bytes.toString("base64")}\n`;
}

/** The text of the public key's file. */
export function formatPublicKey({ number, point }: SecretKey): string {
  const bytes = Buffer.concat([Buffer.from("Ed"), number, point]);
  // As minisign writes it: without leading zeros.
  const id = Buffer.from(number).readBigUInt64LE().toString(16).toUpperCase();
  return `untrusted comment: minisign public key ${id}\n${bytes.toString("base64")}\n`;
}

/** Reads the text of a secret key's file; throws when it is none, or has a password. */
export function parseSecretKey(text: string): SecretKey {
  const bytes = Buffer.from(text.trim().split("\n").at(-1) ?? "", "base64");
  if (bytes.length !== secretLength || bytes.toString("latin1", 0, 2) !== "Ed") {
    throw new Error("That is not a secret key of minisign.");
  }
  if (bytes.readUInt16LE(2) !== 0) {
    throw new Error(
      "That secret key has a password. Sign with minisign itself: minisign -S -s KEY -m dist/SHA256SUMS",
    );
  }
  return {
    number: bytes.subarray(54, 62),
    seed: bytes.subarray(62, 94),
    point: bytes.subarray(94, 126),
  };
}

/** The text of the `.minisig` file for `content`; `comment` is signed too. */
export function formatSignature(content: Uint8Array, key: SecretKey, comment: string): string {
  const hash = createHash("blake2b512").update(content).digest();
  const own = signBytes(hash, key);
  const global = signBytes(Buffer.concat([own, Buffer.from(comment)]), key);
  const bytes = Buffer.concat([Buffer.from("ED"), key.number, own]);
  return [
    "untrusted comment: signature of the agent's checksums",
    bytes.toString("base64"),
    `trusted comment: ${comment}`,
    global.toString("base64"),
    "",
  ].join("\n");
}

function signBytes(content: Uint8Array, { seed, point }: SecretKey): Buffer {
  const [d, x] = [seed, point].map((part) => Buffer.from(part).toString("base64url"));
  const jwk = { kty: "OKP", crv: "Ed25519", d: d ?? "", x: x ?? "" };
  return sign(null, content, createPrivateKey({ key: jwk, format: "jwk" }));
}
