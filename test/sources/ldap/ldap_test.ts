/**
 * LDAP against a real OpenLDAP with 5,000 people.
 *
 * @module
 */
import { afterAll, expect, test } from "bun:test";
import { parseIni } from "../../../src/config/ini.ts";
import { checkConfig } from "../../../src/config/config.ts";
import { describeIni } from "../../../src/describe/ini.ts";
import { ldap } from "../../../src/sources/ldap/mod.ts";
import { accounts, limit, password, startSlapd, suffix } from "../../support/slapd.ts";
import { check, section, type SectionOptions, upload } from "./ldap_run.ts";
import { directoryLdif, groupDn, people, picture, uidOf } from "./people.ts";
import { slow } from "../../support/slow.ts";

const everybody = people(5000);
const slapd = await startSlapd({ ldif: directoryLdif(5000) });
afterAll(() => slapd[Symbol.asyncDispose]());

const options: SectionOptions = {
  url: slapd.plain,
  username: accounts.reader,
  password,
  base_dn: suffix,
  default_role: "25",
  default_position: "Employee",
};
const trust = { cacert_file: slapd.authority };

/** What should arrive of everybody. */
const expected = everybody.map(({ attributes }) => ({
  USER: attributes.uid,
  FIRST_NAME: attributes.givenName,
  LAST_NAME: attributes.sn,
  EMAIL: [attributes.mail].flat()[0],
  POSITION: "Employee",
  PERMISSIONS_ID: "25",
}));

test("the generated section validates once it is enabled", () => {
  const text = describeIni([ldap]).replace("enable = False", "enable = True");
  const plan = checkConfig(parseIni(text, "config.ini"), {
    sources: [ldap],
    env: {},
    directory: "/",
  });
  expect(plan.findings).toEqual([]);
});

test.each([
  ["plain", {}],
  ["StartTLS", { start_tls: "True", ...trust }],
  ["ldaps", { url: slapd.secure, ...trust }],
  ["ldaps by name", { url: slapd.secure.replace("127.0.0.1", "localhost"), ...trust }],
  ["ldaps with a directory of authorities", { url: slapd.secure, cacert_dir: slapd.folder }],
  ["ldaps with TLS 1.3", { url: slapd.secure, ssl_protocol: "tls1.3", ...trust }],
  ["ldaps unchecked", { url: slapd.secure, verify_ssl: "False" }],
  ["StartTLS unchecked", { start_tls: "yes", verify_ssl: "no" }],
  ["an anonymous login", { username: "Anonymous", password: "" }],
  ["version 2, which is version 3 without pages", { protocol_version: "2" }],
  ["version 2 by StartTLS", { protocol_version: "2", start_tls: "True", ...trust }],
])("5,000 people arrive exactly: %s", async (_title, more) => {
  const run = await upload("ldap", { ...options, ...more }, ["--workers", "1"]);
  expect(run.section.error).toBeNull();
  expect(run.code).toBe(0);
  expect(run.records).toEqual(expected);
  expect(run.section.counts).toMatchObject({ fetched: 5000, sent: 5000, incomplete: 0, failed: 0 });
});

test("an independent client sees the same people", () => {
  const words = ["-x", "-LLL", "-o", "ldif-wrap=no", "-E", "pr=1000/noprompt", "-H", slapd.plain];
  const login = ["-D", accounts.reader, "-w", password, "-b", suffix, "(uid=*)", "uid"];
  const run = Bun.spawnSync(["ldapsearch", ...words, ...login]);
  const seen = [...run.stdout.toString().matchAll(/^uid: (.*)$/gm)].map(([, uid]) => uid);
  expect(seen).toEqual(expected.map(({ USER }) => String(USER)));
});

test("referrals are counted, and entries without any wanted attribute are reported of", async () => {
  const run = await upload("ldap", options, ["--record-count", "0"]);
  expect(run.stderr).toContain("Referrals to other directories, which are not followed: 1 (ldap");
  // The suffix, two units, three accounts and four groups.
  expect(run.stderr).toContain(
    "Entries skipped because they have none of the attributes that are read: 10",
  );
});

test("--record-count 1 sends one record", async () => {
  const run = await upload("ldap", options, ["--record-count", "1"]);
  expect(run.records).toEqual(expected.slice(0, 1));
  expect(run.code).toBe(0);
});

