/**
 * Logins by SASL: by Kerberos, with what the GSSAPI mechanism agrees upon after it (RFC 4752, 3), and by
 * a client certificate.
 *
 * @module
 */

import { SourceError } from "../../base/errors.ts";
import type { SealingContext } from "../../runtime/sspi.ts";
import type { LdapConnection } from "./connection.ts";
import { largestFrame, SecurityLayer } from "./security_layer.ts";

/** Layers that an offer has bits for. */
const layers = { none: 1, encryption: 4 } as const;
const mechanism = "GSSAPI";
const encryptionHint =
  "Encrypt the connection itself: start_tls = True, or ldaps:// in url (usually with port 636).";

/** Answers the offer of layers that ends a login; the result is what the other side can take at once. */
async function agree(
  connection: LdapConnection,
  context: SealingContext,
  offer: Buffer,
  what: string,
): Promise<{ readonly isProtected: boolean; readonly sendLimit: number }> {
  const offered = offer[0] ?? 0;
  // A connection by TLS has no second layer; Active Directory refuses one.
  const isProtected = connection.certificate === undefined;
  const layer = isProtected ? layers.encryption : layers.none;
  if (offer.length !== 4 || (offered & layer) === 0) {
    throw new SourceError(
      isProtected
        ? `${what}: the directory does not encrypt after a login by Kerberos`
        : `${what}: the directory does not take a login by Kerberos over TLS`,
      { hint: isProtected ? encryptionHint : "Use ldap:// without start_tls: Kerberos encrypts." },
    );
  }
  const answer = Buffer.alloc(4);
  answer.writeUInt32BE(isProtected ? largestFrame : 0);
  answer[0] = layer;
  const end = await connection.bindBySasl(mechanism, context.wrap(answer, false));
  if (end.inProgress) throw new SourceError(`${what}: the directory does not end the login`);
  return { isProtected, sendLimit: offer.readUIntBE(1, 3) };
}

/**
 * Logs in by Kerberos. Without TLS, every message is encrypted from then on. The connection closes the
 * context, except when this throws.
 *
 * @param what Begins the sentence of an error.
 * @throws {LdapRefusal} When the directory refuses; `GssError` or `SspiError` when Kerberos does.
 */
export async function bindByKerberos(
  connection: LdapConnection,
  context: SealingContext,
  what: string,
): Promise<void> {
  let answer = await connection.bindBySasl(mechanism, context.next());
  while (!context.isComplete) {
    answer = await connection.bindBySasl(mechanism, context.next(answer.credentials));
  }
  if (!answer.inProgress) {
    throw new SourceError(`${what}: the directory ends the login before its time`);
  }
  const offer = Buffer.from(context.unwrap(answer.credentials, false));
  const { isProtected, sendLimit } = await agree(connection, context, offer, what);
  if (isProtected) connection.protect(new SecurityLayer(context, sendLimit));
  else context.close();
}

/** Logs in as who the client certificate of the connection is for (RFC 4513, 5.2.3). */
export async function bindByCertificate(connection: LdapConnection): Promise<void> {
  await connection.bindBySasl("EXTERNAL", new Uint8Array());
}
