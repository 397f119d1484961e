/**
 * What SQL Server refuses and why a connection fails, in sentences for people.
 *
 * @module
 */

import { AgentError, AuthError, errorCode, messageOf, SourceError } from "../../base/errors.ts";
import { GssError } from "../../runtime/gssapi.ts";
import { SspiError } from "../../runtime/sspi.ts";
import { gssError } from "../kerberos/errors.ts";
import { addressText, defaultPort, type SqlAddress } from "./address.ts";
import { hintForVersion, isAboutVersion } from "../tls/diagnosis.ts";

/** What the server reports beside rows: the error number of SQL Server and its text. */
export interface SqlMessage {
  readonly number: number;
  readonly message: string;
}

/** What an error is about. */
export interface SqlEndpointNames {
  readonly address: SqlAddress;
  readonly database: string;
  /** The account for a sentence, for example `reader`. */
  readonly account: string;
  /** How a GRANT names the account. */
  readonly principal: string;
  /** Whether the connection is to be encrypted. */
  readonly encrypt: boolean | "strict";
  /** Who vouches for the account: SQL Server, Windows by its password, tickets, or Windows as it runs the agent. */
  readonly login: "sql" | "ntlm" | "kerberos" | "process";
}

/** The error underneath: the driver repeats the address around it, and one it tried several of has a list. */
function deepestError(thrown: unknown): unknown {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) {
    return deepestError(thrown.errors[0]);
  }
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return cause === undefined ? thrown : deepestError(cause);
}

/** What the driver has codes of its own for ("Connection", `error.code` in the manual of tedious). */
const driverReasons: Readonly<Record<string, string>> = {
  EENCRYPT: "the server requires encryption",
  ETIMEOUT: "there was no answer in time",
  EINSTLOOKUP: "the instance was not found",
};

/** Why there is no connection, without the address, which the sentence around it has. */
function describeReason(inner: unknown, code: string): string {
  const text = driverReasons[code] ?? messageOf(inner);
  return code === "" || code === "ESOCKET" || text.includes(code) ? text : `${text} [${code}]`;
}

const changePassword = "Set a new password for the account in SQL Server.";

/** Errors of a login that are not about name and password ("Database Engine events and errors"). */
const loginHints: Readonly<Record<number, string>> = {
  18451: "SQL Server is shutting down. Try again later.",
  18461: "SQL Server is in single user mode. Try again later.",
  18470: "The account is disabled. Enable it in SQL Server: ALTER LOGIN … ENABLE.",
  18486: "The account is locked. Unlock it in SQL Server: ALTER LOGIN … UNLOCK.",
  18487: changePassword,
  18488: changePassword,
  17892: "A logon trigger of the server refuses the account.",
};

function principalName(name: string): string {
  return `[${name.replaceAll("]", "]]")}]`;
}

function databaseError(what: string, endpoint: SqlEndpointNames, message: SqlMessage): SourceError {
  const name = principalName(endpoint.principal);
  return new SourceError(`${what}: ${message.message} [${message.number}]`, {
    hint: `Check database; the account needs a user in it: ` +
      `USE ${principalName(endpoint.database)}; CREATE USER ${name} FOR LOGIN ${name};`,
  });
}

/** The usual service principal name of a server, for a sentence. */
function principalExample({ host, port = defaultPort }: SqlAddress): string {
  return `MSSQLSvc/${host}:${port}`;
}

function spnHint({ address }: SqlEndpointNames): string {
  return `Kerberos needs the SPN: setspn -Q ${principalExample(address)} must list the account ` +
    "of SQL Server. Write the full name of the server in server, or set server_spn";
}

