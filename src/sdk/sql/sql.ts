/**
 * SQL Server as a source: the options that say where it is and who reads, and what they come to.
 *
 * @module
 */

import { z } from "zod";
import { ConfigError } from "../../base/errors.ts";
import { hasSspi } from "../../runtime/sspi.ts";
import { kerberosOptions, kerberosRule } from "../kerberos/kerberos.ts";
import { opt, type Option, parseFlag, type Values } from "../option.ts";
import type { SourceContext } from "../source.ts";
import { parseSqlAddress, type SqlAddress } from "./address.ts";
import type { SqlEndpoint, SqlLogin } from "./connection.ts";

export type { SqlAddress } from "./address.ts";
export { connectSql, type SqlConnection, type SqlEndpoint } from "./connection.ts";
export { sqlPages, type SqlRow, sqlRows } from "./rows.ts";

function serverOption(option: Option<string>): Option<SqlAddress> {
  const schema = z.string().transform((value, context): SqlAddress => {
    const address = parseSqlAddress(value);
    if (typeof address !== "string") return address;
    context.addIssue({ code: "custom", message: address });
    return z.NEVER;
  });
  const { default: _, ...rest } = option;
  return { ...rest, schema };
}

function encryptOption(option: Option<string>): Option<boolean | "strict"> {
  const schema = z.string().transform((value, context): boolean | "strict" => {
    if (value.trim().toLowerCase() === "strict") return "strict";
    const flag = parseFlag(value);
    if (flag !== undefined) return flag;
    context.addIssue({
      code: "custom",
      message: `is neither a boolean nor strict: "${value}"`,
    });
    return z.NEVER;
  });
  return { ...option, schema, default: true, optional: true, placeholder: "yes|no|strict" };
}

/** The options of a source that reads from SQL Server. */
export const sqlOptions = {
  server: serverOption(opt.text(
    "Address of SQL Server: host, host\\instance or host,port.",
    { example: "server.example.com" },
  )),
  database: opt.text("Name of the database."),
  username: opt.text(
    "Account to log in as. With authentication = Windows, DOMAIN\\name, or blank for the account that runs the agent on Windows.",
    { default: "", example: "change-me" },
  ),
  password: opt.secret("Password of that account.", { default: "", example: "change-me" }),
  authentication: opt.choice(
    "Whether it is a SQL Server login, a Windows account, or tickets of Kerberos: with keytab, or of the account that runs the agent.",
    ["SQL Server", "Windows", "Kerberos"],
    { default: "SQL Server", anyCase: true },
  ),
  ...kerberosOptions,
  encrypt: encryptOption(opt.text(
    "Whether the connection is encrypted. strict encrypts it from its first byte (TDS 8.0, SQL Server 2022 and newer).",
    { advanced: true },
  )),
  read_only: opt.flag(
    "Whether the connection is announced as read-only (ApplicationIntent=ReadOnly), so that a readable copy of an availability group may answer.",
    { default: true, advanced: true },
  ),
  multi_subnet_failover: opt.flag(
    "Whether all addresses of the server's name are tried at once (MultiSubnetFailover), as the listener of an availability group in several subnets needs it.",
    { default: true, advanced: true },
  ),
  server_spn: opt.text(
    "Service principal name of SQL Server, where Kerberos does not find it as MSSQLSvc/host:port. For authentication = Kerberos, and = Windows without username.",
    { default: "", advanced: true, example: "MSSQLSvc/sql.example.com:1433" },
  ),
  query_timeout: opt.integer("Seconds to wait for the server while it works on a query.", {
    default: 600,
    minimum: 1,
    maximum: 86_400,
    advanced: true,
  }),
  driver: opt.text(
    "Has no effect: no ODBC driver is needed. Accepted for compatibility with older files.",
    {
      default: "",
      advanced: true,
    },
  ),
} as const;

/** Where SQL Server is and who reads: the values of {@linkcode sqlOptions}. */
export type SqlValues = Values<typeof sqlOptions>;

/** As TLS itself writes it. */
const tls13 = 0x0304;

/** `DOMAIN\name` or `name@domain`. */
function windowsAccount(
  name: string,
): { readonly domain: string; readonly user: string } | undefined {
  const [, domain, user] = /^([^\\@]+)\\([^\\]+)$/.exec(name.trim()) ?? [];
  if (domain !== undefined && user !== undefined) return { domain, user };
  return /^[^\\@]+@[^\\@]+$/.test(name.trim()) ? { domain: "", user: name.trim() } : undefined;
}

/** The rule between the {@linkcode sqlOptions}: what is wrong, or nothing. */
export function sqlRule(values: SqlValues): string | undefined {
  const { authentication, username, password } = values;
  if (authentication === "Kerberos") return kerberosRule(values);
  if (authentication === "SQL Server") {
    if (username !== "" && password !== "") return undefined;
    return `authentication = SQL Server needs ${username === "" ? "username" : "password"}`;
  }
  if (windowsAccount(username) !== undefined) {
    if (password !== "") return undefined;
    return `username ${username} needs a password; leave username blank for the account that runs the agent`;
  }
  if (hasSspi()) return undefined;
  return "authentication = Windows needs username = DOMAIN\\name and password here: " +
    "only on Windows can the agent log in as the account that runs it; see also authentication = Kerberos";
}

/** Who logs in, as the options say. */
export function sqlLogin(options: SqlValues): SqlLogin {
  const { authentication, username, password } = options;
  if (authentication === "SQL Server") return { kind: "sql", user: username, password };
  if (authentication === "Kerberos") return { kind: "kerberos", tickets: options };
  const account = windowsAccount(username);
  return account === undefined ? { kind: "process" } : { kind: "ntlm", ...account, password };
}

/** Says so where a name has no effect: older files had to have one, which Windows authentication did not look at. */
function chooseLogin({ options, log }: SourceContext<SqlValues>): SqlLogin {
  const login = sqlLogin(options);
  if (login.kind === "process" && options.username !== "") {
    log.warning("username is not DOMAIN\\name: the account that runs the agent is used");
  }
  return login;
}

/**
 * Where the options of a section say to connect to, and as whom. What is odd about them is logged.
 *
 * @throws {ConfigError} When they do not go together.
 */
export function sqlEndpoint(context: SourceContext<SqlValues>): SqlEndpoint {
  const { options, tls, timeoutMs, signal } = context;
  if (options.encrypt === "strict" && !tls.verify) {
    throw new ConfigError("encrypt = strict always checks the server's certificate", [], {
      hint: "Set verify_ssl = True and name its authority in cacert_file, or encrypt = True.",
    });
  }
  // Inside of TDS 7 the driver speaks TLS 1.2 at most, whatever is configured.
  if (options.encrypt === true && tls.minVersion === tls13) {
    throw new ConfigError("ssl_protocol = tls1.3 needs encrypt = strict", [], {
      hint:
        "Servers older than SQL Server 2022 support TLS 1.2 only: remove ssl_protocol for them.",
    });
  }
  return {
    address: options.server,
    database: options.database,
    login: chooseLogin(context),
    encrypt: options.encrypt,
    readOnly: options.read_only,
    multiSubnetFailover: options.multi_subnet_failover,
    serverSpn: options.server_spn.trim(),
    tls,
    connectMs: timeoutMs,
    silenceMs: options.query_timeout * 1000,
    signal,
  };
}
