/**
 * Connections of the agent's own to the test server.
 *
 * @module
 */
import { connectSql, type SqlConnection } from "../../../src/sdk/sql/connection.ts";
import { defaultAccount, type TdsServer } from "./server.ts";
import type { Column } from "./types.ts";

/** Connects in the clear, with short timeouts. */
export async function connect(
  server: TdsServer,
  signal: AbortSignal = new AbortController().signal,
): Promise<SqlConnection> {
  return await connectSql({
    address: { host: "127.0.0.1", port: server.port },
    database: "CM_DCT",
    login: { kind: "sql", user: defaultAccount.name, password: defaultAccount.password },
    encrypt: false,
    readOnly: true,
    multiSubnetFailover: true,
    serverSpn: "",
    tls: { verify: true },
    connectMs: 5000,
    silenceMs: 5000,
    signal,
  });
}

export function columnsOf(types: Readonly<Record<string, string>>): Column[] {
  return Object.entries(types).map(([name, type]) => ({ name, type }));
}