/** What to do about error 18452, which Extended Protection and NTLM that is turned off give too. */
function untrustedHint(endpoint: SqlEndpointNames): string {
  const protection = endpoint.encrypt === false
    ? "A server with Extended Protection set to Required needs encrypt = True."
    : "Extended Protection also refuses a login where something between here and the server " +
      "decrypts the connection, under a name that is not among its accepted SPNs, and with " +
      "ssl_protocol = tls1.3.";
  if (endpoint.login === "process") {
    return "The server must trust the domain of the account that runs the agent and know it as a " +
      `login. ${spnHint(endpoint)}; without it, NTLM is used, which the domain may refuse. ` +
      protection;
  }
  if (endpoint.login === "kerberos") {
    return `The server must know the account as a login: CREATE LOGIN … FROM WINDOWS. ${protection}`;
  }
  return "Check username (DOMAIN\\name) and password; the server must trust the account's domain. " +
    "An account that is named logs in by NTLM, which the domain or the server may refuse: then " +
    `use authentication = Kerberos, or leave username blank and run the agent on Windows as that account. ${protection}`;
}

/** SECURITY_STATUS values of sspi.h that a hint of their own is for. */
const wrongTarget = new Set([0x80090303, 0x80090322]);
const noController = new Set([0x80090304, 0x80090311]);
const clockSkew = 0x80090324;
const badBindings = 0x80090346;

function sspiHint(endpoint: SqlEndpointNames, status: number): string {
  if (wrongTarget.has(status)) return `${spnHint(endpoint)}.`;
  if (noController.has(status)) {
    return "Check that this computer reaches a domain controller: nltest /sc_verify:DOMAIN.";
  }
  if (status === clockSkew) return "Synchronise the clock of this computer: w32tm /resync.";
  if (status === badBindings) {
    return "Something between here and SQL Server decrypts the connection, which Extended " +
      "Protection refuses: connect to the server itself.";
  }
  return "Check which account runs the agent, or name one: username = DOMAIN\\name and password.";
}

/** Why the server refused a login. */
function refusal(what: string, endpoint: SqlEndpointNames, message: SqlMessage): AgentError {
  const { number } = message;
  if (number === 4060 || number === 4064 || number === 916) {
    return databaseError(what, endpoint, message);
  }
  const text = `${what}: ${message.message} [${number}]`;
  const later = number === 18451 || number === 18461;
  if (later) return new SourceError(text, { hint: loginHints[number], retriable: true });
  if (number === 18452) {
    return new AuthError(text, { hint: untrustedHint(endpoint) });
  }
  if (number === 18456 || number in loginHints) {
    const hint = loginHints[number] ??
      "Check username, password and authentication; for authentication = SQL Server, " +
        "the server must allow SQL Server logins (mixed mode).";
    return new AuthError(text, { hint });
  }
  return new SourceError(text);
}

function connectionHint(code: string, text: string): string {
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return "The certificate is for another name: use that name in server.";
  }
  if (code === "CERT_HAS_EXPIRED") return "The server's certificate has to be renewed.";
  if (/CERT|SELF_SIGNED|UNABLE_TO_/.test(code) || /certificate/i.test(text)) {
    return "Name the authority that signed the server's certificate in cacert_file; " +
      "verify_ssl = False turns the check off altogether.";
  }
  if (isAboutVersion(code) || isAboutVersion(text)) return hintForVersion("server");
  if (code === "EENCRYPT") return "The server requires encryption: set encrypt = True.";
  if (/SSL|TLS|EPROTO|ECONNRESET/.test(code) || /TLS|SSL/.test(text)) {
    return "Check that this is a port of SQL Server, the TLS versions that it supports, " +
      "and encrypt (strict needs SQL Server 2022).";
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "Check the host name in server.";
  return "Check server (host, host\\instance or host,port), that TCP/IP is enabled for it, " +
    "and the firewalls in between.";
}

/** Begins the sentence about a login that failed. */
export function loginSentence({ address, account }: SqlEndpointNames): string {
  return `Cannot log in to SQL Server ${addressText(address)} as ${account}`;
}

