/**
 * SCCM with the Windows program, under Wine: the account that runs the agent logs in through SSPI.
 *
 * @module
 */
import { afterAll, expect } from "bun:test";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import manifest from "../../../package.json" with { type: "json" };
import { compileAgent, root } from "../../../scripts/binary/compile.ts";
import { findTarget } from "../../../scripts/binary/targets.ts";
import { openWine, windowsPath } from "../../../scripts/wine/prefix.ts";
import { needPackage } from "../../support/apt.ts";
import { record } from "../../support/recorder.ts";
import { makeIdentity } from "../../support/tds/certificate.ts";
import { writeNtlmHelper } from "../../support/tds/ntlm_helper.ts";
import { startTdsServer, type TdsServerOptions } from "../../support/tds/server.ts";
import { startWindowsProxy } from "../../support/windows_proxy.ts";
import { oomnitzaSection, tagsOnly } from "../../support/workspace.ts";
import { siteRows } from "./computers.ts";
import { optionsFor, section, type SectionOptions } from "./sccm_run.ts";
import { makeSite } from "./site_database.ts";
import { slow } from "../../support/slow.ts";

needPackage("/usr/lib/wine/wine64", "wine", "wine64");
needPackage("/usr/bin/x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64-win32");

const folder = mkdtempSync(join(tmpdir(), "agent-windows-"));
const program = join(folder, "agent.exe");
const wine = await openWine();
await compileAgent({
  target: findTarget("windows-x64"),
  outfile: program,
  version: manifest.version,
  commit: "test",
});
const identity = makeIdentity("DNS:localhost,IP:127.0.0.1");
afterAll(async () => {
  await wine.close();
  rmSync(folder, { recursive: true, force: true });
  identity[Symbol.dispose]();
});

const loggedOn = writeNtlmHelper(folder);
const service = { domain: "EXAMPLE", name: "svc-agent", password: "ntlm Canary pässwörd" };

/** Uploads with the Windows program, with somebody logged on to Windows. */
async function run(
  more: SectionOptions,
  user: typeof service | undefined,
  options: TdsServerOptions = {},
  variables: Readonly<Record<string, string>> = {},
) {
  const { answer } = makeSite({ rows: siteRows(3, 2) });
  await using server = await startTdsServer({ answer, ntlmAccounts: [service], ...options });
  await using instance = record();
  const blank = { authentication: "Windows", username: "", password: "" };
  const ini = section(optionsFor(server.port, { ...blank, ...more }));
  const path = join(wine.folder, "config.ini");
  writeFileSync(path, oomnitzaSection(instance) + ini);
  const result = await wine.run(
    [windowsPath(program), "upload", "sccm", "--ini", windowsPath(path), "--singleton", "0"],
    {
      env: { ...loggedOn(user), ...variables },
    },
  );
  expect(server.errors).toEqual([]);
  const said = result.stdout + result.stderr;
  expect(said).not.toContain("Canary");
  const sent = instance.uploads().filter(({ path }) => path === "/api/v3/bulk").length;
  return { code: result.code, said, sent, users: server.logins.map(({ user }) => user) };
}

slow("the account that runs the agent logs in", async () => {
  const { code, said, sent, users } = await run({}, service);
  expect(said).toContain("3 read, 3 sent");
  expect(code).toBe(0);
  expect(sent).toBe(1);
  expect(users).toEqual(Array(2).fill("EXAMPLE\\svc-agent"));
}, 60_000);

slow("the same, encrypted, with the name that an older file had to have", async () => {
  const { cert, key, authority } = identity;
  const more = {
    username: "change-me",
    password: "change-me",
    encrypt: "True",
    cacert_file: windowsPath(authority),
  };
  const { code, said, users } = await run(more, service, { tls: { cert, key } });
  expect(said.match(/username is not DOMAIN\\name/g)).toHaveLength(1);
  expect(code).toBe(0);
  expect(users[0]).toBe("EXAMPLE\\svc-agent");
}, 60_000);

