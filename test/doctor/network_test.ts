/**
 * The connection to a host, against servers of every kind.
 *
 * @module
 */
import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Check } from "../../src/doctor/check.ts";
import type { Endpoint } from "../../src/doctor/endpoint.ts";
import { checkClock, checkConnection } from "../../src/doctor/network.ts";
import { makeIdentity } from "../support/tds/certificate.ts";
import { freePort } from "../support/tls_server.ts";

const identity = makeIdentity("DNS:localhost");
const ca = [readFileSync(identity.authority, "utf8")];
afterAll(() => identity[Symbol.dispose]());

/** Lets a server listen, and closes it with all its connections at the end of the scope. */
async function listen(server: Server) {
  server.on("connection", (socket) => socket.on("error", () => {}));
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    [Symbol.dispose]: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function endpoint(url: string, more: Partial<Endpoint> = {}): Endpoint {
  const find = () => Promise.resolve({ proxy: undefined, why: "" });
  const proxy = { find, avoid: () => {}, secrets: [] };
  return { section: "okta", url: new URL(url), tls: { verify: true }, proxy, ...more };
}

function outline(checks: readonly Check[]): string[] {
  return checks.map(({ area, state }) => `${area} ${state}`);
}

describe("reaching it", () => {
  test("a port that answers is fine, with its name looked up", async () => {
    using server = await listen(createServer());
    const checks = await checkConnection(endpoint(`http://localhost:${server.port}`));
    expect(outline(checks)).toEqual(["proxy ok", "dns ok"]);
    expect(checks[0]?.found).toBe(`localhost:${server.port} is reached directly`);
    expect(checks[1]?.found).toContain("127.0.0.1");
  });

  test("a closed port fails", async () => {
    const port = await freePort();
    const checks = await checkConnection(endpoint(`http://127.0.0.1:${port}`));
    expect(outline(checks)).toEqual(["proxy ok", "connection failed"]);
    expect(checks[1]).toMatchObject({
      subject: "okta",
      found: expect.stringContaining(`127.0.0.1:${port}: `),
      todo: expect.stringContaining("firewall"),
    });
  });

  test("a name that nobody has fails before its port is tried", async () => {
    const checks = await checkConnection(endpoint("https://no-such-host.invalid"));
    expect(outline(checks)).toEqual(["proxy ok", "dns failed"]);
    expect(checks[1]?.found).toStartWith("no-such-host.invalid is not found: ");
  });

  test("through a proxy, only the proxy is reached", async () => {
    using proxy = await listen(createServer());
    const find = () =>
      Promise.resolve({ proxy: { url: `http://127.0.0.1:${proxy.port}` }, why: "HTTPS_PROXY" });
    const through = endpoint("https://no-such-host.invalid", {
      proxy: { find, avoid: () => {}, secrets: [] },
    });
    const checks = await checkConnection(through);
    expect(outline(checks)).toEqual(["proxy ok"]);
    expect(checks[0]?.found)
      .toBe(`no-such-host.invalid is reached through 127.0.0.1:${proxy.port} (HTTPS_PROXY)`);
  });

  test("a proxy that cannot be used fails", async () => {
    const find = () => {
      throw new Error("HTTPS_PROXY is not the address of an HTTP proxy");
    };
    const checks = await checkConnection(
      endpoint("https://localhost", { proxy: { find, avoid: () => {}, secrets: [] } }),
    );
    expect(outline(checks)).toEqual(["proxy failed"]);
    expect(checks[0]?.found).toBe("HTTPS_PROXY is not the address of an HTTP proxy");
  });
});

describe("its certificate", () => {
  const tls = (server: { port: number }, settings: Endpoint["tls"]) =>
    checkConnection(endpoint(`https://localhost:${server.port}`, { tls: settings }));

  test("by an authority that nobody knows fails, with advice", async () => {
    using server = await listen(createTlsServer(identity));
    const checks = await tls(server, { verify: true });
    expect(checks.at(-1)).toMatchObject({
      area: "tls",
      state: "failed",
      todo: expect.stringContaining("cacert_file"),
    });
  });

  test("that ends soon is warned of", async () => {
    using server = await listen(createTlsServer(identity));
    const check = (await tls(server, { verify: true, ca })).at(-1);
    expect(check).toMatchObject({ area: "tls", state: "warning" });
    expect(check?.found)
      .toMatch(/^TLSv1\.3, certificate by Test authority until \d{4}-\d\d-\d\d: in [12] days$/);
  });

  test("that lasts is fine", async () => {
    using lasting = makeIdentity("DNS:localhost", 90);
    using server = await listen(createTlsServer(lasting));
    const check = (await tls(server, {
      verify: true,
      ca: [readFileSync(lasting.authority, "utf8")],
    })).at(-1);
    expect(check).toMatchObject({ area: "tls", state: "ok", todo: undefined });
    expect(check?.found).toMatch(/^TLSv1\.3, certificate by Test authority until \d{4}-\d\d-\d\d$/);
  });

  test("that is not checked is warned of", async () => {
    using server = await listen(createTlsServer(identity));
    const check = (await tls(server, { verify: false })).at(-1);
    expect(check).toMatchObject({ state: "warning", todo: "Set cacert_file instead." });
    expect(check?.found).toContain("verify_ssl is off");
  });

  test("that never comes fails after the timeout", async () => {
    using server = await listen(createServer());
    const silent = endpoint(`https://127.0.0.1:${server.port}`);
    const check = (await checkConnection(silent, { timeoutMs: 100 })).at(-1);
    expect(check).toMatchObject({
      area: "tls",
      state: "failed",
      found: `127.0.0.1:${server.port}: no answer within 0.1 s`,
    });
  });
});

describe("its clock", () => {
  async function clockOff(seconds: number | undefined): Promise<Check> {
    using server = await listen(createHttpServer((_request, response) => {
      response.sendDate = false;
      if (seconds !== undefined) {
        response.setHeader("date", new Date(Date.now() - seconds * 1000).toUTCString());
      }
      response.end();
    }));
    return await checkClock(endpoint(`http://127.0.0.1:${server.port}`));
  }

  test.each([
    [0, "ok"],
    [150, "warning"],
    [-150, "warning"],
    [900, "failed"],
    [-900, "failed"],
  ])("%d seconds behind is %s", async (seconds, state) => {
    const check = await clockOff(seconds);
    expect(check).toMatchObject({ area: "clock", subject: "okta", state });
    if (state === "ok") return;
    expect(check.found).toContain(seconds > 0 ? "s ahead of that of" : "s behind that of");
    expect(check.todo).toContain("NTP");
  });

  test("is skipped when it does not give the time, or does not answer", async () => {
    expect(await clockOff(undefined)).toMatchObject({ state: "skipped" });
    const port = await freePort();
    expect(await checkClock(endpoint(`http://127.0.0.1:${port}`)))
      .toMatchObject({ state: "skipped", found: expect.stringContaining("does not answer") });
    using silent = await listen(createServer());
    expect(await checkClock(endpoint(`http://127.0.0.1:${silent.port}`), { timeoutMs: 100 }))
      .toMatchObject({ state: "skipped" });
  });
});