/**
 * Why there is no connection, or none that is logged in.
 *
 * @param messages The server's messages, first to last.
 */
export function sqlConnectError(
  endpoint: SqlEndpointNames,
  thrown: unknown,
  messages: readonly SqlMessage[],
): AgentError {
  if (thrown instanceof AgentError) return thrown;
  const server = addressText(endpoint.address);
  const what = loginSentence(endpoint);
  const [message] = messages;
  if (message !== undefined) return refusal(what, endpoint, message);
  if (thrown instanceof GssError) return gssError(what, thrown);
  if (thrown instanceof SspiError) {
    const hint = sspiHint(endpoint, thrown.status);
    return new AuthError(`${what}: ${thrown.message}`, { cause: thrown, hint });
  }
  const inner = deepestError(thrown);
  const code = errorCode(inner) || errorCode(thrown);
  // The driver has one code for both sides' demand.
  if (code === "EENCRYPT" && endpoint.encrypt !== false) {
    return new SourceError(
      `Cannot connect to SQL Server ${server}: the server does not support encryption`,
      {
        cause: thrown,
        hint: "Give the server a certificate. encrypt = False sends everything unencrypted.",
      },
    );
  }
  const reason = describeReason(inner, code);
  return new SourceError(`Cannot connect to SQL Server ${server}: ${reason}`, {
    cause: thrown,
    hint: connectionHint(code, `${messageOf(thrown)} ${messageOf(inner)}`),
    retriable: true,
  });
}

/** Why a connection that was there is of no use any more. */
export function sqlLostError(
  endpoint: SqlEndpointNames,
  reason: string,
  cause?: unknown,
): SourceError {
  return new SourceError(
    `The connection to SQL Server ${addressText(endpoint.address)} is lost: ${reason}`,
    {
      cause,
      hint: "Check that the server is running. The next run reads everything again.",
      retriable: true,
    },
  );
}

/** The first error of the server in what a query failed with. */
function serverError(thrown: unknown): SqlMessage | undefined {
  const all = thrown instanceof AggregateError ? thrown.errors : [thrown];
  for (const each of all) {
    const number = (each as { readonly number?: unknown } | null)?.number;
    if (typeof number === "number") return { number, message: messageOf(each) };
  }
  return undefined;
}

/** What to do about a query that the server refused. */
function queryHint(
  endpoint: SqlEndpointNames,
  { number, message }: SqlMessage,
): string | undefined {
  const name = principalName(endpoint.principal);
  if (number === 229 || number === 230) {
    const [, object = ""] = /on the object '([^']+)'/.exec(message) ?? [];
    const [, schema = "dbo"] = /schema '([^']+)'/.exec(message) ?? [];
    if (object === "") return `Let the account read it: GRANT SELECT ON … TO ${name};`;
    return `Let the account read it: GRANT SELECT ON OBJECT::${schema}.${object} TO ${name};`;
  }
  if (number === 208) {
    return `Check database: there is no such view in ${endpoint.database}, or the account may see ` +
      `nothing of it (GRANT SELECT ON OBJECT::… TO ${name};).`;
  }
  if (number === 1205 || number === 1222) {
    return "The query was in a deadlock with others. Try again.";
  }
  return undefined;
}

/** Why a query failed. */
export function sqlQueryError(endpoint: SqlEndpointNames, thrown: unknown): AgentError {
  if (thrown instanceof AgentError) return thrown;
  const message = serverError(thrown);
  if (message === undefined) {
    const inner = deepestError(thrown);
    return sqlLostError(endpoint, describeReason(inner, errorCode(inner)), thrown);
  }
  const { number } = message;
  const what = `Cannot read from ${endpoint.database} on SQL Server ${
    addressText(endpoint.address)
  }`;
  return new SourceError(`${what}: ${message.message} [${number}]`, {
    cause: thrown,
    hint: queryHint(endpoint, message),
    retriable: number === 1205 || number === 1222,
  });
}