slow("behind a listener that sends readers on, it logs in at both", async () => {
  const { answer } = makeSite({ rows: siteRows(3, 2) });
  await using copy = await startTdsServer({ answer, ntlmAccounts: [service] });
  const route = () => ({ host: "localhost", port: copy.port });
  const { code, said, users } = await run({}, service, { route });
  expect(said).toContain("3 read, 3 sent");
  expect(code).toBe(0);
  const both = Array(2).fill("EXAMPLE\\svc-agent");
  expect(users).toEqual(both);
  expect(copy.logins.map(({ user }) => user)).toEqual(both);
  expect(copy.logins[0]?.login.serverName).toBe("localhost");
}, 60_000);

slow("an account that the server refuses, and one that Windows knows no password of", async () => {
  const refused = await run({}, { ...service, password: "wrong" });
  expect(refused.code).toBe(3);
  expect(refused.said).toContain("as the account that runs the agent");
  expect(refused.said).toContain("[18452]");
  const unknown = await run({}, undefined);
  expect(unknown.code).toBe(3);
  expect(unknown.said).toContain("Windows returns no token");
  expect(unknown.said).toContain("name one: username = DOMAIN\\name and password");
  expect(unknown.users).toEqual([]);
}, 60_000);

slow("Windows is told which connection the login is for, and for which service", async () => {
  const disk = join(wine.folder, "../prefix/drive_c");
  const own = join(disk, "windows/system32/secur32.dll");
  const kept = join(wine.folder, "secur32.dll");
  copyFileSync(own, kept);
  rmSync(own);
  const source = join(root, "test/support/tds/secur32.c");
  const command = ["x86_64-w64-mingw32-gcc", "-shared", "-O1", "-o", own, source];
  expect(Bun.spawnSync(command).success).toBe(true);
  try {
    const { cert, key, authority } = identity;
    const more = {
      server: "localhost,PORT",
      encrypt: "True",
      cacert_file: windowsPath(authority),
      server_spn: "MSSQLSvc/sql.example.com:1433",
    };
    const variables = { WINEDLLOVERRIDES: "secur32=n" };
    const { code, said, users } = await run(more, service, { tls: { cert, key } }, variables);
    expect([code, users]).toEqual([3, []]);
    expect(said).toContain("the login was refused [0x8009030C]");
  } finally {
    copyFileSync(kept, own);
  }
  expect(readFileSync(join(disk, "target.bin"), "utf16le")).toBe("MSSQLSvc/sql.example.com:1433");
  // SEC_CHANNEL_BINDINGS: no addresses, then length and place of the data, which follows.
  const bindings = readFileSync(join(disk, "bindings.bin"));
  const header = Array.from({ length: 8 }, (_each, index) => bindings.readUInt32LE(4 * index));
  expect(header).toEqual([0, 0, 0, 0, 0, 0, 23, 32]);
  expect(bindings.toString("latin1", 32, 43)).toBe("tls-unique:");
  expect(bindings).toHaveLength(32 + 23);
  expect(bindings.subarray(43).equals(Buffer.alloc(12))).toBe(false);
}, 60_000);

slow("the account that runs the agent logs in at a proxy", async () => {
  await using proxy = await startWindowsProxy({ accounts: [service] });
  await using instance = record({ tls: identity });
  const { authority } = identity;
  const more = `proxy = http://:@${proxy.host}\ncacert_file = ${windowsPath(authority)}`;
  const path = join(wine.folder, "proxy.ini");
  writeFileSync(path, oomnitzaSection(instance, more) + tagsOnly);
  writeFileSync(join(wine.folder, "assets.csv"), "tag\nA1\n");
  const check = async (user: typeof service) =>
    await wine.run([windowsPath(program), "check", "--ini", windowsPath(path)], {
      env: loggedOn(user),
    });
  const { code, stdout, stderr } = await check(service);
  expect(stdout + stderr).toContain("accepts the credentials");
  expect(code).toBe(0);
  const { host } = new URL(instance.url);
  expect(new Set(proxy.tunnels)).toEqual(new Set([`${host} EXAMPLE\\svc-agent`]));
  const seen = instance.requests.length;
  const refused = await check({ ...service, password: "wrong Canary" });
  expect(refused.stdout + refused.stderr).toContain(
    "refuses the account that runs the agent [407]",
  );
  expect(instance.requests).toHaveLength(seen);
}, 60_000);
