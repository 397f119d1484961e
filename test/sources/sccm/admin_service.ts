/**
 * The administration service of Configuration Manager for tests, written from "How to use the
 * administration service in Configuration Manager", the class reference of the SMS Provider and the
 * OData protocol (4.0, 11.2.5): signs in by Kerberos alone, gives a page at a time, and refuses
 * classes, properties and options that it does not know.
 *
 * @module
 */
import type { Accepted } from "../../support/gss_acceptor.ts";
import type { Identity } from "../../support/tds/certificate.ts";
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
  /** What becomes of a token of Kerberos. */
  readonly accept: (token: Uint8Array) => Accepted;
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
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a service on a free port of this computer, by HTTPS. */
export function startAdminService(options: AdminServiceOptions): AdminService {
  const rows = loadRows(options);
  const requests: string[] = [];
  const used = new Set<string>();
  const { cert, key } = options.identity;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { cert, key },
    fetch(request) {
      const url = new URL(request.url);
      requests.push(`${url.pathname}${decodeURIComponent(url.search).replaceAll("+", " ")}`);
      const [, token = ""] = /^Negotiate (\S+)$/.exec(request.headers.get("authorization") ?? "") ??
        [];
      const isNew = token !== "" && !used.has(token);
      used.add(token);
      const { user } = isNew ? options.accept(Buffer.from(token, "base64")) : { user: undefined };
      if (user === undefined) {
        return new Response("", { status: 401, headers: { "WWW-Authenticate": "Negotiate" } });
      }
      if (!options.administrators.includes(user)) return refuse(403, "Forbidden");
      if (request.method !== "GET") return refuse(405, "Method Not Allowed");
      return readList(url, rows, options);
    },
  });
  return {
    port: server.port ?? 0,
    requests,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}
