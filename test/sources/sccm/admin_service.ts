/**
 * The administration service of Configuration Manager for tests, written from "How to use the
 * administration service in Configuration Manager", the class reference of the SMS Provider and the
 * OData protocol (4.0, 11.2.5): signs in Windows accounts, gives a page at a time, and refuses
 * classes, properties and options that it does not know.
 *
 * As Windows' HTTP service does it, a login by NTLM belongs to its connection ([MS-NTHT]), one by Kerberos to its
 * request (RFC 4559), and both are compared with the certificate of the connection (HTTP_CHANNEL_BIND_INFO; RFC 5929,
 * 4).
 *
 * @module
 */
import { createHash, X509Certificate } from "node:crypto";
import type { Accepted } from "../../support/gss_acceptor.ts";
import type { Identity } from "../../support/tds/certificate.ts";
import {
  authenticate,
  type Exchange,
  isNegotiate,
  makeChallenge,
  type NtlmAccount,
  type Protection,
} from "../../support/tds/ntlm.ts";
import type { SiteRows } from "./site_database.ts";

/** Classes by their properties, in the order of the view that they show. */
const classes: Readonly<Record<string, { view: string; properties: readonly string[] }>> = {
  SMS_G_System_COMPUTER_SYSTEM: {
    view: "v_GS_COMPUTER_SYSTEM",
    properties: [
      ...["ResourceID", "GroupID", "Name", "Domain", "Manufacturer", "Model", "SystemType"],
      "UserName",
    ],
  },
  SMS_G_System_PROCESSOR: {
    view: "v_GS_PROCESSOR",
    properties: ["ResourceID", "GroupID", "Name"],
  },
  SMS_G_System_DISK: { view: "v_GS_DISK", properties: ["ResourceID", "GroupID", "Size"] },
  SMS_G_System_NETWORK_ADAPTER_CONFIGURATION: {
    view: "v_GS_NETWORK_ADAPTER_CONFIGURATION",
    properties: ["ResourceID", "GroupID", "IPAddress", "MACAddress"],
  },
  SMS_G_System_X86_PC_MEMORY: {
    view: "v_GS_X86_PC_MEMORY",
    properties: ["ResourceID", "GroupID", "TotalPhysicalMemory"],
  },
  SMS_G_System_PC_BIOS: {
    view: "v_GS_PC_BIOS",
    properties: ["ResourceID", "GroupID", "SerialNumber"],
  },
  SMS_G_System_SYSTEM_ENCLOSURE: {
    view: "v_GS_SYSTEM_ENCLOSURE",
    properties: ["ResourceID", "GroupID", "SerialNumber"],
  },
  SMS_G_System_OPERATING_SYSTEM: {
    view: "v_GS_OPERATING_SYSTEM",
    properties: ["ResourceID", "GroupID", "Caption"],
  },
  SMS_R_System: {
    view: "v_R_System",
    properties: ["ResourceId", "LastLogonTimestamp", "Obsolete", "Active"],
  },
  SMS_G_System_ENCRYPTABLE_VOLUME: {
    view: "v_GS_ENCRYPTABLE_VOLUME",
    properties: ["ResourceID", "GroupID", "DriveLetter", "ProtectionStatus"],
  },
  SMS_G_System_AntimalwareHealthStatus: {
    view: "v_GS_AntimalwareHealthStatus",
    properties: ["ResourceID", "AntivirusEnabled"],
  },
  SMS_UserMachineRelationship: {
    view: "v_UserMachineRelationship",
    properties: ["ResourceID", "UniqueUserName"],
  },
  SMS_G_System_ADD_REMOVE_PROGRAMS: {
    view: "v_GS_ADD_REMOVE_PROGRAMS",
    properties: ["ResourceID", "GroupID", "DisplayName", "Version", "Publisher"],
  },
  SMS_G_System_ADD_REMOVE_PROGRAMS_64: {
    view: "v_GS_ADD_REMOVE_PROGRAMS_64",
    properties: ["ResourceID", "GroupID", "DisplayName", "Version", "Publisher"],
  },
};