test("nobody matches: no error", async () => {
  const run = await upload("ldap", { ...options, filter: "(uid=nobody)" });
  expect(run.code).toBe(0);
  expect(run.records).toEqual([]);
});

test("a record has DN, groups, a picture, a backslash, and does not mind case", async () => {
  const run = await upload("ldap", {
    ...options,
    filter: "(|(uid=person0001)(uid=person0050)(cn=\\20space before person0030))",
    "mapping.DN": "DN",
    "mapping.GROUPS": "memberof",
    "mapping.FIRST_GROUP": "memberOf.0",
    "mapping.PICTURE": "jpegphoto",
    "mapping.TEXT": "Description",
    "mapping.PHONE": "MOBILE",
    "mapping.NONE": "no such attribute",
  }, ["--workers", "1"]);
  expect(run.section.error).toBeNull();
  const [first, spaced, pictured] = run.records;
  expect(first).toMatchObject({
    DN: `uid=person0001,ou=people,${suffix}`,
    GROUPS: [groupDn("crew"), groupDn("pair")],
    FIRST_GROUP: groupDn("crew"),
    PICTURE: null,
    TEXT: "CORP\\new",
    PHONE: "+00 1",
    NONE: null,
  });
  expect(spaced).toMatchObject({ USER: "person0030", GROUPS: null });
  expect(spaced?.DN).toMatch(/^cn=\\20space before person0030,|^cn=\\ space before person0030,/);
  expect(pictured).toMatchObject({ USER: "person0050", PICTURE: picture.toString("base64") });
});

slow("user code sees the whole record", async () => {
  const run = await upload("ldap", {
    ...options,
    filter: "uid=person0007",
    recordfilter: "\n    return record['objectClass'] == 'inetOrgPerson' and len(record) > 8",
  });
  expect(run.section.counts).toMatchObject({ fetched: 1, filtered: 0, sent: 1 });
});

test("a size limit delivers what came, fails the section and says whom to ask", async () => {
  const run = await upload("ldap", {
    ...options,
    username: accounts.limited,
    base_dn: `ou=people,${suffix}`,
    filter: "(uid=*)",
  }, ["--workers", "1"]);
  expect(run.code).toBe(3);
  expect(run.section.error?.message).toContain("size limit exceeded [4]");
  expect(run.section.error?.hint).toContain("raise the limit");
  expect(run.section.counts).toMatchObject({ fetched: limit, sent: limit, failed: 0 });
  expect(run.records).toEqual(expected.slice(0, limit));
});

test.each([
  [
    "a wrong password",
    { password: "no-Canary-2" },
    "invalid credentials [49]",
    "Check username and password.",
  ],
  ["no password", { password: "" }, "unwilling to perform [53]", "Check username and password."],
  ["an unknown account", { username: `cn=gone,${suffix}` }, "[49]", "Check username and password."],
  [
    "a name that is no DN",
    { username: "agent" },
    "not a valid DN [34]",
    "Check username and password.",
  ],
  [
    "an unknown base",
    { base_dn: `ou=gone,${suffix}` },
    "no such entry [32]",
    `What exists is ${suffix}.`,
  ],
  ["a base that is no DN", { base_dn: "people" }, "not a valid DN [34]", "Check base_dn."],
  [
    "a base that the account may not see",
    { username: accounts.blind },
    "[32]",
    "lack the right to see it",
  ],
  [
    "a referral as base",
    { base_dn: `cn=elsewhere,ou=people,${suffix}` },
    "[10]",
    "Referrals are not followed",
  ],
  [
    "an authority that nobody trusts",
    { url: slapd.secure },
    "the certificate is signed by an authority that is not trusted",
    "cacert_file",
  ],
  [
    "the same with StartTLS",
    { start_tls: "True" },
    "the certificate is signed by an authority that is not trusted",
    "cacert_file",
  ],
  ["a port where nobody is", { url: "ldap://127.0.0.1:1" }, "ECONNREFUSED", "Check host and port"],
  [
    "a host that does not exist",
    { url: "ldap://no-such-host.invalid" },
    "no-such-host.invalid",
    "Check ",
  ],
  [
    "ldap:// to the port of ldaps://",
    { url: slapd.secure.replace("ldaps", "ldap") },
    "Cannot connect",
    "ldaps:// 636",
  ],
  [
    "ldaps:// to the port of ldap://",
    { url: slapd.plain.replace("ldap", "ldaps"), ...trust },
    "Cannot connect",
    "Check ",
  ],
])("%s is reported with what to do, and no secret", async (_title, more, message, hint) => {
  const run = await upload("ldap", { ...options, ...more }, ["--verbose"]);
  expect(run.code).toBe(3);
  expect(run.records).toEqual([]);
  expect(run.section.error?.message).toContain(message);
  expect(run.section.error?.hint).toContain(hint);
  expect(run.section.error?.bug).toBe(false);
  expect(run.stderr + JSON.stringify(run.section)).not.toContain("Canary");
});

