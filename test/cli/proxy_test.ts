/**
 * Proxies on the binary: the option, the environment variables, and what they refuse.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import type { RunOptions } from "../support/binary.ts";
import { startProxy } from "../support/http_proxy.ts";
import { record } from "../support/recorder.ts";
import { slow } from "../support/slow.ts";
import { makeIdentity } from "../support/tds/certificate.ts";
import { oomnitzaSection, tagsOnly, type Workspace, workspace } from "../support/workspace.ts";

/** Checks a section against an instance. */
async function check(
  space: Workspace,
  instance: { readonly url: string; readonly token: string },
  extra: string,
  env: RunOptions["env"] = {},
) {
  space.write("assets.csv", "tag\nA1\n");
  space.write("config.ini", oomnitzaSection(instance, extra) + tagsOnly);
  const run = await space.agent(["check", "csv_assets", "--verbose"], { env });
  return { ...run, output: run.stdout + run.stderr };
}

describe("proxy", () => {
  test("requests go through it, plain ones and by TLS, with credentials that are never shown", async () => {
    using identity = makeIdentity("DNS:localhost,IP:127.0.0.1");
    using space = workspace();
    await using plain = record();
    await using secure = record({ tls: identity });
    await using proxy = await startProxy({ credentials: "pro xy:s3cret@äö" });
    const option = `proxy = http://pro%20xy:s3cret%40%C3%A4%C3%B6@${proxy.host}`;
    const first = await check(space, plain, option);
    expect(first.output).toContain("accepts the credentials");
    expect(first.code).toBe(0);
    expect(proxy.asked[0]).toStartWith(`GET ${plain.url}/api/v2/mappings`);
    const second = await check(space, secure, `${option}\ncacert_file = ${identity.authority}`);
    expect(second.code).toBe(0);
    expect(proxy.asked.at(-1)).toBe(`CONNECT ${secure.url.slice("https://".length)} HTTP/1.1`);
    expect(secure.requests[0]?.headers.get("proxy-authorization")).toBeNull();
    expect(first.output + second.output).not.toContain("s3cret");
  });

  test("only Windows can log in at it as the account that runs the agent", async () => {
    using space = workspace();
    await using plain = record();
    await using proxy = await startProxy();
    const run = await check(space, plain, `proxy = http://:@${proxy.host}`);
    expect(run.code).toBe(1);
    expect(run.output).toContain("Only on Windows can the account that runs the agent log in");
    expect(run.output).toContain("Write a user and a password into the address of the proxy");
    expect(proxy.asked).toEqual([]);
    expect(plain.requests).toEqual([]);
  });

  test("wrong credentials are reported, for plain requests and by TLS, and not shown", async () => {
    using identity = makeIdentity("IP:127.0.0.1");
    using space = workspace();
    await using plain = record();
    await using secure = record({ tls: identity });
    await using proxy = await startProxy({ credentials: "user:right" });
    for (const instance of [plain, secure]) {
      const run = await check(space, instance, `proxy = http://user:wrong-one@${proxy.host}`);
      expect(run.code).toBe(1);
      expect(run.output).toContain(`The proxy ${proxy.host} refuses the credentials [407]`);
      expect(run.output).not.toContain("wrong-one");
      const bare = await check(space, instance, `proxy = ${proxy.host}`);
      expect(bare.output).toContain(`The proxy ${proxy.host} wants credentials [407]`);
    }
    expect([...plain.requests, ...secure.requests]).toEqual([]);
  });

  slow(
    "a proxy that forbids the host, and one that is not there, are distinguished from the host",
    async () => {
      using identity = makeIdentity("IP:127.0.0.1");
      using space = workspace();
      await using secure = record({ tls: identity });
      await using proxy = await startProxy({ refuse: 403 });
      const refused = await check(space, secure, `proxy = http://${proxy.host}`);
      expect(refused.output).toContain(`The proxy ${proxy.host} does not connect to that host [`);
      expect(refused.code).toBe(1);
      const gone = await check(space, secure, "proxy = http://127.0.0.1:9");
      expect(gone.output).toContain("Cannot reach the proxy 127.0.0.1:9");
      expect(gone.code).toBe(1);
    },
  );

  test("what is no proxy is a finding that does not repeat the password", async () => {
    using space = workspace();
    await using instance = record();
    for (const text of ["socks5://user:s3cret@h:1", "http://user:s3/cret@h:1", "http://h:1/path"]) {
      const run = await check(space, instance, `proxy = ${text}`);
      expect(run.code).toBe(1);
      expect(run.output).toMatch(/config\.ini:\d+ \[oomnitza\] proxy: is not the address/);
      expect(run.output).not.toContain("cret@");
    }
  });
});

describe("environment", () => {
  test("HTTP_PROXY counts unless NO_PROXY or proxy = none say otherwise", async () => {
    using space = workspace();
    await using instance = record();
    await using proxy = await startProxy({ credentials: "user:s3cret-word" });
    const env = { HTTP_PROXY: `http://user:s3cret-word@${proxy.host}` };
    const through = await check(space, instance, "", env);
    expect(through.code).toBe(0);
    expect(through.output).not.toContain("s3cret-word");
    const asked = proxy.asked.length;
    expect(asked).toBeGreaterThan(0);
    expect((await check(space, instance, "proxy = none", env)).code).toBe(0);
    const exempt = { ...env, NO_PROXY: "elsewhere.example.com, 127.0.0.0/8" };
    expect((await check(space, instance, "", exempt)).code).toBe(0);
    expect(proxy.asked.length).toBe(asked);
  });

  test("HTTPS_PROXY counts for TLS, also in lower case", async () => {
    using identity = makeIdentity("IP:127.0.0.1");
    using space = workspace();
    await using secure = record({ tls: identity });
    await using proxy = await startProxy();
    const trust = `cacert_file = ${identity.authority}`;
    const run = await check(space, secure, trust, { https_proxy: `http://${proxy.host}` });
    expect(run.code).toBe(0);
    expect(proxy.asked.length).toBeGreaterThan(0);
  });

  test("a variable that names no HTTP proxy is an error that names the variable", async () => {
    using space = workspace();
    await using instance = record();
    const env = { ALL_PROXY: "socks5://user:s3cret-word@127.0.0.1:1080" };
    const run = await check(space, instance, "", env);
    expect(run.code).toBe(1);
    expect(run.output).toContain("environment variable ALL_PROXY is not the address");
    expect(run.output).not.toContain("s3cret-word");
  });
});
