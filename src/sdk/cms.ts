/**
 * Signatures beside their text (RFC 5652, CMS): a message that has the certificate of who signed, and not the text.
 *
 * @module
 */

import { createPrivateKey, type KeyObject, sign, X509Certificate } from "node:crypto";
import { ConfigError } from "../base/errors.ts";
import { readClientCertificate } from "./tls/files.ts";

/** Who signs. */
export interface Signer {
  /** The certificate in DER. */
  readonly certificate: Buffer;
  readonly key: KeyObject;
}

const tags = { integer: 0x02, octets: 0x04, oid: 0x06, sequence: 0x30, set: 0x31, first: 0xa0 };

/** One value of DER: its tag, its length and what is in it. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const digits = content.length.toString(16);
  const length = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex");
  const head = content.length < 0x80
    ? [tag, content.length]
    : [tag, 0x80 | length.length, ...length];
  return Buffer.concat([Buffer.from(head), content]);
}

function oid(hex: string): Buffer {
  return der(tags.oid, Buffer.from(hex, "hex"));
}

const noParameters = Buffer.from([0x05, 0x00]);
const signedData = oid("2a864886f70d010702");
const plainData = oid("2a864886f70d010701");
const sha256 = der(tags.sequence, oid("608648016503040201"), noParameters);
const rsa = der(tags.sequence, oid("2a864886f70d010101"), noParameters);
const version1 = der(tags.integer, Buffer.from([1]));

/** The values one after the other in a part of DER, whole. */
function* readValues(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at + 1] ?? 0;
    const digits = first < 0x80 ? 0 : first & 0x7f;
    const length = digits === 0 ? first : bytes.readUIntBE(at + 2, digits);
    const end = at + 2 + digits + length;
    yield bytes.subarray(at, end);
    at = end;
  }
}

/** What is inside of one value. */
function contentOf(value: Buffer): Buffer {
  const first = value[1] ?? 0;
  return value.subarray(first < 0x80 ? 2 : 2 + (first & 0x7f));
}

/** Issuer and serial number, by which a message names a certificate (RFC 5280 4.1). */
function nameOf(certificate: Buffer): Buffer {
  const [body = Buffer.alloc(0)] = readValues(contentOf(certificate));
  const values = [...readValues(contentOf(body))];
  // The version may be left out.
  const [serial, , issuer] = values[0]?.[0] === tags.first ? values.slice(1) : values;
  return der(tags.sequence, issuer ?? Buffer.alloc(0), serial ?? Buffer.alloc(0));
}

/**
 * Who signs: the certificate and the key of a file in PEM.
 *
 * @param option name of the option that has the path, for messages.
 * @throws {ConfigError} when one of them is missing, or the key is none of RSA.
 */
export function readSigner(path: string, option: string): Signer {
  const { cert, key } = readClientCertificate(path, option);
  const privateKey = createPrivateKey(key);
  if (privateKey.asymmetricKeyType === "rsa") {
    return { certificate: new X509Certificate(cert).raw, key: privateKey };
  }
  throw new ConfigError(`The key in ${option} ${path} is not an RSA key`);
}

/** Signs a text; the message in DER. */
export function signDetached(text: string, { certificate, key }: Signer): Buffer {
  const signature = sign("sha256", Buffer.from(text, "utf8"), key);
  const signer = der(
    tags.sequence,
    version1,
    nameOf(certificate),
    sha256,
    rsa,
    der(tags.octets, signature),
  );
  const message = der(
    tags.sequence,
    version1,
    der(tags.set, sha256),
    der(tags.sequence, plainData),
    der(tags.first, certificate),
    der(tags.set, signer),
  );
  return der(tags.sequence, signedData, der(tags.first, message));
}
