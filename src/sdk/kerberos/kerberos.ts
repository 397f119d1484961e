/**
 * Sign-in by Kerberos: the options that say with which tickets, and what opens a login by them, on
 * Windows through SSPI and elsewhere through the system's Kerberos library.
 *
 * @module
 */

import { accessSync, constants } from "node:fs";
import { AuthError, errorCode, messageOf } from "../../base/errors.ts";
import { type GssLogin, openGss } from "../../runtime/gssapi.ts";
import { askKdc } from "../../runtime/kdc_process.ts";
import { hasSspi, openSspi, type SealingContext } from "../../runtime/sspi.ts";
import { opt, type Values } from "../option.ts";
import { kerberosError } from "./errors.ts";

/** The options of a section that can log in by Kerberos. */
export const kerberosOptions = {
  keytab: opt.path(
    "File with the keys of an account, for authentication = Kerberos on systems other than Windows. Blank: the tickets that are in the credential cache.",
    { default: "", advanced: true },
  ),
  ccache: opt.text(
    "Credential cache with the tickets, such as FILE:/run/agent/tickets, for authentication = Kerberos on systems other than Windows. Blank: the one of the account that runs the agent; with keytab, one in memory.",
    { default: "", advanced: true },
  ),
  principal: opt.text(
    "Account to log in as with authentication = Kerberos, name@REALM. Blank: the first one in keytab, or the one of the tickets.",
    { default: "", advanced: true, example: "agent@EXAMPLE.ORG" },
  ),
} as const;

/** The values of {@linkcode kerberosOptions}. */
export type KerberosValues = Values<typeof kerberosOptions>;

/** What is wrong with the {@linkcode kerberosOptions} on this system, or nothing. */
export function kerberosRule({ keytab, ccache, principal }: KerberosValues): string | undefined {
  if (!hasSspi() || `${keytab}${ccache}${principal}` === "") return undefined;
  return "keytab, ccache and principal are for other systems: on Windows, authentication = Kerberos " +
    "logs in as the account that runs the agent";
}

/** Who logs in, for a sentence. */
export function kerberosAccount({ keytab, principal }: KerberosValues): string {
  if (principal !== "") return principal;
  return keytab === "" ? "the account that runs the agent" : `the account in ${keytab}`;
}

/** What to log in to. */
export type KerberosLogin = Omit<GssLogin, "credentials"> & {
  /** For the error: `Cannot log in to ldap://example.org`. */
  readonly what: string;
};

function checkKeytab(what: string, keytab: string): void {
  if (keytab === "") return;
  try {
    accessSync(keytab, constants.R_OK);
  } catch (thrown) {
    throw new AuthError(`${what}: cannot read keytab ${keytab}: ${messageOf(thrown)}`, {
      cause: thrown,
      hint: errorCode(thrown) === "EACCES"
        ? "Let the account that runs the agent, and nobody else, read the file."
        : "Name the file in keytab; the notes of the source say how to make one.",
    });
  }
}

/** How long the KDCs of a realm may take, in milliseconds. */
const kdcDeadlineMs = 20_000;
/** So long a KDC that has answered is not asked beforehand again. */
const answeredMs = 5 * 60_000;
/** When a KDC has answered for a login, in milliseconds of the steady clock. */
const answered = new Map<string, number>();

/**
 * Sees to it that a KDC answers before a login, which would stop the whole process while none does.
 *
 * @throws {AuthError} When none does, and when it refuses.
 */
export async function awaitKdc(
  { what, binding: _, ...login }: KerberosLogin,
  { keytab, ccache, principal }: KerberosValues,
  milliseconds = kdcDeadlineMs,
): Promise<void> {
  if (hasSspi()) return;
  const question = { ...login, credentials: { keytab, ccache, principal } };
  const key = JSON.stringify(question);
  if (performance.now() - (answered.get(key) ?? -Infinity) < answeredMs) return;
  checkKeytab(what, keytab);
  try {
    await askKdc(question, milliseconds);
  } catch (thrown) {
    throw kerberosError(what, thrown);
  }
  answered.set(key, performance.now());
}

/**
 * Begins a login.
 *
 * @throws {AuthError} When there are no tickets and no way to get some.
 */
export function openKerberos(
  { what, ...login }: KerberosLogin,
  { keytab, ccache, principal }: KerberosValues,
): SealingContext {
  try {
    if (hasSspi()) {
      // SQL Server and HTTP want SPNEGO around it, which Windows has in a package of its own.
      const packageName = login.mechanism === "kerberos" ? "Kerberos" : "Negotiate";
      return openSspi({ ...login, packageName });
    }
    checkKeytab(what, keytab);
    return openGss({ ...login, credentials: { keytab, ccache, principal } });
  } catch (thrown) {
    throw kerberosError(what, thrown);
  }
}
