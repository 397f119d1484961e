/**
 * Logging in to a directory: with a password, by Kerberos, or with a client certificate.
 *
 * @module
 */

import { ConfigError } from "../../base/errors.ts";
import { withoutBrackets } from "../../base/network.ts";
import { canonicalName } from "../../runtime/canonical_name.ts";
import { kerberosError } from "../kerberos/errors.ts";
import { awaitKdc, kerberosAccount, openKerberos } from "../kerberos/kerberos.ts";
import { serverEndPoint } from "../tls/channel_binding.ts";
import type { LdapConnection } from "./connection.ts";
import { LdapRefusal, loginError } from "./errors.ts";
import type { LdapContext, LdapValues } from "./options.ts";
import { bindByCertificate, bindByKerberos } from "./sasl.ts";

/** Whether the section logs in without saying who. */
export function isAnonymous({ authentication, username, password }: LdapValues): boolean {
  if (authentication !== "Password") return false;
  // A login without a password is one that the directory may take for anonymous (RFC 4513, 5.1.2).
  return username.trim().toLowerCase() === "anonymous" || password === "";
}

async function bindByPassword(connection: LdapConnection, context: LdapContext): Promise<void> {
  const { username, password } = context.options;
  if (username.trim().toLowerCase() === "anonymous") return await connection.bind("", "");
  if (password === "") {
    context.log.warning("There is no password: the directory may treat the login as anonymous");
  }
  await connection.bind(username, password);
}

/** The service principal name of the directory: the usual one has the name of the host. */
function principalOf({ server_spn, url }: LdapValues): string {
  const host = withoutBrackets(new URL(url).hostname);
  return server_spn === "" ? `ldap/${canonicalName(host)}` : server_spn.trim();
}

async function logInByKerberos(
  connection: LdapConnection,
  { options, log }: LdapContext,
  what: string,
): Promise<void> {
  const { certificate } = connection;
  const target = principalOf(options);
  log.debug(`Logging in by Kerberos to ${target}`);
  const login = {
    what,
    target,
    mechanism: "kerberos",
    seal: certificate === undefined,
    binding: certificate === undefined ? undefined : serverEndPoint(certificate),
  } as const;
  await awaitKdc(login, options);
  const security = openKerberos(login, options);
  try {
    await bindByKerberos(connection, security, what);
  } catch (thrown) {
    security.close();
    throw kerberosError(what, thrown);
  }
}

async function logInByCertificate(connection: LdapConnection, context: LdapContext): Promise<void> {
  if (context.tls.cert === undefined) {
    throw new ConfigError("authentication = Certificate needs user_pem_file", [], {
      hint: "Name the file with the client certificate and its key, PEM.",
    });
  }
  await bindByCertificate(connection);
}

/** Who logs in, for a sentence. */
function accountText(options: LdapValues): string {
  const { authentication, username } = options;
  if (authentication === "Kerberos") return `as ${kerberosAccount(options)}`;
  if (authentication === "Certificate") return "by certificate";
  return username.trim().toLowerCase() === "anonymous" ? "anonymously" : `as ${username}`;
}

/**
 * Logs in as the options say, by TLS where they say so.
 *
 * @throws {AuthError} Or `SourceError`, saying what is wrong.
 */
export async function logIn(connection: LdapConnection, context: LdapContext): Promise<void> {
  const { url, start_tls, authentication } = context.options;
  let what = `Cannot encrypt the connection to ${url}`;
  try {
    if (start_tls) await connection.startTls();
    what = `Cannot log in to ${url} ${accountText(context.options)}`;
    if (authentication === "Kerberos") await logInByKerberos(connection, context, what);
    else if (authentication === "Certificate") await logInByCertificate(connection, context);
    else await bindByPassword(connection, context);
  } catch (thrown) {
    if (!(thrown instanceof LdapRefusal)) throw thrown;
    const isEncrypted = connection.certificate !== undefined;
    throw loginError({ what, kind: authentication, isEncrypted }, thrown);
  }
}
