/**
 * An HTTP proxy that lets Windows accounts through: a login by NTLM on one connection, in two messages,
 * by itself or inside of Negotiate (RFC 4559 for servers; proxies do the same with 407).
 *
 * @module
 */
import { connect, createServer, type Socket } from "node:net";
import {
  authenticate,
  type Exchange,
  isNegotiate,
  makeChallenge,
  type NtlmAccount,
} from "./tds/ntlm.ts";

/** A proxy at work. */
export interface WindowsProxy {
  readonly host: string;
  /** Targets of the tunnels, each with the account that it was opened for. */
  readonly tunnels: readonly string[];
  /** How many connections were made to it. */
  readonly connections: number;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface WindowsProxyOptions {
  readonly accounts: readonly NtlmAccount[];
  /** The schemes that it offers. */
  readonly offers?: readonly string[];
  /** Whether it ends the connection after its first answer, as some do. */
  readonly closesAtFirst?: boolean;
}

const text = "<html>log in first</html>";

function challenge(socket: Socket, lines: readonly string[], isLast = false): void {
  const head = ["HTTP/1.1 407 Proxy Authentication Required", `Content-Length: ${text.length}`];
  const all = [...head, ...lines.map((line) => `Proxy-Authenticate: ${line}`)];
  const end = isLast ? ["Connection: close"] : [];
  socket.write(`${[...all, ...end].join("\r\n")}\r\n\r\n${text}`);
  if (isLast) socket.end();
}

/** One connection: what it is asked, and how far its login is. */
function serve(socket: Socket, options: WindowsProxyOptions, tunnels: string[]): void {
  const { accounts, offers = ["Negotiate", "NTLM"], closesAtFirst = false } = options;
  let seen = Buffer.alloc(0);
  let exchange: Exchange | undefined;
  function onRequest(head: string): void {
    const [, target = ""] = /^CONNECT (\S+) HTTP\/1\.1\r\n/.exec(head) ?? [];
    const given = /^proxy-authorization: *(\S+) (\S+)$/im.exec(head);
    if (target === "" || given === null) return challenge(socket, offers, closesAtFirst);
    const [, scheme = "", sent = ""] = given;
    const token = Buffer.from(sent, "base64");
    if (!offers.includes(scheme)) return challenge(socket, offers);
    if (isNegotiate(token)) {
      exchange = makeChallenge(token, accounts[0]?.domain ?? "EXAMPLE");
      return challenge(socket, [`${scheme} ${exchange.challenge.toString("base64")}`]);
    }
    const account = exchange === undefined
      ? undefined
      : authenticate(token, exchange, accounts, { level: "off", binding: undefined });
    if (account === undefined) return challenge(socket, offers);
    tunnels.push(`${target} ${account.domain}\\${account.name}`);
    socket.off("data", onData);
    const [host = "", port = ""] = target.split(":");
    const onward = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(onward).pipe(socket);
    });
    onward.on("error", () => socket.destroy());
  }
  function onData(chunk: Buffer): void {
    seen = Buffer.concat([seen, chunk]);
    const end = seen.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = seen.subarray(0, end + 2).toString("latin1");
    seen = Buffer.from(seen.subarray(end + 4));
    onRequest(head);
  }
  socket.on("data", onData);
}

/** Starts a proxy on a free loopback port. */
export async function startWindowsProxy(options: WindowsProxyOptions): Promise<WindowsProxy> {
  const tunnels: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket, options, tunnels);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    host: `127.0.0.1:${address.port}`,
    tunnels,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
