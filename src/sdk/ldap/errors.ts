/**
 * What a directory refuses and why a connection fails, in sentences for people.
 *
 * @module
 */

import {
  type AgentError,
  AuthError,
  errorCode,
  messageOf,
  SourceError,
} from "../../base/errors.ts";
import { hintForVersion, isAboutVersion } from "../tls/diagnosis.ts";

/** A text of a directory; Active Directory ends its texts with a NUL. */
export function readable(text: string): string {
  return text.replaceAll("\0", "").trim();
}

/** A result that is not success (RFC 4511, 4.1.9), as the directory gave it. */
export class LdapRefusal extends Error {
  override name = "LdapRefusal";
  readonly code: number;
  /** The nearest entry that exists, where an entry was not found. */
  readonly nearest: string;

  constructor(code: number, text: string, nearest = "") {
    super(readable(text));
    this.code = code;
    this.nearest = nearest;
  }
}

/** Result codes that callers handle themselves. */
export const resultCodes = { sizeLimit: 4, referral: 10, noSuchObject: 32, badDn: 34 } as const;

/** How RFC 4511, appendix A, names the results. */
const names: Readonly<Record<number, string>> = {
  1: "operations error",
  2: "protocol error",
  3: "time limit exceeded",
  4: "size limit exceeded",
  7: "authentication method not supported",
  8: "stronger authentication required",
  10: "the entry is in another directory",
  11: "administrative limit exceeded",
  12: "critical extension not available",
  13: "confidentiality required",
  32: "no such entry",
  34: "not a valid DN",
  48: "inappropriate authentication",
  49: "invalid credentials",
  50: "insufficient rights",
  51: "busy",
  52: "unavailable",
  53: "unwilling to perform",
};

const encryption =
  "Encrypt the connection: start_tls = True, or ldaps:// in url (usually with port 636).";
const limits =
  "Ask the directory's administrator to raise the limit for this account (OpenLDAP: limits and sizelimit; Active Directory: MaxPageSize and MaxResultSetSize).";

/** What to do about a result, where it is clear. */
const hints: Readonly<Record<number, string>> = {
  3: limits,
  4: limits,
  8: encryption,
  10: "Referrals are not followed: name the server that holds the entry in url.",
  11: limits,
  12: "The directory cannot answer in pages.",
  13: encryption,
  50: "Give the account the right to read there.",
  51: "Try again later.",
  52: "Try again later.",
};

/** Reasons that Active Directory adds to invalid credentials, "data 52e" ("LDAP Wiki: Common Active Directory Bind Errors"). */
const bindReasons: Readonly<Record<string, string>> = {
  "525": "there is no such user",
  "52e": "the password is wrong",
  "530": "the account may not log in at this time",
  "531": "the account may not log in from this computer",
  "532": "the password has expired",
  "533": "the account is disabled",
  "701": "the account has expired",
  "773": "the password must be changed first",
  "775": "the account is locked",
};

function sentence(what: string, { code, message }: LdapRefusal): string {
  const name = names[code] ?? "refused";
  return `${what}: ${name} [${code}]${message === "" ? "" : `, ${message}`}`;
}

/** How somebody logs in, as `authentication` says it. */
export interface LdapLogin {
  /** For example `Cannot log in to ldap://example.org as cn=reader`. */
  readonly what: string;
  readonly kind: "Password" | "Kerberos" | "Certificate";
  readonly isEncrypted: boolean;
}

/** SEC_E_BAD_BINDINGS, as Active Directory writes it: the login came over another connection. */
const badBindings = "80090346";

/** What to do where the directory wants a stronger login, or one that is encrypted. */
function strongerHint({ kind, isEncrypted }: LdapLogin): string {
  if (kind === "Kerberos" && isEncrypted) {
    return "The directory takes no login by Kerberos over TLS. Use ldap:// without start_tls: " +
      "Kerberos itself signs and encrypts every message.";
  }
  if (kind === "Password" && !isEncrypted) {
    return `The directory takes no password over a connection that is not encrypted. ${encryption} ` +
      "Or log in without a password: authentication = Kerberos, which encrypts by itself.";
  }
  return encryption;
}

/** What to do where the directory does not accept who logs in. */
const credentialHints: Readonly<Record<LdapLogin["kind"], string>> = {
  Password: "Check username and password.",
  Kerberos: "The tickets are for another server or another time: write the full name of the " +
    "server in url, or set server_spn, and synchronise the clock.",
  Certificate:
    "The directory must know the certificate in user_pem_file, trust its authority and " +
    "have an account for it.",
};

