/**
 * LDAP by client certificate against a real OpenLDAP.
 *
 * @module
 */
import { afterAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { accounts, type Slapd, startSlapd, suffix } from "../../support/slapd.ts";
import { type SectionOptions, upload } from "./ldap_run.ts";
import { directoryLdif } from "./people.ts";

const slapd = await startSlapd({
  ldif: directoryLdif(20),
  config: `TLSVerifyClient try\nauthz-regexp "cn=agent" "${accounts.reader}"`,
});
afterAll(() => slapd[Symbol.asyncDispose]());

/** A certificate for somebody, signed by the server's own authority, with its key in the same file. */
function makeClientPem({ folder }: Slapd, name: string): string {
  const words = [
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    ...["-nodes", "-days", "2", "-keyout", `${name}.key`, "-out", `${name}.crt`],
    ...["-subj", `/CN=${name}`, "-CA", "ca.pem", "-CAkey", "ca.key"],
    ...["-addext", "basicConstraints=critical,CA:FALSE"],
  ];
  const run = Bun.spawnSync(words, { cwd: folder, stderr: "pipe" });
  if (!run.success) throw new Error(`openssl failed: ${run.stderr}`);
  const file = join(folder, `${name}.pem`);
  const parts = [`${name}.crt`, `${name}.key`].map((part) => readFileSync(join(folder, part)));
  writeFileSync(file, Buffer.concat(parts), { mode: 0o600 });
  return file;
}

function optionsFor(more: SectionOptions): SectionOptions {
  return {
    url: slapd.secure.replace("127.0.0.1", "localhost"),
    cacert_file: slapd.authority,
    authentication: "Certificate",
    base_dn: suffix,
    filter: "(mail=*)",
    default_role: "25",
    default_position: "Employee",
    ...more,
  };
}

test.each([
  ["ldaps", {}],
  ["StartTLS", { url: slapd.plain, start_tls: "True" }],
])("people arrive by certificate and without a password: %s", async (_title, more) => {
  const user_pem_file = makeClientPem(slapd, "agent");
  const run = await upload("ldap", optionsFor({ user_pem_file, ...more }));
  expect(run.section.error).toBeNull();
  expect(run.records).toHaveLength(20);
});

test("without a certificate, and without TLS, the section says what is missing", async () => {
  const without = await upload("ldap", optionsFor({}));
  expect(without.section.error?.message).toBe("authentication = Certificate needs user_pem_file");
  expect(without.section.error?.bug).toBe(false);
});

test("a directory that asks for no certificate does not offer the login, and it is said", async () => {
  await using other = await startSlapd({ ldif: "" });
  const user_pem_file = makeClientPem(other, "agent");
  const url = other.secure.replace("127.0.0.1", "localhost");
  const run = await upload(
    "ldap",
    optionsFor({ url, user_pem_file, cacert_file: other.authority }),
  );
  expect(run.section.error?.message).toMatch(/by certificate: .*\[\d+\]/);
  expect(run.section.error?.hint).toMatch(/EXTERNAL|user_pem_file/);
  expect(run.section.error?.bug).toBe(false);
});
