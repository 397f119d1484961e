/**
 * A small SQL Server for tests: the wire of TDS 7.4, and of 8.0 with TLS from the start, written from
 * Microsoft's [MS-TDS]. What it answers is the test's.
 *
 * @module
 */
import { createServer, type Server, type Socket } from "node:net";
import { TdsChannel, type TlsIdentity } from "./channel.ts";
import type { TdsQuery } from "./requests.ts";
import {
  runSession,
  type SessionFacts,
  type SessionRules,
  type SqlAccount,
  type TdsAnswer,
} from "./session.ts";

export interface TdsServerOptions extends Partial<Omit<SessionRules, "answer" | "tls">> {
  readonly tls?: TlsIdentity;
  /** Answers by name of the table in `select * from NAME`; free-form tests. */
  readonly tables?: Readonly<Record<string, () => TdsAnswer>>;
  /** Answers anything else; without one, or when it gives nothing, error 208 or 156 is sent. */
  readonly answer?: (query: TdsQuery, session: SessionFacts) => TdsAnswer | undefined;
}

/** A server at work. */
export interface TdsServer {
  readonly port: number;
  /** Questions in their order, without the settings that clients make on their own. */
  readonly queries: readonly TdsQuery[];
  /** Logins that succeeded. */
  readonly logins: readonly SessionFacts[];
  /** Connections that are open now. */
  readonly connections: number;
  /** What went wrong inside of the server; a test expects nothing. */
  readonly errors: readonly unknown[];
  /** Ends all connections at once and listens no more. */
  kill(): Promise<void>;
  /** Listens again, on the same port. */
  start(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The account that a server lets in when no other is named. */
export const defaultAccount: SqlAccount = { name: "reader", password: 'tds "Canary" p\\ss+wörd%' };

function answerWith(options: TdsServerOptions, log: TdsQuery[]): SessionRules["answer"] {
  return (query, session) => {
    // Clients begin with settings, which have no result.
    if (/^\s*(set|use)\s/i.test(query.sql)) return {};
    log.push(query);
    const [, table = ""] = /^\s*select\s+\*\s+from\s+(\w+)\s*;?\s*$/i.exec(query.sql) ?? [];
    const own = options.tables?.[table]?.() ?? options.answer?.(query, session);
    if (own !== undefined) return own;
    const error = table === ""
      ? { number: 156, severity: 15, text: "Incorrect syntax near the keyword 'select'." }
      : { number: 208, severity: 16, text: `Invalid object name '${table}'.` };
    return { error };
  };
}

/** Starts a server on a free loopback port. */
export async function startTdsServer(options: TdsServerOptions = {}): Promise<TdsServer> {
  const queries: TdsQuery[] = [];
  const logins: SessionFacts[] = [];
  const errors: unknown[] = [];
  const sockets = new Set<Socket>();
  const rules: SessionRules = {
    accounts: [defaultAccount],
    ntlmAccounts: [],
    // What a client says of server and connection must be true; one that says nothing is let in.
    protection: { level: "allowed" },
    encrypt: options.tls === undefined ? "none" : "offered",
    databases: ["CM_DCT"],
    tls: undefined,
    ...options,
    answer: answerWith(options, queries),
  };
  async function serve(socket: Socket): Promise<void> {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    try {
      await runSession(new TdsChannel(socket), rules, (facts) => logins.push(facts));
    } catch (error) {
      errors.push(error);
      socket.destroy();
    }
  }
  let server: Server | undefined;
  let port = 0;
  async function start(): Promise<void> {
    server = createServer((socket) => void serve(socket));
    await new Promise<void>((resolve, reject) => {
      server?.once("error", reject).listen(port, "127.0.0.1", () => resolve());
    });
    const address = server.address();
    port = typeof address === "object" ? address?.port ?? 0 : 0;
  }
  async function kill(): Promise<void> {
    const closed = new Promise<void>((resolve) => server?.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  }
  await start();
  return {
    get port() {
      return port;
    },
    queries,
    logins,
    errors,
    get connections() {
      return sockets.size;
    },
    kill,
    start,
    [Symbol.asyncDispose]: kill,
  };
}
