/**
 * What ties a login to the TLS connection that it goes through, so that nobody in between can use it:
 * channel bindings (RFC 5056).
 *
 * @module
 */

import { createHash, X509Certificate } from "node:crypto";

/** Hashes of signatures that are too weak for a binding: SHA-256 stands in (RFC 5929, 4.1). */
const weak = new Set(["md5", "sha1"]);

/** The hash in the name of a signature algorithm, such as `ecdsa-with-SHA384`. */
function hashOf(algorithm: string | undefined): string {
  const [hash = "sha256"] = /md5|sha\d{1,3}/i.exec(algorithm ?? "") ?? [];
  return weak.has(hash.toLowerCase()) ? "sha256" : hash.toLowerCase();
}

/**
 * The binding `tls-server-end-point` (RFC 5929, 4), which Active Directory, SQL Server (TDS 8.0) and
 * OpenLDAP know.
 *
 * @param certificate The server's own, DER.
 */
export function serverEndPoint(certificate: Uint8Array): Uint8Array {
  const { signatureAlgorithm } = new X509Certificate(certificate);
  const hash = createHash(hashOf(signatureAlgorithm)).update(certificate).digest();
  return Buffer.concat([Buffer.from("tls-server-end-point:"), hash]);
}
