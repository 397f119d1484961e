/**
 * TLS on the binary: which versions, which authorities and which client certificates count.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunOptions } from "../support/binary.ts";
import { makeIdentity } from "../support/tds/certificate.ts";
import { record } from "../support/recorder.ts";
import { serveOldTls } from "../support/tls_server.ts";
import { oomnitzaSection, tagsOnly, type Workspace, workspace } from "../support/workspace.ts";

const login = { "api/v2/mappings?name=AuthTest": {}, "api/v2/mappings?name=csv": {} };
const token = "token-of-old-tls";

/** Checks a section against an instance. */
async function check(space: Workspace, url: string, extra = "", options: RunOptions = {}) {
  space.write("assets.csv", "tag\nA1\n");
  const cautious = tagsOnly + "use_server_map = False\n";
  space.write("config.ini", oomnitzaSection({ url, token }, extra) + cautious);
  const run = await space.agent(["check", "csv_assets"], options);
  return { ...run, output: run.stdout + run.stderr };
}

describe("versions", () => {
  test("a server that offers only TLS 1.1 is refused at once; ssl_protocol = tls1 lets it pass with a warning", async () => {
    using identity = makeIdentity("DNS:localhost");
    using space = workspace();
    using files = workspace();
    await using server = await serveOldTls("tls1_1", identity, files.folder, login);
    const trust = `cacert_file = ${identity.authority}`;
    const refused = await check(space, server.url, trust);
    expect(refused.code).toBe(1);
    expect(refused.output).toContain(
      "supports nothing newer than TLS 1.1, and at least TLS 1.2 is required",
    );
    expect(refused.output).toContain("ssl_protocol = tls1");
    expect(refused.output).not.toContain("attempt 2");
    const accepted = await check(space, server.url, `${trust}\nssl_protocol = tls1`);
    expect(accepted.output).toContain("WARNING [oomnitza] ssl_protocol = tls1 allows TLS 1.0");
    expect(accepted.code).toBe(0);
  });

  test("ssl_protocol = tls1 reaches TLS 1.0, and ssl_protocol = tls1.3 refuses TLS 1.2", async () => {
    using identity = makeIdentity("DNS:localhost");
    using space = workspace();
    using files = workspace();
    using newerFiles = workspace();
    const trust = `cacert_file = ${identity.authority}`;
    await using oldest = await serveOldTls("tls1", identity, files.folder, login);
    expect((await check(space, oldest.url, `${trust}\nssl_protocol = tls`)).code).toBe(0);
    await using newer = await serveOldTls("tls1_2", identity, newerFiles.folder, login);
    expect((await check(space, newer.url, trust)).code).toBe(0);
    const refused = await check(space, newer.url, `${trust}\nssl_protocol = TLS1.3`);
    expect(refused.code).toBe(1);
    expect(refused.output).toContain(
      "supports nothing newer than TLS 1.2, and at least TLS 1.3 is required",
    );
  });

  test("a port without TLS is reported", async () => {
    using space = workspace();
    await using plain = record();
    const run = await check(space, plain.url.replace("http:", "https:"));
    expect(run.code).toBe(1);
    expect(run.output).toContain("does not speak TLS on this port");
  });
});

