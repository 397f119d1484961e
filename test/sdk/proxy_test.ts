/**
 * Which proxy an address goes through.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { readOption } from "../../src/sdk/option.ts";
import { createProxyFinder, proxyOption } from "../../src/sdk/http/proxy.ts";

async function found(url: string, option: string, env: Record<string, string> = {}) {
  return (await createProxyFinder(option, env).find(url)).proxy?.url;
}

describe("planProxy()", () => {
  test("takes the option first, then the variable of the scheme, then ALL_PROXY", async () => {
    const env = { HTTPS_PROXY: "http://s:1", HTTP_PROXY: "http://h:2", ALL_PROXY: "a:3" };
    expect(await found("https://x/", "http://o:9", env)).toBe("http://o:9");
    expect(await found("https://x/", "", env)).toBe("http://s:1");
    expect(await found("http://x/", "", env)).toBe("http://h:2");
    expect(await found("http://x/", "", { ALL_PROXY: "a:3" })).toBe("http://a:3");
    expect(await found("http://x/", "", { ...env, http_proxy: "lower:4" })).toBe("http://lower:4");
    expect(await found("http://x/", "", { HTTPS_PROXY: "http://s:1" })).toBeUndefined();
    expect(await found("http://x/", "none", env)).toBeUndefined();
    expect(await found("http://x/", "", { HTTP_PROXY: " " })).toBeUndefined();
  });

  test("heeds NO_PROXY, also beside the option", async () => {
    const hosts: readonly (readonly [string, string, boolean])[] = [
      ["http://example.com/", "example.com", true],
      ["http://EXAMPLE.com/", "Example.COM", true],
      ["http://a.example.com/", "example.com", true],
      ["http://a.example.com/", ".example.com", true],
      ["http://a.example.com/", "*.example.com", true],
      ["http://notexample.com/", "example.com", false],
      ["http://example.com/", "com.", false],
      ["http://example.com:8080/", "example.com:8080", true],
      ["http://example.com/", "example.com:8080", false],
      ["https://example.com/", "example.com:443", true],
      ["http://10.1.2.3/", "10.0.0.0/8", true],
      ["http://11.1.2.3/", "10.0.0.0/8", false],
      ["http://10.1.2.3/", "10.1.2.3", true],
      ["http://1.10.1.2/", "10.1.2", false],
      ["http://[::1]/", "::1", true],
      ["http://[2001:db8::5]:81/", "[2001:db8::5]:81", true],
      ["http://[2001:db8::5]/", "2001:db8::/32", true],
      ["http://example.com/", "10.0.0.0/8", false],
      ["http://10.1.2.3/", "10.0.0.0/99", false],
      ["http://10.1.2.3/", "nonsense/8", false],
      ["http://example.com/", "a, b *", true],
      ["http://example.com/", ", ,", false],
      ["http://example.com/", ".", false],
    ];
    for (const [url, no, direct] of hosts) {
      const result = await found(url, "http://p:1", { NO_PROXY: no });
      expect([url, no, result]).toEqual([url, no, direct ? undefined : "http://p:1"]);
    }
  });

  test("takes the credentials apart, and knows the passwords", async () => {
    const plan = createProxyFinder("http://us%20er:p%40ss@p:1", {
      HTTPS_PROXY: "http://u:other@q:2",
    });
    expect((await plan.find("http://x/")).proxy).toEqual({
      url: "http://p:1",
      authorization: `Basic ${Buffer.from("us er:p@ss").toString("base64")}`,
    });
    expect(plan.secrets).toEqual(["p@ss", "other"]);
    expect(createProxyFinder("http://u:100%@p:1", {}).secrets).toEqual(["100%"]);
  });
});

test("a blank user and password are those of the account that runs the agent, as for curl", async () => {
  for (const text of ["http://:@proxy.example.com:3128", ":@proxy.example.com:3128"]) {
    const finder = createProxyFinder(text, {});
    expect((await finder.find("https://x/")).proxy).toEqual({
      url: "http://proxy.example.com:3128",
      authorization: undefined,
      negotiate: true,
    });
    expect(finder.secrets).toEqual([]);
    expect(readOption(proxyOption(), text).ok).toBe(true);
  }
});

test("what decided is told", async () => {
  const why = async (option: string, env: Record<string, string>) =>
    (await createProxyFinder(option, env).find("https://x/")).why;
  expect(await why("http://p:1", {})).toBe("the option proxy");
  expect(await why("none", {})).toBe("proxy = none");
  expect(await why("", { https_proxy: "p:1" })).toBe("https_proxy");
  expect(await why("http://p:1", { NO_PROXY: "x" })).toBe("NO_PROXY");
  expect(await why("", {})).toBe("");
});

test("proxyOption() takes addresses of HTTP proxies and none", () => {
  const option = proxyOption();
  for (
    const text of ["http://p:1", "https://p", "p:3128", "u:p@p:3128", "None", "[::1]:3128", ""]
  ) {
    expect([text, readOption(option, text).ok]).toEqual([text, true]);
  }
  for (const text of ["socks5://p:1", "http://", "http://p:1/x", "http://p:99999", "ftp://p"]) {
    expect([text, readOption(option, text).ok]).toEqual([text, false]);
  }
});