/** What a service holds, and whom it lets in. */
export interface AdminServiceOptions {
  readonly rows: SiteRows;
  readonly identity: Identity;
  /** What becomes of a token of Kerberos; without it, there is no Kerberos. */
  readonly accept?: (token: Uint8Array, binding?: Uint8Array) => Accepted;
  /** Who may log in by NTLM; without them, there is no NTLM. */
  readonly accounts?: readonly NtlmAccount[];
  /** Whether a login must be tied to the connection, as HTTP_AUTHENTICATION_HARDENING_LEVELS has it. */
  readonly hardening?: Protection["level"];
  /** The certificate that logins must be tied to, where that is not the server's own: PEM. */
  readonly expectedCertificate?: string;
  /** Schemes that are offered; NTLM is taken under the name of Negotiate, too. */
  readonly schemes?: readonly ("NTLM" | "Negotiate")[];
  /** Wants a login for each request, whatever the connection. */
  readonly isForgetful?: boolean;
  /** Closes a connection after so many answers to those who are logged in, without a word. */
  readonly mostAnswers?: number;
  /** Who has a security role. */
  readonly administrators: readonly string[];
  /** Classes that the site does not have. */
  readonly without?: readonly string[];
  /** Rows of a page. */
  readonly pageSize?: number;
}

type Row = Readonly<Record<string, unknown>>;

function valueOf(property: string, value: unknown): unknown {
  if (property === "AntivirusEnabled") return value === 1;
  if (property === "LastLogonTimestamp" && typeof value === "string") {
    return `${value.replace(" ", "T")}Z`;
  }
  return value;
}

/** The rows of every class, as objects. */
function loadRows({ rows }: AdminServiceOptions): ReadonlyMap<string, readonly Row[]> {
  return new Map(
    Object.entries(classes).map(([name, { view, properties }]) => [
      name,
      [...rows[view] ?? []].map((row) =>
        Object.fromEntries(
          properties.map((property, at) => [property, valueOf(property, row[at])]),
        )
      ),
    ]),
  );
}

function refuse(status: number, message: string): Response {
  return Response.json({ error: { code: "", message } }, { status });
}

/** Whether a row matches `PROPERTY ge N and PROPERTY le N`, the only filter that is known here. */
function parseFilter(
  filter: string,
  properties: readonly string[],
): ((row: Row) => boolean) | undefined {
  const parts = filter.split(" and ").map((part) => /^(\w+) (eq|ge|le) (\d+)$/.exec(part));
  if (parts.some((part) => part === null || !properties.includes(part[1] ?? ""))) return undefined;
  return (row) =>
    parts.every((part) => {
      const [, property = "", operator, text] = part ?? [];
      const [value, limit] = [Number(row[property]), Number(text)];
      if (operator === "ge") return value >= limit;
      return operator === "le" ? value <= limit : value === limit;
    });
}

const knownOptions = new Set(["$select", "$filter", "$top", "$skip"]);

function readList(
  url: URL,
  rows: ReadonlyMap<string, readonly Row[]>,
  { without = [], pageSize = 100 }: AdminServiceOptions,
): Response {
  const name = /^\/AdminService\/wmi\/(\w+)$/.exec(url.pathname)?.[1] ?? "";
  const known = classes[name];
  const all = rows.get(name);
  if (known === undefined || all === undefined || without.includes(name)) {
    return refuse(404, `No HTTP resource was found that matches the request URI '${url}'.`);
  }
  const { searchParams } = url;
  const option = [...searchParams.keys()].find((key) => !knownOptions.has(key));
  if (option !== undefined) return refuse(400, `The query parameter '${option}' is not supported.`);
  const selected = searchParams.get("$select")?.split(",") ?? known.properties;
  const unknown = selected.find((property) => !known.properties.includes(property));
  if (unknown !== undefined) return refuse(400, `Could not find a property named '${unknown}'.`);
  const filter = searchParams.get("$filter");
  const matches = filter === null ? () => true : parseFilter(filter, known.properties);
  if (matches === undefined) return refuse(400, `Syntax error in '${filter}'.`);
  const top = Number(searchParams.get("$top") ?? Number.POSITIVE_INFINITY);
  const skip = Number(searchParams.get("$skip") ?? 0);
  const found = all.filter(matches).slice(0, top);
  const page = found.slice(skip, skip + pageSize);
  const next = new URL(url);
  next.searchParams.set("$skip", String(skip + pageSize));
  return Response.json({
    "@odata.context": `${url.origin}/AdminService/wmi/$metadata#${name}`,
    value: page.map((row) => ({
      "@odata.etag": "FC1",
      __LAZYPROPERTIES: [],
      ...Object.fromEntries(selected.map((property) => [property, row[property]])),
    })),
    ...(skip + pageSize < found.length ? { "@odata.nextLink": next.href } : {}),
  });
}

