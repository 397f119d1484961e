/**
 * Tunnels through a proxy at which a Windows account logs in, over the relay; a client of NTLM stands in
 * place of Windows.
 *
 * @module
 */
import { afterAll, expect, test } from "bun:test";
import { connect } from "node:net";
import { type OpenLogin, type ProxyRelay, startProxyRelay } from "../../src/runtime/proxy_login.ts";
import { SspiError } from "../../src/runtime/sspi.ts";
import { record } from "../support/recorder.ts";
import { makeIdentity } from "../support/tds/certificate.ts";
import { proveAccount, startLogin } from "../support/tds/ntlm_client.ts";
import { startWindowsProxy, type WindowsProxyOptions } from "../support/windows_proxy.ts";

const identity = makeIdentity("DNS:localhost,IP:127.0.0.1");
afterAll(() => identity[Symbol.dispose]());
const account = { domain: "EXAMPLE", name: "svc-agent", password: "ntlm Canary pässwörd" };

/** A Windows that somebody is logged on to. */
function makeWindows(password = account.password) {
  const asked: string[] = [];
  let open = 0;
  const openLogin: OpenLogin = ({ target, packageName }) => {
    asked.push(`${packageName} ${target}`);
    open++;
    return {
      next: (answer) =>
        answer === undefined
          ? startLogin()
          : proveAccount(Buffer.from(answer), { ...account, password }),
      isComplete: false,
      close: () => void open--,
    };
  };
  return { openLogin, asked, open: () => open };
}

/** A request on a connection of its own. */
async function get(url: string, { url: proxy, authorization }: ProxyRelay): Promise<Response> {
  return await fetch(url, {
    proxy: { url: proxy, headers: { "Proxy-Authorization": authorization } },
    tls: { rejectUnauthorized: false },
    headers: { Connection: "close" },
    keepalive: false,
  });
}

async function withProxy(more: Partial<WindowsProxyOptions>, password?: string) {
  const proxy = await startWindowsProxy({ accounts: [account], ...more });
  const windows = makeWindows(password);
  const relay = await startProxyRelay(`http://${proxy.host}`, windows.openLogin);
  return { proxy, windows, relay };
}

test.each(
  [
    ["Negotiate first", {}, "Negotiate", 2],
    ["only NTLM", { offers: ["NTLM"] }, "NTLM", 2],
    ["after a basic one", { offers: ['Basic realm="x"', "Negotiate"] }, "Negotiate", 2],
    ["of a proxy that closes at first", { closesAtFirst: true }, "Negotiate", 4],
  ] as const,
)("each tunnel is opened by a login of its own: %s", async (_title, more, scheme, connections) => {
  await using secure = record({ tls: identity });
  const { proxy, windows, relay } = await withProxy(more);
  await using _proxy = proxy;
  for (const path of ["/one", "/two"]) {
    const answer = await get(`${secure.url}${path}`, relay);
    expect(answer.status).toBeLessThan(500);
  }
  const { host } = new URL(secure.url);
  expect(proxy.tunnels).toEqual(Array(2).fill(`${host} EXAMPLE\\svc-agent`));
  expect(windows.asked).toEqual(Array(2).fill(`${scheme} HTTP/127.0.0.1`));
  expect(proxy.connections).toBe(connections);
  expect(windows.open()).toBe(0);
  expect(secure.requests[0]?.headers.get("proxy-authorization")).toBeNull();
});

test("a refused login, and a proxy that offers nothing of Windows, are passed on as 407", async () => {
  await using secure = record({ tls: identity });
  const wrong = await withProxy({}, "wrong");
  await using _wrong = wrong.proxy;
  await expect(get(secure.url, wrong.relay)).rejects.toThrow("407");
  const other = await withProxy({ offers: ['Basic realm="x"'] });
  await using _other = other.proxy;
  await expect(get(secure.url, other.relay)).rejects.toThrow("407");
  expect(other.windows.asked).toEqual([]);
  for (const { proxy, relay, windows } of [wrong, other]) {
    expect(proxy.tunnels).toEqual([]);
    expect(relay.failure).toBeUndefined();
    expect(windows.open()).toBe(0);
  }
  expect(secure.requests).toEqual([]);
});

test("where Windows cannot negotiate, NTLM is used if the proxy offers it", async () => {
  await using secure = record({ tls: identity });
  await using proxy = await startWindowsProxy({ accounts: [account] });
  const windows = makeWindows();
  const relay = await startProxyRelay(`http://${proxy.host}`, (login) => {
    const security = windows.openLogin(login);
    if (login.packageName === "NTLM") return security;
    const next = () => {
      throw new SspiError("Windows returns no token", 0x8009030e);
    };
    return { ...security, next };
  });
  await get(secure.url, relay);
  expect(windows.asked).toEqual(["Negotiate HTTP/127.0.0.1", "NTLM HTTP/127.0.0.1"]);
  expect(proxy.tunnels).toHaveLength(1);
  expect(windows.open()).toBe(0);
});

test("what Windows refuses is kept until a login succeeds; a proxy that is not there is no login", async () => {
  await using secure = record({ tls: identity });
  await using proxy = await startWindowsProxy({ accounts: [account] });
  let isLoggedOn = false;
  const refusing = await startProxyRelay(`http://${proxy.host}`, (login) => {
    if (isLoggedOn) return makeWindows().openLogin(login);
    throw new SspiError("Windows returns no token", 0x8009030e);
  });
  await expect(get(secure.url, refusing)).rejects.toThrow("502");
  expect(refusing.failure).toBeInstanceOf(SspiError);
  isLoggedOn = true;
  await get(secure.url, refusing);
  expect(refusing.failure).toBeUndefined();
  const gone = await startProxyRelay("http://127.0.0.1:1", makeWindows().openLogin);
  await expect(get("https://localhost:1/", gone)).rejects.toThrow("502");
});

test("nobody else on this computer gets through the relay", async () => {
  const { proxy, relay, windows } = await withProxy({});
  await using _proxy = proxy;
  const { port } = new URL(relay.url);
  for (const header of ["", "Proxy-Authorization: Basic cmVsYXk6Z3Vlc3M=\r\n"]) {
    const said = await new Promise<string>((resolve, reject) => {
      let text = "";
      const socket = connect(Number(port), "127.0.0.1", () => {
        socket.write(`CONNECT localhost:443 HTTP/1.1\r\n${header}\r\n`);
      });
      socket.on("data", (chunk) => text += chunk).on("error", reject);
      socket.on("close", () => resolve(text));
    });
    expect(said).toStartWith("HTTP/1.1 403 ");
  }
  expect(windows.asked).toEqual([]);
  expect(proxy.connections).toBe(0);
});
