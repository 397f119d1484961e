/**
 * PAC files on the command line: an upload through what they say, what they refuse, and what the doctor
 * says of them.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { pathToFileURL } from "node:url";
import { startProxy } from "../support/http_proxy.ts";
import { record } from "../support/recorder.ts";
import { slow } from "../support/slow.ts";
import { makeIdentity } from "../support/tds/certificate.ts";
import { freePort } from "../support/tls_server.ts";
import { oomnitzaSection, tagsOnly, type Workspace, workspace } from "../support/workspace.ts";

/** Serves a PAC file as Netscape's documentation asks for it. */
function servePac(script: string) {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () =>
      new Response(script, { headers: { "content-type": "application/x-ns-proxy-autoconfig" } }),
  });
  const address = `http://127.0.0.1:${server.port}/proxy.pac`;
  return { address, [Symbol.asyncDispose]: () => server.stop(true) };
}

function configure(
  space: Workspace,
  instance: { readonly url: string; readonly token: string },
  extra: string,
): void {
  space.write("assets.csv", "tag\nA1\n");
  space.write("config.ini", oomnitzaSection(instance, extra) + tagsOnly);
}

slow(
  "the program uploads through the proxy that a PAC file names, past one that is gone",
  async () => {
    using identity = makeIdentity("DNS:localhost,IP:127.0.0.1");
    using space = workspace();
    await using instance = record({ tls: identity });
    await using proxy = await startProxy();
    await using pac = servePac(`
    function FindProxyForURL(url, host) {
      if (url.indexOf("/api") >= 0) return "PROXY told.too.much:1";
      if (isInNet(dnsResolve("localhost"), "127.0.0.0", "255.0.0.0") && shExpMatch(url, "https:*"))
        return "PROXY 127.0.0.1:${await freePort()}; PROXY ${proxy.host}";
      return "DIRECT";
    }`);
    const trust = `cacert_file = ${identity.authority}`;
    configure(space, instance, `proxy = pac+${pac.address}\n${trust}`);
    const run = await space.binary(["upload", "csv_assets"]);
    expect([run.code, run.stderr]).toEqual([0, expect.any(String)]);
    expect(instance.uploads().length).toBeGreaterThan(0);
    expect(new Set(proxy.asked))
      .toEqual(new Set([`CONNECT ${instance.url.slice("https://".length)} HTTP/1.1`]));
    const doctor = await space.binary(["doctor"]);
    expect(doctor.stdout).toContain(
      `is reached through ${proxy.host} (the PAC file ${pac.address} says`,
    );
  },
);

test("what a file says is followed, and a file that cannot be used fails with its name", async () => {
  using space = workspace();
  await using instance = record();
  await using proxy = await startProxy();
  const path = space.write("p.pac", `function FindProxyForURL() { return "PROXY ${proxy.host}"; }`);
  configure(space, instance, `proxy = pac+${pathToFileURL(path).href}`);
  const run = await space.agent(["check", "csv_assets"]);
  expect([run.code, run.stdout]).toEqual([0, expect.any(String)]);
  expect(proxy.asked[0]).toStartWith(`GET ${instance.url}/api/v2/mappings`);
  configure(space, instance, `proxy = pac+${pathToFileURL(`${space.folder}/none.pac`).href}`);
  const missing = await space.agent(["check", "csv_assets"]);
  expect(missing.code).toBe(1);
  expect(missing.stdout + missing.stderr).toContain("none.pac cannot be read: it does not exist");
});

test("a file that gives only SOCKS proxies is named in the error", async () => {
  using space = workspace();
  await using instance = record();
  const path = space.write("p.pac", `function FindProxyForURL() { return "SOCKS s:1080"; }`);
  configure(space, instance, `proxy = pac+${pathToFileURL(path).href}`);
  const socks = await space.agent(["check", "csv_assets"]);
  expect(socks.code).toBe(1);
  expect(socks.stdout + socks.stderr).toContain(
    `The PAC file ${pathToFileURL(path).href} gives only SOCKS proxies, which are not supported`,
  );
  expect(instance.requests).toEqual([]);
});
