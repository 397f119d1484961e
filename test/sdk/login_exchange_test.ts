/**
 * HTTP/1.1 over connections of our own (RFC 9112): how answers are framed, what becomes of a connection, and
 * proxies.
 *
 * @module
 */
import { afterAll, expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import type { Exchange } from "../../src/runtime/fetch.ts";
import type { SecurityContext } from "../../src/runtime/sspi.ts";
import { createLoginExchange } from "../../src/sdk/http/login_exchange.ts";
import { startProxy } from "../support/http_proxy.ts";
import { makeIdentity } from "../support/tds/certificate.ts";

const identity = makeIdentity("DNS:localhost");
afterAll(() => identity[Symbol.dispose]());
const ca = [await Bun.file(identity.authority).text()];
const trusted = { verify: true, ca };

/** A login whose messages are the binding, and then what the server said. */
function echoLogin(schemes: readonly string[] = ["NTLM"], isUnasked = false) {
  const bindings: (Uint8Array | undefined)[] = [];
  let open = 0;
  const login = {
    schemes,
    isUnasked,
    open(binding: Uint8Array | undefined): SecurityContext {
      bindings.push(binding);
      open++;
      return {
        next: (answer) => answer ?? Buffer.from("hello"),
        isComplete: false,
        close: () => void open--,
      };
    },
  };
  return { login, bindings, left: () => open };
}

function request(url: string, more: Partial<Exchange> = {}): Exchange {
  const signal = AbortSignal.timeout(60_000);
  return { url, method: "GET", headers: {}, tls: trusted, signal, ...more };
}

/** A server that sends bytes as they are, in pieces, for each head that comes in. */
async function serveBytes(
  answer: (head: string, connection: number) => readonly string[] | "close",
) {
  let connections = 0;
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const number = ++connections;
    sockets.add(socket);
    socket.on("error", () => {});
    let seen = "";
    socket.on("data", async (chunk) => {
      seen += chunk.toString("latin1");
      const end = seen.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = seen.slice(0, end);
      seen = "";
      heads.push(head);
      const pieces = answer(head, number);
      if (pieces === "close") return void socket.end();
      for (const piece of pieces) {
        socket.write(Buffer.from(piece, "latin1"));
        await Bun.sleep(1);
      }
      if (pieces.at(-1)?.includes("(end)") === true) socket.end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}/a?b=c`,
    heads,
    connections: () => connections,
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const ok = "HTTP/1.1 200 OK\r\n";

test.each([
  ["a length", [`${ok}Content-Le`, "ngth: 5\r\n\r\nhe", "llo"], "hello"],
  [
    "chunks in pieces, with extensions and trailers",
    [
      `${ok}Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhel`,
      "lo\r\nA",
      "\r\n, my dear!\r\n0\r\nX: y\r",
      "\n\r\n",
    ],
    "hello, my dear!",
  ],
  ["the end of the connection", [`${ok}\r\nhello`, " (end)"], "hello (end)"],
  ["the end, of an old server", ["HTTP/1.0 200 OK\r\n\r\nhello (end)"], "hello (end)"],
  ["nothing", ["HTTP/1.1 204 No Content\r\n\r\n"], ""],
  [
    "something else before it",
    ["HTTP/1.1 100 Continue\r\n\r\n", `${ok}Content-Length: 2\r\n\r\nhi`],
    "hi",
  ],
])("an answer ends with %s", async (_title, pieces, body) => {
  using server = await serveBytes(() => pieces);
  const exchange = createLoginExchange(echoLogin().login);
  expect((await exchange(request(server.url))).body).toBe(body);
  expect((await exchange(request(server.url))).body).toBe(body);
  // What comes to its end by itself leaves the connection for the next request.
  expect(server.connections()).toBe(body.endsWith("(end)") ? 2 : 1);
});

test.each([
  ["breaks off in its body", [`${ok}Content-Length: 99\r\n\r\nhello (end)`], "closed"],
  ["breaks off in a chunk", [`${ok}Transfer-Encoding: chunked\r\n\r\n99\r\nhello (end)`], "closed"],
  ["breaks off in its head", ["HTTP/1.1 200 (end)"], "closed"],
  ["is no HTTP", ["220 mail.example.org ESMTP\r\n\r\n"], "not as HTTP has it"],
  [
    "has a chunk without a length",
    [`${ok}Transfer-Encoding: chunked\r\n\r\nhello\r\n`],
    "not as HTTP",
  ],
  ["is packed", [`${ok}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi`], "packed (gzip)"],
  ["is too large", [`${ok}Content-Length: 90000\r\n\r\n${"x".repeat(900)}`], "more than 800 bytes"],
])("an answer that %s is an error", async (_title, pieces, message) => {
  using server = await serveBytes(() => pieces);
  const exchange = createLoginExchange(echoLogin().login);
  await expect(exchange(request(server.url, { maxBytes: 800 }))).rejects.toThrow(message);
});

test("a request says what it is, and no header begins another line", async () => {
  using server = await serveBytes(() => [`${ok}Content-Length: 0\r\n\r\n`]);
  const exchange = createLoginExchange(echoLogin().login);
  await exchange(request(server.url, { method: "POST", body: "ü", headers: { "X-A": "b" } }));
  const [head = ""] = server.heads;
  expect(head.split("\r\n")[0]).toBe("POST /a?b=c HTTP/1.1");
  expect(head.toLowerCase().split("\r\n").slice(1).sort()).toEqual([
    "accept-encoding: identity",
    "content-length: 2",
    `host: ${new URL(server.url).host}`,
    "x-a: b",
  ]);
  const bad = { "X-A": "b\r\nX-C: d" };
  await expect(exchange(request(server.url, { headers: bad }))).rejects.toThrow();
  expect(server.heads).toHaveLength(1);
});

test("a kept connection that the server has closed is opened again, for what may be repeated", async () => {
  let closes = false;
  using server = await serveBytes(() => closes ? "close" : [`${ok}Content-Length: 2\r\n\r\nhi`]);
  const exchange = createLoginExchange(echoLogin().login);
  await exchange(request(server.url));
  closes = true;
  const post = request(server.url, { method: "POST", body: "x" });
  await expect(exchange(post)).rejects.toThrow("closed");
  expect(server.connections()).toBe(1);
  closes = false;
  await exchange(request(server.url));
  expect(server.connections()).toBe(2);
});

test("a stop ends a request that hangs, while it connects and while it waits", async () => {
  using server = await serveBytes(() => []);
  const exchange = createLoginExchange(echoLogin().login);
  const stop = new AbortController();
  const waiting = exchange(request(server.url, { signal: stop.signal }));
  while (server.heads.length === 0) await Bun.sleep(1);
  stop.abort(new Error("stopped"));
  await expect(waiting).rejects.toThrow("stopped");
  await expect(exchange(request(server.url, { signal: stop.signal }))).rejects.toThrow("stopped");
  // Nobody speaks TLS there: the handshake has no end.
  const other = new AbortController();
  const secure = server.url.replace("http:", "https:");
  const connecting = exchange(request(secure, { signal: other.signal }));
  while (server.connections() < 2) await Bun.sleep(1);
  other.abort(new Error("stopped"));
  await expect(connecting).rejects.toThrow("stopped");
});

test("a server that closes the connection with its question is logged in to on another one", async () => {
  const no = (rest: string) => [`HTTP/1.1 401 No\r\nContent-Length: 0\r\n${rest}\r\n\r\n`];
  const tokens: (string | undefined)[] = [];
  using server = await serveBytes((head) => {
    const [, token] = /^authorization: (.+)$/im.exec(head) ?? [];
    tokens.push(token);
    if (token === undefined) return no("WWW-Authenticate: Negotiate\r\nConnection: close");
    return token.endsWith(btoa("hello"))
      ? no(`WWW-Authenticate: Negotiate ${btoa("who?")}`)
      : [`${ok}Content-Length: 2\r\n\r\nhi`];
  });
  const { login, left } = echoLogin(["NTLM", "Negotiate"]);
  const answer = await createLoginExchange(login)(request(server.url));
  expect([answer.status, answer.body, left()]).toEqual([200, "hi", 0]);
  expect(tokens).toEqual([undefined, `Negotiate ${btoa("hello")}`, `Negotiate ${btoa("who?")}`]);
  expect(server.connections()).toBe(2);
});

test("a login that goes on for ever is given up, and closed", async () => {
  const again = "HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM aGVsbG8=\r\nContent-Length: 0\r\n\r\n";
  using server = await serveBytes(() => [again]);
  const { login, left } = echoLogin();
  expect((await createLoginExchange(login)(request(server.url))).status).toBe(401);
  expect(server.heads).toHaveLength(6);
  expect(left()).toBe(0);
});

test("by a proxy, the login is tied to the server behind it", async () => {
  await using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { cert: identity.cert, key: identity.key },
    fetch: ({ headers }) => new Response(headers.get("authorization")),
  });
  await using proxy = await startProxy({ credentials: "user:pass" });
  const url = `https://localhost:${server.port}/`;
  const { login, bindings } = echoLogin(["Negotiate"], true);
  const exchange = createLoginExchange(login);
  const authorization = `Basic ${btoa("user:pass")}`;
  const through = { proxy: { url: `http://${proxy.host}`, authorization } };
  expect((await exchange(request(url, through))).body).toBe(`Negotiate ${btoa("hello")}`);
  expect((await exchange(request(url))).status).toBe(200);
  expect(proxy.asked).toEqual([`CONNECT localhost:${server.port} HTTP/1.1`]);
  expect(Buffer.from(bindings[0] ?? []).toString("latin1")).toStartWith("tls-server-end-point:");
  expect(bindings[0]).toEqual(bindings[1]);
  const refused = exchange(request(url, { proxy: { url: `http://${proxy.host}` } }));
  await expect(refused).rejects.toMatchObject({
    code: "ERR_PROXY_TUNNEL",
    message: expect.stringContaining(": 407"),
  });
});
