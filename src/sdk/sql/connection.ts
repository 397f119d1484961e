/**
 * A connection to SQL Server: opened with a limit to the time it takes, and ended at once when the
 * run is stopped.
 *
 * @module
 */

import type { ConnectionConfiguration } from "tedious";
import type { TlsSettings } from "../../runtime/fetch.ts";
import { canonicalName } from "../../runtime/canonical_name.ts";
import { openSspi, type SecurityContext, type SspiLogin } from "../../runtime/sspi.ts";
import type { SqlAddress } from "./address.ts";
import type { LoginTarget, OpenSecurity, SqlDriver } from "./driver.ts";
import { openNtlm } from "../ntlm.ts";
import {
  loginSentence,
  sqlConnectError,
  type SqlEndpointNames,
  type SqlMessage,
} from "./errors.ts";
import type { WindowsLogin } from "../http/windows_login.ts";
import { awaitKdc, kerberosAccount, openKerberos } from "../kerberos/kerberos.ts";
import { tlsVersions } from "../tls/diagnosis.ts";

/** Who logs in. */
export type SqlLogin =
  | { readonly kind: "sql"; readonly user: string; readonly password: string }
  | WindowsLogin;

/** Where and how to connect. */
export interface SqlEndpoint {
  readonly address: SqlAddress;
  readonly database: string;
  readonly login: SqlLogin;
  readonly encrypt: boolean | "strict";
  /** Whether the server learns that nothing will be written, so that a readable copy may answer. */
  readonly readOnly: boolean;
  /** Whether all addresses of the server are tried at once. */
  readonly multiSubnetFailover: boolean;
  /** Service principal name of the server; blank for the usual one. */
  readonly serverSpn: string;
  readonly tls: TlsSettings;
  /** How long connecting and logging in may take, in milliseconds. */
  readonly connectMs: number;
  /** How long the server may keep silent when it is to send rows. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
}

/** A connection that is logged in. */
export interface SqlConnection {
  readonly driver: SqlDriver;
  readonly endpoint: SqlEndpoint;
  /** For the sentences of errors. */
  readonly names: SqlEndpointNames;
  close(): void;
}

function toAuthentication(login: SqlLogin): NonNullable<ConnectionConfiguration["authentication"]> {
  if (login.kind === "sql") {
    return { type: "default", options: { userName: login.user, password: login.password } };
  }
  // What goes to and fro is ours: see OpenSecurity of the driver.
  return { type: "ntlm", options: { domain: "", userName: "", password: "" } };
}

function toConfiguration(endpoint: SqlEndpoint, port: number): ConnectionConfiguration {
  const { tls } = endpoint;
  const minVersion = tlsVersions[tls.minVersion ?? 0];
  // Of TLS 1.3 there is nothing that a login of Windows could be tied to.
  const maxVersion = endpoint.login.kind === "sql" || minVersion === "TLSv1.3"
    ? undefined
    : "TLSv1.2";
  return {
    server: endpoint.address.host,
    authentication: toAuthentication(endpoint.login),
    options: {
      port,
      database: endpoint.database,
      appName: "Oomnitza agent",
      encrypt: endpoint.encrypt,
      trustServerCertificate: !tls.verify,
      readOnlyIntent: endpoint.readOnly,
      multiSubnetFailover: endpoint.multiSubnetFailover,
      connectTimeout: endpoint.connectMs,
      // Time limits are kept here; the driver's own ends at the first row.
      requestTimeout: 0,
      // Whether to try again is for the next run to decide: a wrong database is tried thrice otherwise.
      maxRetriesOnTransientErrors: 0,
      packetSize: 16_384,
      cryptoCredentialsDetails: {
        // Without it tedious hands on an object that inherits the rest, of which Bun reads no versions.
        secureOptions: 0,
        ...(tls.ca === undefined ? {} : { ca: [...tls.ca] }),
        ...(tls.cert === undefined ? {} : { cert: tls.cert }),
        ...(tls.key === undefined ? {} : { key: tls.key }),
        ...(minVersion === undefined ? {} : { minVersion }),
        ...(maxVersion === undefined ? {} : { maxVersion }),
      },
    },
  };
}

function endpointNames({ address, database, login, encrypt }: SqlEndpoint): SqlEndpointNames {
  const account = login.kind === "process"
    ? "the account that runs the agent"
    : login.kind === "kerberos"
    ? kerberosAccount(login.tickets)
    : login.kind === "ntlm" && login.domain !== ""
    ? `${login.domain}\\${login.user}`
    : login.user;
  const isNamed = login.kind === "sql" || login.kind === "ntlm";
  const principal = isNamed ? account : "DOMAIN\\account";
  return { address, database, account, principal, encrypt, login: login.kind };
}

/** Opens a login as the account that runs the program; another in tests. */
export type OpenContext = (login: SspiLogin) => SecurityContext;

/**
 * The service principal name of a server: the configured one is that of the server that is configured,
 * and not of one that it sends readers on to.
 */
function principalOf(endpoint: SqlEndpoint, host: string, port: number): string {
  const { serverSpn, address } = endpoint;
  if (serverSpn !== "" && host === address.host) return serverSpn;
  return `MSSQLSvc/${canonicalName(host)}:${port}`;
}

/** Begins a login with Kerberos where it can be had, with NTLM where Windows has nothing better. */
function openSecurity(login: Omit<SspiLogin, "packageName">, open: OpenContext): SecurityContext {
  try {
    return withFirstToken(open({ ...login, packageName: "Negotiate" }));
  } catch (thrown) {
    // Where there is no package that negotiates, NTLM may still be there.
    try {
      return withFirstToken(open({ ...login, packageName: "NTLM" }));
    } catch {
      throw thrown;
    }
  }
}

/** How a Windows account logs in; nothing for an account of SQL Server. */
function securityOf(endpoint: SqlEndpoint, open: OpenContext): OpenSecurity | undefined {
  const { login } = endpoint;
  if (login.kind === "sql") return undefined;
  return ({ host, port, binding }: LoginTarget) => {
    const target = principalOf(endpoint, host, port);
    if (login.kind === "kerberos") {
      const what = loginSentence(endpointNames(endpoint));
      const options = { what, target, mechanism: "negotiate", seal: false, binding } as const;
      return openKerberos(options, login.tickets);
    }
    if (login.kind === "ntlm") return openNtlm({ ...login, target, binding });
    return openSecurity({ target, binding }, open);
  };
}

/** Has a KDC answer before the driver, which cannot wait, begins the login. */
async function awaitTickets(endpoint: SqlEndpoint, port: number): Promise<void> {
  const { login, address: { host } } = endpoint;
  if (login.kind !== "kerberos") return;
  const what = loginSentence(endpointNames(endpoint));
  const target = principalOf(endpoint, host, port);
  await awaitKdc({ what, target, mechanism: "negotiate", seal: false }, login.tickets);
}

/** A context whose first token is already there: only that shows whether Windows supports it. */
function withFirstToken(context: SecurityContext): SecurityContext {
  let first: Uint8Array | undefined;
  try {
    first = context.next();
  } catch (thrown) {
    context.close();
    throw thrown;
  }
  return {
    next(answer) {
      const token = answer === undefined ? first : undefined;
      first = undefined;
      return token ?? context.next(answer);
    },
    get isComplete() {
      return context.isComplete;
    },
    close: () => context.close(),
  };
}

/** Waits until the driver is logged in. */
function loggedIn(driver: SqlDriver, { signal, connectMs }: SqlEndpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    function end(complete: () => void): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      complete();
    }
    const abort = () => end(() => reject(signal.reason));
    const late = () => end(() => reject(new Error(`no login within ${connectMs / 1000} s`)));
    const timer = setTimeout(late, connectMs);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    driver.connect((error) => end(() => error ? reject(error) : resolve()));
  });
}