/** The entry of `supportedSASLMechanisms` that a login needs. */
const mechanisms = { Password: "", Kerberos: "GSSAPI", Certificate: "EXTERNAL" } as const;

/** Why a login failed. */
export function loginError(login: LdapLogin, refusal: LdapRefusal): AgentError {
  const { code, message } = refusal;
  const text = sentence(login.what, refusal);
  if (code === 2) return new SourceError(text, { hint: "The directory must speak LDAPv3." });
  if (code === 8 || code === 13) return new AuthError(text, { hint: strongerHint(login) });
  if (code === 51 || code === 52) return new SourceError(text, { hint: hints[code] });
  const mechanism = mechanisms[login.kind];
  if (code === 7 && mechanism !== "") {
    return new AuthError(text, {
      hint: `The directory does not offer this login: supportedSASLMechanisms lacks ${mechanism}.`,
    });
  }
  const [, data = ""] = /\bdata ([0-9a-f]+)/i.exec(message) ?? [];
  if (data === badBindings) {
    return new AuthError(`${text}: the login is not tied to this connection by TLS`, {
      hint: "Something between here and the directory decrypts the connection, such as a load " +
        "balancer: name a domain controller itself in url.",
    });
  }
  const reason = bindReasons[data.toLowerCase()];
  return new AuthError(reason === undefined ? text : `${text}: ${reason}`, {
    hint: credentialHints[login.kind],
  });
}

/**
 * Results with which directories refuse a search of somebody who has not said who they are: 1 is what
 * Active Directory and Samba answer, the others are those of other directories.
 */
const anonymousRefusals: ReadonlySet<number> = new Set([1, 8, 48, 50, 53]);

/** What was searched, for an error. */
export interface SearchSubject {
  /** For example `Cannot search dc=example,dc=org (ldap://example.org)`. */
  readonly what: string;
  /** The option that named what was searched. */
  readonly option: string;
  /** Set when the login was an anonymous one: the section that it comes from. */
  readonly anonymousSection?: string | undefined;
}

/** Why a search failed. */
export function searchError(subject: SearchSubject, refusal: LdapRefusal): AgentError {
  const { what, option, anonymousSection } = subject;
  const { code, nearest } = refusal;
  // The words of the directory are about operations and binds.
  if (anonymousSection !== undefined && anonymousRefusals.has(code)) {
    return new AuthError(`${what}: the directory lets nobody search without a login [${code}]`, {
      hint: `Set username and password in [${anonymousSection}].`,
    });
  }
  const text = sentence(what, refusal);
  if (code === resultCodes.noSuchObject) {
    const near = nearest === "" ? "" : ` What exists is ${nearest}.`;
    return new SourceError(text, {
      hint: `Check ${option}; the account may also lack the right to see it.${near}`,
    });
  }
  if (code === resultCodes.badDn) return new SourceError(text, { hint: `Check ${option}.` });
  return new SourceError(text, { hint: hints[code] });
}

function connectionHint(code: string): string | undefined {
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return "The certificate is for another name: use that name in url.";
  }
  if (code === "CERT_HAS_EXPIRED") return "The directory's certificate has to be renewed.";
  if (/CERT|SELF_SIGNED|UNABLE_TO_/.test(code)) {
    return "Name the authority that signed the directory's certificate in cacert_file; verify_ssl = False turns the check off altogether.";
  }
  if (isAboutVersion(code)) return hintForVersion("directory");
  if (/SSL|TLS|EPROTO/.test(code)) {
    return "Check whether the port is one for ldaps:// (usually 636), and the TLS versions that the directory supports.";
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "Check the host name in url.";
  return "Check host and port in url (ldap:// usually has port 389, ldaps:// 636), and the firewalls in between.";
}

function describeReason(thrown: unknown, code: string): string {
  const message = messageOf(thrown);
  return code === "" || message.includes(code) ? message : `${message} [${code}]`;
}

/** Why there is no connection, or none that is safe. */
export function connectionError(url: string, thrown: unknown): SourceError {
  const code = errorCode(thrown);
  return new SourceError(`Cannot connect to ${url}: ${describeReason(thrown, code)}`, {
    cause: thrown,
    hint: connectionHint(code),
    retriable: true,
  });
}

/** Why a connection that was there is of no use any more. */
export function lostError(url: string, thrown: unknown): SourceError {
  const code = errorCode(thrown);
  return new SourceError(`The connection to ${url} is lost: ${describeReason(thrown, code)}`, {
    cause: thrown,
    hint: "Check that the directory is running. The next run reads everything again.",
    retriable: true,
  });
}