/** A service at work. */
export interface AdminService {
  readonly port: number;
  /** Paths and queries, in their order. */
  readonly requests: readonly string[];
  /** Logins that were begun, by their scheme. */
  readonly logins: readonly string[];
  /** Connections that were seen. */
  readonly connections: () => number;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a connection is called, and who is logged in there. */
interface Connection {
  user?: string;
  exchange?: Exchange;
  answers: number;
}

/** `tls-server-end-point` of a certificate that is signed with SHA-256. */
function endPoint(certificate: string): Buffer {
  const hash = createHash("sha256").update(new X509Certificate(certificate).raw).digest();
  return Buffer.concat([Buffer.from("tls-server-end-point:"), hash]);
}

/** Lets people in. */
class Doorkeeper {
  readonly logins: string[] = [];
  readonly #options: AdminServiceOptions;
  readonly #binding: Buffer;
  readonly #used = new Set<string>();

  constructor(options: AdminServiceOptions) {
    this.#options = options;
    this.#binding = endPoint(options.expectedCertificate ?? options.identity.cert);
  }

  /** Who asks, or the answer to somebody who is not logged in. */
  admit(authorization: string, connection: Connection): string | Response {
    const { isForgetful = false } = this.#options;
    const [, scheme = "", text = ""] = /^(NTLM|Negotiate) (\S+)$/.exec(authorization) ?? [];
    const token = Buffer.from(text, "base64");
    const isNtlm = token.subarray(0, 8).equals(Buffer.from("NTLMSSP\0", "latin1"));
    if (scheme === "" && connection.user !== undefined && !isForgetful) return connection.user;
    if (isNegotiate(token) && this.#options.accounts !== undefined) {
      this.logins.push(scheme);
      connection.exchange = makeChallenge(token, "EXAMPLE");
      const challenge = connection.exchange.challenge.toString("base64");
      return this.#refuse(`${scheme} ${challenge}`);
    }
    const user = isNtlm ? this.#answered(token, connection) : this.#ticket(scheme, text, token);
    if (user === undefined) return this.#refuse();
    if (isNtlm) connection.user = user;
    return user;
  }

  #answered(token: Buffer, connection: Connection): string | undefined {
    const { accounts = [], hardening: level = "required" } = this.#options;
    const { exchange } = connection;
    delete connection.exchange;
    if (exchange === undefined) return undefined;
    const protection = { level, binding: this.#binding };
    const account = authenticate(token, exchange, accounts, protection);
    return account === undefined ? undefined : `${account.domain}\\${account.name}`;
  }

  #ticket(scheme: string, text: string, token: Buffer): string | undefined {
    const { accept, hardening = "required" } = this.#options;
    if (scheme !== "Negotiate" || accept === undefined || this.#used.has(text)) return undefined;
    this.#used.add(text);
    this.logins.push(scheme);
    return accept(token, hardening === "off" ? undefined : this.#binding).user;
  }

  #refuse(...challenges: readonly string[]): Response {
    const { schemes = ["Negotiate"] } = this.#options;
    const headers = new Headers();
    const offered = challenges.length > 0 ? challenges : schemes;
    for (const one of offered) headers.append("WWW-Authenticate", one);
    return new Response("", { status: 401, headers });
  }
}

/** Starts a service on a free port of this computer, by HTTPS. */
export function startAdminService(options: AdminServiceOptions): AdminService {
  const rows = loadRows(options);
  const requests: string[] = [];
  const doorkeeper = new Doorkeeper(options);
  const connections = new Map<number, Connection>();
  const { cert, key } = options.identity;
  const { mostAnswers = Number.POSITIVE_INFINITY } = options;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { cert, key },
    fetch(request, server) {
      const url = new URL(request.url);
      requests.push(`${url.pathname}${decodeURIComponent(url.search).replaceAll("+", " ")}`);
      const from = server.requestIP(request)?.port ?? 0;
      const connection = connections.get(from) ?? { answers: 0 };
      connections.set(from, connection);
      const user = doorkeeper.admit(request.headers.get("authorization") ?? "", connection);
      if (typeof user !== "string") return user;
      if (!options.administrators.includes(user)) return refuse(403, "Forbidden");
      if (request.method !== "GET") return refuse(405, "Method Not Allowed");
      const answer = readList(url, rows, options);
      if (++connection.answers >= mostAnswers) answer.headers.set("Connection", "close");
      return answer;
    },
  });
  return {
    port: server.port ?? 0,
    requests,
    logins: doorkeeper.logins,
    connections: () => connections.size,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}
