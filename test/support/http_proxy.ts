/**
 * An HTTP proxy: tunnels by CONNECT, plain requests by their absolute address (RFC 9110, 7.4 and 9.3.6).
 *
 * @module
 */
import { connect, createServer, type Socket } from "node:net";

/** A proxy at work. */
export interface HttpProxy {
  readonly host: string;
  /** First lines of the requests, for example `CONNECT localhost:443 HTTP/1.1`. */
  readonly asked: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ProxyOptions {
  /** `user:password` that it wants to see. */
  readonly credentials?: string;
  /** Status that it answers to everything. */
  readonly refuse?: number;
}

function refuse(socket: Socket, status: number): void {
  const body = "<html>the proxy says no</html>";
  const head = `HTTP/1.1 ${status} No\r\nContent-Type: text/html\r\nContent-Length: ${body.length}`;
  socket.end(
    `${head}\r\nProxy-Authenticate: Basic realm="proxy"\r\nConnection: close\r\n\r\n${body}`,
  );
}

function pass(socket: Socket, head: string, rest: Buffer): void {
  const [first = ""] = head.split("\r\n");
  const [method, target = ""] = first.split(" ");
  const url = new URL(method === "CONNECT" ? `https://${target}` : target);
  const port = Number(url.port || (method === "CONNECT" ? 443 : 80));
  const onward = connect(port, url.hostname, () => {
    if (method === "CONNECT") socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    else onward.write(head.replace(target, url.pathname + url.search) + "\r\n\r\n");
    onward.write(rest);
    socket.pipe(onward).pipe(socket);
  });
  onward.on("error", () => refuse(socket, 502));
}

/** Starts a proxy on a free loopback port. */
export async function startProxy(options: ProxyOptions = {}): Promise<HttpProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const wanted = options.credentials === undefined
    ? undefined
    : `basic ${Buffer.from(options.credentials).toString("base64")}`.toLowerCase();
  const server = createServer((socket) => {
    sockets.add(socket);
    let seen = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("data", function read(chunk: Buffer) {
      seen = Buffer.concat([seen, chunk]);
      const end = seen.indexOf("\r\n\r\n");
      if (end < 0) return;
      socket.off("data", read);
      const head = seen.subarray(0, end).toString("latin1");
      asked.push(head.split("\r\n", 1)[0] ?? "");
      const given = /^proxy-authorization: *(.*)$/im.exec(head)?.[1]?.trim().toLowerCase();
      if (options.refuse !== undefined) return refuse(socket, options.refuse);
      if (wanted !== undefined && given !== wanted) return refuse(socket, 407);
      pass(socket, head, seen.subarray(end + 4));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    host: `127.0.0.1:${address.port}`,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
