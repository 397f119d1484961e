/**
 * Where the state is in PostgreSQL: a URL as libpq reads it, and what is safe to do with it.
 *
 * @module
 */

import { AgentError } from "../../base/errors.ts";
import { isLoopback, withoutBrackets } from "../../base/network.ts";
import type { PostgresOptions } from "../../runtime/postgres.ts";

/** A server, who logs in, and how far the line to it is trusted. */
export interface PgTarget {
  /** Host name or address, or the folder of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: PostgresOptions["tls"];
  /** A pooler in transaction mode is in between: no named statements, no LISTEN. */
  readonly isPooled: boolean;
  /** The server for messages and logs, without the password. */
  readonly name: string;
}

const form =
  /^postgres(?:ql)?:\/\/(?:([^:@/?#]*)(?::([^@/?#]*))?@)?(\[[0-9a-fA-F:.]+\]|[^:@/?#[\]]*)(?::(\d+))?(?:\/([^/?#]*))?(?:\?([^#]*))?$/;
const example = "postgres://USER:PASSWORD@HOST:5432/DATABASE";
const lastPort = 65_535;
const parameters = new Set(["host", "sslmode", "pgbouncer"]);

/**
 * Reads a URL such as `postgres://agent:…@db.example.com/agent?sslmode=verify-full`.
 *
 * Without `sslmode` the certificate is verified, except on this machine. `sslmode=disable` is the only way
 * to a remote server without TLS. `host=/FOLDER` names a unix socket, `pgbouncer=true` a pooler in
 * transaction mode.
 *
 * @throws AgentError that never repeats the URL: it may hold a password.
 */
export function parsePgUrl(url: string): PgTarget {
  const [, user = "", password = "", place = "", port, database = "", query = ""] =
    form.exec(url) ?? [];
  if (!form.test(url)) {
    throw refused(
      "is not a URL of PostgreSQL",
      `Write ${example}, without quotes. In a password, @ is %40, # is %23, / is %2F, : is %3A and % is %25; or set password in [state].`,
    );
  }
  if (place.includes(",")) {
    throw refused("names several hosts", "Name one: the address that follows the primary.");
  }
  const options = new URLSearchParams(query);
  const unknown = [...options.keys()].find((key) => !parameters.has(key));
  if (unknown !== undefined) {
    throw refused(
      "has a parameter that is not known here",
      `These have an effect: ${[...parameters].join(", ")}.`,
    );
  }
  const host = options.get("host") ?? withoutBrackets(decode(place));
  if (user === "" || host === "") throw refused("names no user or no host", `Write ${example}.`);
  const found = {
    host,
    port: portOf(port),
    user: decode(user),
    password: decode(password),
    database: decode(database) || decode(user),
  };
  return {
    ...found,
    tls: tlsOf(options.get("sslmode"), host),
    isPooled: isPooled(options.get("pgbouncer")),
    name: `${host.includes(":") ? `[${host}]` : host}:${found.port}/${found.database}`,
  };
}

/** What a schema may be called: nothing that needs thinking about quotes or upper case. */
const schemaName = /^[a-z_][a-z0-9_]{0,62}$/;
/** What PostgreSQL keeps for itself. */
const ownSchemaName = /^(pg_.*|information_schema)$/;

/** @throws {AgentError} when a name is not one for a schema. */
export function checkSchemaName(schema: string): void {
  if (ownSchemaName.test(schema)) {
    throw new AgentError(`"${schema}" is a name that PostgreSQL keeps for its own schemas`, {
      hint: "Use one that does not begin with pg_, such as oomnitza_agent.",
    });
  }
  if (schemaName.test(schema)) return;
  throw new AgentError(`"${schema}" cannot be the name of a schema`, {
    hint: "Use up to 63 of a-z, 0-9 and _, with no digit in front.",
  });
}

function portOf(text = "5432"): number {
  const port = Number(text);
  if (port >= 1 && port <= lastPort) return port;
  throw refused("has a port that there is not", `Name one from 1 to ${lastPort}.`);
}

function isPooled(said: string | null): boolean {
  if (said === "true") return true;
  if (said === null || said === "false") return false;
  throw refused("says neither true nor false for pgbouncer", "Write pgbouncer=true.");
}

function tlsOf(mode: string | null, host: string): PgTarget["tls"] {
  if (host.startsWith("/")) return "none";
  if (mode === null) return isLoopback(host) ? "none" : "full";
  if (mode === "disable") return "none";
  if (mode === "require") return "unverified";
  if (mode === "verify-ca") return "authority";
  if (mode === "verify-full") return "full";
  throw refused(
    "has an sslmode that may end without TLS",
    "Write verify-full, verify-ca, require or disable, or leave sslmode out for verify-full.",
  );
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw refused("has a % that begins no character", "Write % itself as %25.");
  }
}

function refused(what: string, hint: string): AgentError {
  return new AgentError(`The URL of the state ${what}`, { hint });
}