describe("authorities", () => {
  test("a private one is trusted by cacert_file, cacert_dir and the store of the operating system", async () => {
    using identity = makeIdentity("DNS:localhost,IP:127.0.0.1");
    using space = workspace();
    await using server = record({ tls: identity });
    const unknown = await check(space, server.url);
    expect(unknown.code).toBe(1);
    expect(unknown.output).toContain("cacert_file");
    expect((await check(space, server.url, `cacert_file = ${identity.authority}`)).code).toBe(0);
    for (const name of ["ours.crt", "1a2b3c4d.0"]) {
      const folder = join(space.folder, `authorities-${name}`);
      mkdirSync(folder);
      copyFileSync(identity.authority, join(folder, name));
      expect((await check(space, server.url, `cacert_dir = ${folder}`)).code).toBe(0);
    }
    const env = { SSL_CERT_FILE: identity.authority };
    const bySystem = await check(space, server.url, "", { env });
    expect(bySystem.output).not.toContain("WARNING");
    expect(bySystem.code).toBe(0);
  });

  test("cacert_file adds to the store of the operating system, and does not take its place", async () => {
    using identity = makeIdentity("DNS:localhost,IP:127.0.0.1");
    using other = makeIdentity("DNS:localhost");
    using space = workspace();
    await using server = record({ tls: identity });
    const env = { SSL_CERT_FILE: identity.authority };
    expect((await check(space, server.url, `cacert_file = ${other.authority}`, { env })).code)
      .toBe(0);
    expect((await check(space, server.url, `cacert_file = ${other.authority}`)).code).toBe(1);
  });

  test("what cannot be used is named before anything is asked", async () => {
    using space = workspace();
    await using server = record();
    const der = space.write("der.crt", new Uint8Array([0x30, 0x82, 1, 2]));
    mkdirSync(join(space.folder, "empty"));
    const broken = space.write(
      "broken.pem",
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    const cases: readonly (readonly [string, string])[] = [
      [`cacert_file = ${der}`, `cacert_file ${der} has no certificate in PEM form`],
      [`cacert_file = ${broken}`, "certificate 1 of 1 cannot be read"],
      ["cacert_file = gone.pem", "Cannot read cacert_file"],
      ["cacert_dir = empty", "has no certificate in PEM form"],
      ["cacert_dir = gone", "is not a directory"],
    ];
    for (const [extra, message] of cases) {
      const run = await check(space, server.url, extra);
      expect(run.output).toContain(message);
      expect(run.code).toBe(1);
    }
    expect(server.requests).toEqual([]);
  });

  test("a certificate for another name is reported as such, and verify_ssl = false warns", async () => {
    using identity = makeIdentity("DNS:elsewhere.example.com");
    using space = workspace();
    await using server = record({ tls: identity });
    const trust = `cacert_file = ${identity.authority}`;
    const refused = await check(space, server.url, trust);
    expect(refused.code).toBe(1);
    expect(refused.output).toContain("certificate is for another name");
    for (let run = 1; run <= 2; run++) {
      const off = await check(space, server.url, "verify_ssl = no");
      expect(off.code).toBe(0);
      expect(off.output).toMatch(/WARNING .*verify_ssl is off.*cacert_file/);
    }
  });
});

describe("client certificates", () => {
  /** An instance that lets nobody in without a certificate of the authority. */
  function gate(identity: ReturnType<typeof makeIdentity>) {
    const ca = readFileSync(identity.authority, "utf8");
    const { cert, key } = identity;
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      tls: { cert, key, ca, requestCert: true, rejectUnauthorized: true },
      fetch: () => Response.json({}),
    });
    return {
      url: `https://localhost:${server.port}`,
      [Symbol.asyncDispose]: () => server.stop(true),
    };
  }

  test("user_pem_file reaches a server that refuses without it", async () => {
    using identity = makeIdentity("DNS:localhost");
    using space = workspace();
    await using server = gate(identity);
    const trust = `cacert_file = ${identity.authority}`;
    const shut = await check(space, server.url, trust);
    expect(shut.code).toBe(1);
    expect(shut.output).toContain("user_pem_file");
    space.write("client.pem", identity.key + identity.cert);
    expect((await check(space, server.url, `${trust}\nuser_pem_file = client.pem`)).code).toBe(0);
  });

  test("a file without a key, or with one that is locked, is named", async () => {
    using identity = makeIdentity("DNS:localhost");
    using space = workspace();
    await using server = record();
    space.write("keyless.pem", identity.cert);
    const keyless = await check(space, server.url, "user_pem_file = keyless.pem");
    expect(keyless.output).toContain("has a certificate, but no private key");
    space.write("open.key", identity.key);
    const words = ["openssl", "pkey", "-in", "open.key", "-aes256", "-passout", "pass:abcd"];
    const locked = Bun.spawnSync(words, { cwd: space.folder });
    space.write("locked.pem", identity.cert + locked.stdout.toString());
    const run = await check(space, server.url, "user_pem_file = locked.pem");
    expect(run.output).toContain("is protected by a password");
    expect(run.code).toBe(1);
  });
});
