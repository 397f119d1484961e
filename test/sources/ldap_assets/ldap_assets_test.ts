/**
 * LDAP assets against a real OpenLDAP.
 *
 * @module
 */
import { afterAll, expect, test } from "bun:test";
import { parseIni } from "../../../src/config/ini.ts";
import { planConfig } from "../../../src/config/plan.ts";
import { describeIni } from "../../../src/describe/ini.ts";
import { ldapAssets } from "../../../src/sources/ldap_assets/mod.ts";
import { binaryPath } from "../../support/binary.ts";
import { accounts, password, startSlapd, suffix } from "../../support/slapd.ts";
import { check, type SectionOptions, upload } from "../ldap/ldap_run.ts";

await binaryPath();

function device(index: number): string {
  return `dn: cn=pc${index},ou=devices,${suffix}\nobjectClass: device\ncn: pc${index}\nserialNumber: SN${index}\nl: Town ${
    index % 3
  }\n\n`;
}

const unit = `dn: ou=devices,${suffix}\nobjectClass: organizationalUnit\nou: devices\n\n`;
const slapd = await startSlapd({
  ldif: unit + Array.from({ length: 1200 }, (_, index) => device(index)).join(""),
});
afterAll(() => slapd[Symbol.asyncDispose]());

const options: SectionOptions = {
  url: slapd.plain,
  username: accounts.reader,
  password,
  base_dn: suffix,
  sync_field: "SERIAL",
  "mapping.SERIAL": "serialNumber",
  "mapping.NAME": "CN",
};

test("the generated section validates once it is enabled", () => {
  const text = describeIni([ldapAssets]).replace("enable = False", "enable = True") +
    "mapping.24DCF85294E411E38A52066B556BA4EE = cn\n";
  const plan = planConfig(parseIni(text, "config.ini"), {
    sources: [ldapAssets],
    env: {},
    directory: "/",
  });
  expect(plan.findings).toEqual([]);
});

test("1,200 devices arrive exactly, over StartTLS, under the name that Oomnitza knows", async () => {
  const encryption = { start_tls: "True", cacert_file: slapd.authority };
  const settings = { ...options, ...encryption, filter: "(objectClass=device)" };
  const run = await upload("ldap_assets", settings, ["--workers", "1"]);
  expect(run.code).toBe(0);
  expect(run.section.mapping_name).toBe("LDAP_assets");
  expect(run.section.kind).toBe("assets");
  expect(run.records).toEqual(
    Array.from({ length: 1200 }, (_, index) => ({ SERIAL: `SN${index}`, NAME: `pc${index}` })),
  );
});

test("entries without the sync field are incomplete, and a DN alone can be read", async () => {
  const named = await upload("ldap_assets", options);
  // The three accounts have a name only.
  expect(named.section.counts).toMatchObject({ fetched: 1203, incomplete: 3, sent: 1200 });
  const { "mapping.NAME": _, ...rest } = options;
  const only = { ...rest, "mapping.SERIAL": "dn", filter: "(cn=pc1)" };
  const run = await upload("ldap_assets", only);
  expect(run.records).toEqual([{ SERIAL: `cn=pc1,ou=devices,${suffix}` }]);
});

test("a section without sync_field does not start; check passes and fails as it should", async () => {
  const { sync_field: _, ...without } = options;
  expect((await check("ldap_assets", without)).code).toBe(1);
  expect((await check("ldap_assets", options)).code).toBe(0);
  const wrong = await check("ldap_assets", { ...options, password: "no-Canary-2" });
  expect(wrong.code).toBe(3);
  expect(wrong.stdout).toContain("Check username and password.");
});
