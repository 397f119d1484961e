/**
 * TLS of directories and of SQL Server on the binary: the authorities of the operating system, the
 * oldest version that is accepted, and a proxy that they do not use.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { section as directory } from "../sources/ldap/ldap_run.ts";
import { siteRows } from "../sources/sccm/computers.ts";
import { optionsFor, section as database } from "../sources/sccm/sccm_run.ts";
import { makeSite } from "../sources/sccm/site_database.ts";
import type { RunOptions } from "../support/binary.ts";
import { record } from "../support/recorder.ts";
import { accounts, password, startSlapd, suffix } from "../support/slapd.ts";
import { makeIdentity } from "../support/tds/certificate.ts";
import { startTdsServer } from "../support/tds/server.ts";
import { serveOldTls } from "../support/tls_server.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { slow } from "../support/slow.ts";

/** What `agent check` says about a section. */
async function check(name: string, text: string, env: RunOptions["env"] = {}) {
  await using instance = record();
  using space = workspace();
  space.write("config.ini", oomnitzaSection(instance) + text);
  const run = await space.agent(["check", name], { env });
  return { ...run, output: run.stdout + run.stderr };
}

function people(url: string, more: Readonly<Record<string, string>> = {}): string {
  const roles = { default_role: "25", default_position: "Employee" };
  const login = { username: accounts.reader, password, base_dn: suffix };
  return directory("ldap", { url, ...login, ...roles, ...more });
}

test("a directory is trusted by the store of the operating system", async () => {
  await using slapd = await startSlapd({ ldif: "" });
  const url = slapd.secure;
  expect((await check("ldap", people(url))).output).toContain("cacert_file");
  const trusted = await check("ldap", people(url), { SSL_CERT_FILE: slapd.authority });
  expect(trusted.output).toContain("ok     [ldap]");
  expect(trusted.code).toBe(0);
});

test("a directory that offers only TLS 1.1 is refused, with the note that it has no use for a proxy", async () => {
  using identity = makeIdentity("DNS:localhost");
  using files = workspace();
  await using old = await serveOldTls("tls1_1", identity, files.folder, {});
  const url = old.url.replace("https:", "ldaps:");
  const more = { cacert_file: identity.authority, proxy: "http://127.0.0.1:9" };
  const run = await check("ldap", people(url, more));
  expect(run.code).toBe(3);
  expect(run.output).toContain("ssl_protocol = tls1 accepts");
  expect(run.output).toContain("proxy has no effect here");
});

slow("SQL Server is trusted by the store of the operating system", async () => {
  using identity = makeIdentity("DNS:localhost,IP:127.0.0.1");
  const { answer } = makeSite({ rows: siteRows(1, 1) });
  const { cert, key } = identity;
  await using server = await startTdsServer({ answer, tls: { cert, key } });
  const text = database(optionsFor(server.port, { encrypt: "True" }));
  expect((await check("sccm", text)).output).toContain("cacert_file");
  const trusted = await check("sccm", text, { SSL_CERT_FILE: identity.authority });
  expect(trusted.output).toContain("ok     [sccm]");
  expect(trusted.code).toBe(0);
});
