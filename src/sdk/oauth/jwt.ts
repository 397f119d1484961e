/**
 * Keys that sign, and JSON Web Tokens (RFC 7519) signed with them: RS256 and ES256 (RFC 7518).
 *
 * @module
 */

import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";
import { z } from "zod";
import { AuthError } from "../../base/errors.ts";
import { readTextFileIfAny } from "../text_file.ts";

/** How a token is signed: RSA or the curve P-256, both with SHA-256. */
export type JwtAlgorithm = "RS256" | "ES256";

/** A private key with which tokens are signed. */
export interface SigningKey {
  readonly algorithm: JwtAlgorithm;
  /** The name that a JWK gives itself (`kid`), under which the other side knows its public key. */
  readonly keyId: string | undefined;
  /** The public part, which may be shown to anybody. */
  readonly publicJwk: Readonly<JsonWebKey>;
  readonly privateKey: KeyObject;
}

/** RFC 7518 3.3: "A key of size 2048 bits or larger MUST be used". */
const fewestRsaBits = 2048;

/** The curve of ES256, as OpenSSL calls P-256. */
const es256Curve = "prime256v1";

const jwk = z.record(z.string(), z.unknown());
const jwks = z.object({ keys: z.array(jwk) });

/** Whether a text is a key itself, and not the path of the file that has it. */
export function isInlineKey(text: string): boolean {
  return /^\s*(\{|-----BEGIN )/.test(text);
}

/** A PEM with its line breaks as they have to be: in an ini they are indented, lost or spelled `\n`. */
function restorePem(text: string): string {
  const [, label = "", body = ""] =
    /-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----/s.exec(text.replaceAll("\\n", "\n")) ?? [];
  const lines = body.replace(/\s+/g, "").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

function parsePem(text: string): KeyObject | string {
  if (/-----BEGIN (ENCRYPTED |[A-Z ]*PUBLIC KEY|CERTIFICATE)/.test(text)) {
    return text.includes("ENCRYPTED")
      ? "is encrypted: store it without a passphrase"
      : "is a public key or a certificate: the private key is needed";
  }
  if (text.includes("Proc-Type: 4,ENCRYPTED")) return "is encrypted: store it without a passphrase";
  try {
    return createPrivateKey(restorePem(text));
  } catch {
    return "is not a private key in PEM: it begins with -----BEGIN PRIVATE KEY----- and ends with -----END PRIVATE KEY-----";
  }
}

/** A JWK (RFC 7517), or a set with one private key in it. */
function parseJwk(text: string): { key: KeyObject; keyId: string | undefined } | string {
  const wrong = "is not a private key in JSON (JWK), with kty and d";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "is not valid JSON";
  }
  const set = jwks.safeParse(value);
  const all = set.success ? set.data.keys : [jwk.safeParse(value).data ?? {}];
  const [own, ...more] = all.filter(({ d }) => typeof d === "string");
  if (own === undefined) return wrong;
  if (more.length > 0) return "has several private keys: keep the one that is registered";
  try {
    const keyId = typeof own.kid === "string" && own.kid !== "" ? own.kid : undefined;
    return { key: createPrivateKey({ key: own as JsonWebKey, format: "jwk" }), keyId };
  } catch {
    return wrong;
  }
}

function algorithmOf(key: KeyObject): JwtAlgorithm | undefined {
  if (key.asymmetricKeyType === "rsa") return "RS256";
  return key.asymmetricKeyDetails?.namedCurve === es256Curve ? "ES256" : undefined;
}

function toSigningKey(privateKey: KeyObject, keyId: string | undefined): SigningKey | string {
  const algorithm = algorithmOf(privateKey);
  if (algorithm === undefined) return "is neither an RSA key nor one of the curve P-256";
  const bits = privateKey.asymmetricKeyDetails?.modulusLength ?? fewestRsaBits;
  if (bits < fewestRsaBits) return `has ${bits} bits: an RSA key needs ${fewestRsaBits} or more`;
  const publicJwk = createPublicKey(privateKey).export({ format: "jwk" });
  return { algorithm, keyId, publicJwk, privateKey };
}

/**
 * Reads a private key: PEM (PKCS #8, PKCS #1 or SEC 1) or JWK.
 *
 * @returns what is wrong with it, to be put after the option's name, when it cannot be used.
 */
export function parseSigningKey(text: string): SigningKey | string {
  if (!text.trimStart().startsWith("{")) {
    const key = parsePem(text);
    return typeof key === "string" ? key : toSigningKey(key, undefined);
  }
  const found = parseJwk(text);
  return typeof found === "string" ? found : toSigningKey(found.key, found.keyId);
}

/**
 * The key that an option holds or names.
 *
 * @param value the key itself, or the path of the file that has it.
 * @param option name of the option, for messages.
 * @throws {AuthError} when it is not a usable key.
 * @throws {SourceError} when the file cannot be read.
 */
export async function loadSigningKey(value: string, option: string): Promise<SigningKey> {
  const path = isInlineKey(value) ? undefined : value.trim();
  const where = path === undefined ? option : `${option} (${path})`;
  const hint = `Check ${option}: it is a private key, or the path of the file with it.`;
  const text = path === undefined ? value : await readTextFileIfAny(path);
  if (text === undefined) {
    throw new AuthError(`${where} names a file that does not exist`, { hint });
  }
  const key = parseSigningKey(text);
  if (typeof key === "string") throw new AuthError(`${where} ${key}`, { hint });
  return key;
}

/** A key for ES256 that was never used before and is nowhere stored. */
export function newSigningKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicJwk = publicKey.export({ format: "jwk" });
  return { algorithm: "ES256", keyId: undefined, publicJwk, privateKey };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value), "utf8").toString("base64url");
}

/** A signed token in its compact form (RFC 7515); the header gets `alg`. */
export function signJwt(
  key: SigningKey,
  header: Readonly<Record<string, unknown>>,
  claims: Readonly<Record<string, unknown>>,
): string {
  const input = `${encode({ alg: key.algorithm, ...header })}.${encode(claims)}`;
  // RFC 7518 3.4: the two numbers side by side, not in DER as OpenSSL has them.
  const signature = sign("sha256", Buffer.from(input, "ascii"), {
    key: key.privateKey,
    ...(key.algorithm === "ES256" ? { dsaEncoding: "ieee-p1363" as const } : {}),
  });
  return `${input}.${signature.toString("base64url")}`;
}
