/**
 * LDAP assets against a real OpenLDAP.
 *
 * @module
 */
import { afterAll, expect, test } from "bun:test";
import { parseIni } from "../../../src/config/ini.ts";
import { checkConfig } from "../../../src/config/config.ts";
import { describeIni } from "../../../src/describe/ini.ts";
import { ldapAssets } from "../../../src/sources/ldap_assets/mod.ts";
import { record } from "../../support/recorder.ts";
import { accounts, password, startSlapd, suffix } from "../../support/slapd.ts";
import { oomnitzaSection, workspace } from "../../support/workspace.ts";
import { check, section, type SectionOptions, upload } from "../ldap/ldap_run.ts";
import { slow } from "../../support/slow.ts";

function device(index: number): string {
  return `dn: cn=pc${index},ou=devices,${suffix}\nobjectClass: device\ncn: pc${index}\nserialNumber: SN${index}\nl: Town ${
    index % 3
  }\n\n`;
}

const unit = `dn: ou=devices,${suffix}\nobjectClass: organizationalUnit\nou: devices\n\n`;
function devices(count: number): string {
  return unit + Array.from({ length: count }, (_, index) => device(index)).join("");
}

const slapd = await startSlapd({ ldif: devices(1200) });
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
  const plan = checkConfig(parseIni(text, "config.ini"), {
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
  expect(wrong.stdout + wrong.stderr).not.toContain("Canary");
});

test("--record-count 1 sends one record, and no match is no error", async () => {
  const settings = { ...options, filter: "(objectClass=device)" };
  const one = await upload("ldap_assets", settings, ["--record-count", "1"]);
  expect(one.code).toBe(0);
  expect(one.records).toEqual([{ SERIAL: "SN0", NAME: "pc0" }]);
  const none = await upload("ldap_assets", { ...options, filter: "(cn=nothing)" });
  expect(none.code).toBe(0);
  expect(none.records).toEqual([]);
});

slow(
  "the server is killed mid-run: what was read is delivered, and the next run completes",
  async () => {
    await using victim = await startSlapd({ ldif: devices(5000) });
    const settings = { ...options, url: victim.plain, base_dn: `ou=devices,${suffix}` };
    const only = { ...settings, filter: "(objectClass=device)" };
    let killed: Promise<void> | undefined;
    const run = await upload("ldap_assets", only, ["--workers", "1"], async ({ path }) => {
      // Nothing more is sent, and so not much more is read, until it is gone.
      if (path.includes("/bulk")) await (killed ??= victim.kill());
    });
    await killed;
    const { fetched, sent, failed, unreadable } = run.section.counts;
    expect(run.code).toBe(3);
    expect(run.section.outcome).toBe("failed");
    expect(run.section.error?.message).toContain(`The connection to ${victim.plain} is lost`);
    expect(fetched).toBeGreaterThanOrEqual(1000);
    expect(fetched).toBeLessThan(5000);
    expect([sent, failed, unreadable]).toEqual([fetched, 0, 0]);
    expect(run.records.map(({ NAME }) => NAME)).toEqual(
      Array.from({ length: fetched }, (_, index) => `pc${index}`),
    );
    await victim.start();
    const next = await upload("ldap_assets", only);
    expect(next.code).toBe(0);
    expect(next.section.counts).toMatchObject({ fetched: 5000, sent: 5000, failed: 0 });
  },
);

test("a stop ends a search that hangs", async () => {
  await using hung = await startSlapd({ ldif: devices(3) });
  await using instance = record();
  using space = workspace();
  const settings = section("ldap_assets", { ...options, url: hung.plain });
  space.write("config.ini", oomnitzaSection(instance) + settings);
  hung.freeze();
  const agent = await space.start(["upload", "ldap_assets"]);
  while (!agent.stderr().includes("Uploading ") && !agent.hasEnded()) await Bun.sleep(5);
  await Bun.sleep(50);
  expect(agent.hasEnded()).toBe(false);
  expect(await agent.stop()).toBe(3);
});