test("a certificate for another name is reported as that", async () => {
  const config = { ldif: "", names: "DNS:directory.example.org" };
  await using other = await startSlapd(config);
  const run = await upload("ldap", {
    ...options,
    url: other.secure,
    cacert_file: other.authority,
  });
  expect(run.section.error?.message).toContain("[ERR_TLS_CERT_ALTNAME_INVALID]");
  expect(run.section.error?.hint).toContain("certificate is for another name");
});

test.each([
  ["url = https://example.org", "it begins with https:// instead of ldap:// or ldaps://"],
  ["url = ldaps://example.org\nstart_tls = True", "start_tls is for ldap://"],
  ["filter = (&(uid=x)", 'filter: is not an LDAP filter: ")" is missing (at its end)'],
  ["group_member_filter = (uid=x)", "group_member_filter has no {}"],
  ["group_member_filter = uid={})", "group_member_filter: is not an LDAP filter"],
  ["groups_dn = cn=crew", "groups_dn: is not valid JSON"],
  [
    "cacert_file = /no/such/file.pem\nstart_tls = True",
    "Cannot read cacert_file /no/such/file.pem",
  ],
])("a mistake in the section is reported: %s", async (lines, message) => {
  const changed = Object.fromEntries(lines.split("\n").map((line) => line.split(/ = (.*)/s)));
  const run = await check("ldap", { ...options, ...changed });
  expect(run.stdout + run.stderr).toContain(message);
  expect(run.code).toBeGreaterThan(0);
});

test("check passes with the right credentials and fails with wrong ones", async () => {
  const good = await check("ldap", { ...options, start_tls: "True", ...trust });
  expect(good.stdout).toContain("ok     [ldap] LDAP can be read");
  expect(good.code).toBe(0);
  const bad = await check("ldap", { ...options, password: "no-Canary-2" });
  expect(bad.stdout).toContain("FAILED [ldap] Cannot log in");
  expect(bad.code).toBe(3);
  const base = await check("ldap", { ...options, base_dn: `ou=gone,${suffix}` });
  expect(base.stdout).toContain("Check base_dn");
  expect(base.code).toBe(3);
});

test("a version that does not exist is taken for 3, with a warning", async () => {
  const run = await upload("ldap", {
    ...options,
    protocol_version: "4",
    filter: "(uid=person0003)",
  });
  expect(run.stderr).toContain("protocol_version 4 does not exist; 3 is used");
  expect(run.records.map(({ USER }) => USER)).toEqual([uidOf(3)]);
});

test("encryption that the directory demands is reported", async () => {
  await using strict = await startSlapd({
    ldif: directoryLdif(10),
    config: "security simple_bind=128",
  });
  const run = await upload("ldap", { ...options, url: strict.plain });
  expect(run.section.error?.message).toContain("confidentiality required [13]");
  expect(run.section.error?.hint).toContain("start_tls = True");
  const encrypted = { url: strict.plain, start_tls: "True", cacert_file: strict.authority };
  expect((await upload("ldap", { ...options, ...encrypted })).records).toHaveLength(10);
});

test("the section needs default_role", async () => {
  const { default_role: _, ...without } = options;
  const run = await check("ldap", without);
  expect(run.stderr + run.stdout).toContain("default_role");
  expect(section("ldap", without)).not.toContain("default_role");
  expect(run.code).toBe(1);
});

test("a directory that does not number its changes refuses mode = changes", async () => {
  const run = await check("ldap", { ...options, mode: "changes" });
  expect(run.code).toBe(3);
  expect(run.stdout).toContain("does not number its changes as Active Directory does");
  expect(run.stdout).toContain("mode = full");
  const { section: { error }, records } = await upload("ldap", { ...options, mode: "changes" });
  expect(error?.message).toContain("does not number its changes");
  expect(records).toEqual([]);
});