/**
 * Connects and logs in.
 *
 * @param open Begins a login as the account that runs the program.
 * @throws {AuthError} When the login is refused; `SourceError` when there is no connection.
 */
export async function connectSql(
  endpoint: SqlEndpoint,
  open: OpenContext = openSspi,
): Promise<SqlConnection> {
  const names = endpointNames(endpoint);
  const messages: SqlMessage[] = [];
  let driver: SqlDriver | undefined;
  try {
    const { address, signal } = endpoint;
    const port = address.port ??
      await (await import("./browser.ts")).findInstancePort(
        address.host,
        address.instance ?? "",
        signal,
      );
    await awaitTickets(endpoint, port);
    const { SqlDriver } = await import("./driver.ts");
    const opened = driver = new SqlDriver(
      toConfiguration(endpoint, port),
      securityOf(endpoint, open),
    );
    opened.on("errorMessage", (message: SqlMessage) => messages.push(message));
    // What happens to a connection later is reported by the running query.
    opened.on("error", () => {});
    await loggedIn(opened, endpoint);
    return { driver: opened, endpoint, names, close: () => opened.close() };
  } catch (thrown) {
    driver?.close();
    endpoint.signal.throwIfAborted();
    throw sqlConnectError(names, thrown, messages);
  } finally {
    driver?.endLogin();
  }
}
