/**
 * Why a sign-in by Kerberos fails, and what to do.
 *
 * @module
 */

import { AuthError } from "../../base/errors.ts";
import { GssError } from "../../runtime/gssapi.ts";
import { SspiError } from "../../runtime/sspi.ts";

const noTickets =
  "Set keytab to a file with the keys of the account, or get tickets with kinit for the account that runs the agent.";
const unknownService =
  "The directory of the domain has no such service: write the full name of the server, or set server_spn; setspn -Q shows what there is. An alias in DNS becomes another name unless /etc/krb5.conf has dns_canonicalize_hostname = false and rdns = false.";
const noController =
  "Check /etc/krb5.conf (realm, kdc), or the SRV records _kerberos._udp of the domain in DNS, and port 88 on the way to a domain controller.";
const oldKeys =
  "The keys in keytab are not those of the account, which change with its password: make a new file.";
const otherKeys = "Check principal and keytab: klist -k KEYTAB shows whose keys it has.";
const clocks = "Synchronise the clock of this computer with the domain controllers.";

/** Numbers of Kerberos (krb5_err.et of MIT Kerberos; Heimdal has the same). */
const krb5Hints: Readonly<Record<number, string>> = {
  [-1765328378]: "Check principal: the domain does not know the account.",
  [-1765328377]: unknownService,
  [-1765328366]: "The account is disabled, expired or locked, or may not log in now.",
  [-1765328361]: "The password of the account has expired: set a new one, and make a new keytab.",
  [-1765328360]: oldKeys,
  [-1765328353]: oldKeys,
  [-1765328352]: "The tickets have expired. Get new ones with kinit, or set keytab.",
  [-1765328347]: clocks,
  [-1765328343]: "Something in between changes the messages.",
  [-1765328243]: noTickets,
  [-1765328230]: noController,
  [-1765328228]: noController,
  [-1765328203]: otherKeys,
  [-1765328189]: noTickets,
  [-1765328164]: noController,
  [-1765328160]: "Set default_realm in /etc/krb5.conf, or write the realm: principal = name@REALM.",
};

/** GSS_S_NO_CRED (RFC 2744, 3.9.1). */
const noCredentials = 7 << 16;
/** GSS_S_BAD_BINDINGS. */
const badBindings = 4 << 16;
const install =
  "Install it: apt install libgssapi-krb5-2 (Debian, Ubuntu), dnf install krb5-libs (Red Hat), zypper install krb5 (SUSE), apk add krb5-libs (Alpine).";
const noStore =
  "Leave keytab and ccache blank, and get tickets before each run: kinit -k -t KEYTAB PRINCIPAL.";

function gssHint({ problem, major, minor }: GssError): string | undefined {
  if (problem === "library") return install;
  if (problem === "store") return noStore;
  if (problem === "keytab") return otherKeys;
  if (problem === "unprotected") return undefined;
  if (major === badBindings) {
    return "Something between here and the server decrypts the connection.";
  }
  return krb5Hints[minor] ?? (major === noCredentials ? noTickets : undefined);
}

/** SECURITY_STATUS values of sspi.h. */
const sspiHints: Readonly<Record<number, string>> = {
  0x80090303: unknownService,
  0x80090322: unknownService,
  0x80090304: "Check that this computer reaches a domain controller: nltest /sc_verify:DOMAIN.",
  0x80090311: "Check that this computer reaches a domain controller: nltest /sc_verify:DOMAIN.",
  0x80090324: "Synchronise the clock of this computer: w32tm /resync.",
  0x80090346: "Something between here and the server decrypts the connection.",
};

/** The error of a sign-in where the library of Kerberos refuses, off Windows. */
export function gssError(what: string, thrown: GssError): AuthError {
  return new AuthError(`${what}: ${thrown.message}`, { cause: thrown, hint: gssHint(thrown) });
}

/** The error of a sign-in where Kerberos refuses; anything else as it is. */
export function kerberosError(what: string, thrown: unknown): unknown {
  if (thrown instanceof GssError) return gssError(what, thrown);
  if (!(thrown instanceof SspiError)) return thrown;
  const hint = sspiHints[thrown.status] ??
    "Run the agent as an account of the domain: a local account has no tickets.";
  return new AuthError(`${what}: ${thrown.message}`, { cause: thrown, hint });
}
