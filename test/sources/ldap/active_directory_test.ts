/**
 * LDAP against a server that answers as Active Directory does.
 *
 * @module
 */
import { expect, test } from "bun:test";
import {
  account,
  type ActiveDirectoryOptions,
  type DirectoryEntry,
  startActiveDirectory,
} from "./active_directory.ts";
import { check, type SectionOptions, upload } from "./ldap_run.ts";
import { slow } from "../../support/slow.ts";

const base = "DC=example,DC=org";

function optionsFor(url: string, more: SectionOptions = {}): SectionOptions {
  return {
    url,
    ...account,
    base_dn: base,
    default_role: "25",
    default_position: "Employee",
    ...more,
  };
}

function personDn(index: number): string {
  return `CN=Person ${index},OU=Staff,${base}`;
}

function groupDns(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `CN=group${index},OU=Groups,${base}`);
}

/** The identifiers of [MS-DTYP] 2.3.4 and 2.4.2 as bytes: first the GUID, then the SID. */
const guid = Buffer.from("33221100554477668899aabbccddeeff", "hex");
const sid = Buffer.from("010500000000000515000000010000000200000003000000f4010000", "hex");

function person(index: number, more: DirectoryEntry["values"] = {}): DirectoryEntry {
  return {
    dn: personDn(index),
    values: {
      sAMAccountName: [`person${index}`],
      givenName: [`First${index}`],
      sn: [`Lästname ${index}`],
      mail: [`person${index}@example.org`],
      ...more,
    },
  };
}

function people(count: number): DirectoryEntry[] {
  return Array.from({ length: count }, (_, index) => person(index));
}

async function serve(options: ActiveDirectoryOptions, more: SectionOptions = {}) {
  const server = await startActiveDirectory(options);
  return { server, options: optionsFor(server.url, more) };
}

slow(
  "2,500 people arrive in three pages of at most 1,000, with the attributes that are mapped",
  async () => {
    const { server, options } = await serve({ entries: people(2500) });
    await using _server = server;
    const run = await upload("ldap", options, ["--workers", "1"]);
    expect(run.code).toBe(0);
    expect(run.records).toEqual(
      people(2500).map((_, index) => ({
        USER: `person${index}`,
        FIRST_NAME: `First${index}`,
        LAST_NAME: `Lästname ${index}`,
        EMAIL: `person${index}@example.org`,
        POSITION: "Employee",
        PERMISSIONS_ID: "25",
      })),
    );
    expect(server.searches).toHaveLength(3);
    expect(server.searches[0]).toEqual({
      base,
      scope: "sub",
      filter: "objectClass present",
      attributes: ["uid", "givenName", "sn", "mail", "sAMAccountName", "objectGUID", "entryUUID"],
      pageSize: 1000,
    });
  },
);

test("--record-count 1 asks for no second page", async () => {
  const { server, options } = await serve({ entries: people(2500) });
  await using _server = server;
  const run = await upload("ldap", options, ["--record-count", "1"]);
  expect(run.code).toBe(0);
  expect(run.records.map(({ USER }) => USER)).toEqual(["person0"]);
  expect(server.searches).toHaveLength(1);
});

test("an empty page is not the end", async () => {
  const { server, options } = await serve({ entries: people(1500), emptyPages: [0, 2] });
  await using _server = server;
  const run = await upload("ldap", options);
  expect(run.section.error).toBeNull();
  expect(run.records).toHaveLength(1500);
  expect(server.searches).toHaveLength(4);
});

test("the same empty page again and again ends the section", async () => {
  const { server, options } = await serve({ entries: [], loops: true });
  await using _server = server;
  const run = await upload("ldap", options);
  expect(run.code).toBe(3);
  expect(run.section.error?.message).toContain("keeps returning the same empty page");
});

test("objectGUID and objectSid are spelled as Windows does, pictures as base64, the rest is text", async () => {
  const picture = Buffer.from([0xff, 0xd8, 0xff, 0]);
  const entries = [
    person(0, {
      objectGUID: [guid],
      objectSid: [sid],
      thumbnailPhoto: [picture],
      displayName: [Buffer.from("M\xfcller", "latin1")],
      // All bytes are ASCII letters, and still it is no text.
      "mS-DS-ConsistencyGuid": [Buffer.from("abcdefghijklmnop")],
      sIDHistory: [Buffer.from([1, 2, 3])],
    }),
  ];
  const { server, options } = await serve({ entries }, {
    "mapping.GUID": "objectguid",
    "mapping.SID": "OBJECTSID",
    "mapping.PHOTO": "thumbnailPhoto",
    "mapping.NAME": "displayName",
    "mapping.ANCHOR": "mS-DS-ConsistencyGuid",
    "mapping.OLD": "sIDHistory",
    "mapping.WHERE": "dn",
  });
  await using _server = server;
  const run = await upload("ldap", options);
  expect(run.records).toEqual([{
    USER: "person0",
    FIRST_NAME: "First0",
    LAST_NAME: "Lästname 0",
    EMAIL: "person0@example.org",
    POSITION: "Employee",
    PERMISSIONS_ID: "25",
    GUID: "00112233-4455-6677-8899-aabbccddeeff",
    SID: "S-1-5-21-1-2-3-500",
    PHOTO: picture.toString("base64"),
    NAME: "*BINARY*",
    ANCHOR: "64636261-6665-6867-696a-6b6c6d6e6f70",
    OLD: "AQID",
    WHERE: personDn(0),
  }]);
});

slow("a group of 4,000 members is read 1,500 at a time, each member once", async () => {
  const members = Array.from({ length: 4000 }, (_, index) => personDn(index));
  const crew = { dn: `CN=crew,OU=Groups,${base}`, values: { member: members } };
  const { server, options } = await serve({ entries: [crew, ...people(4000)] }, {
    group_dn: crew.dn,
  });
  await using _server = server;
  const run = await upload("ldap", options, ["--workers", "1"]);
  expect(run.section.error).toBeNull();
  expect(run.records.map(({ USER }) => USER)).toEqual(members.map((_, index) => `person${index}`));
  const [first, second, third, ...rest] = server.searches.map(({ attributes }) => attributes);
  expect([first, second, third]).toEqual([
    ["member"],
    ["member;range=1500-*"],
    ["member;range=3000-*"],
  ]);
  expect(rest).toHaveLength(4000);
});

test("memberOf is whole even with more values than fit into an answer", async () => {
  const groups = groupDns(3200);
  const entries = [person(0, { memberOf: groups }), person(1, { memberOf: groups.slice(0, 1) })];
  const { server, options } = await serve({ entries }, { "mapping.GROUPS": "memberOf" });
  await using _server = server;
  const run = await upload("ldap", options);
  expect(run.records.map(({ GROUPS }) => GROUPS)).toEqual([groups, groups.slice(0, 1)]);
});

test("an attribute of which one value is wanted is not read to its end", async () => {
  const entries = [person(0, { proxyAddresses: groupDns(1600) })];
  const { server, options } = await serve({ entries }, { "mapping.PROXY": "proxyAddresses" });
  await using _server = server;
  const run = await upload("ldap", options);
  expect(run.records[0]?.PROXY).toBe(groupDns(1)[0]);
  expect(server.searches).toHaveLength(1);
});

test("bytes in a filter reach the directory as they are", async () => {
  const { server, options } = await serve({ entries: people(1) }, {
    filter: "(&(objectGUID=\\33\\22\\11\\00\\ff)(memberOf:1.2.840.113556.1.4.1941:=CN=crew,DC=x))",
  });
  await using _server = server;
  await upload("ldap", options);
  expect(server.searches[0]?.filter).toBe(
    'and(objectGUID = 0x33221100ff, match(rule "1.2.840.113556.1.4.1941", type "memberOf", value "CN=crew,DC=x"))',
  );
});

slow(
  "user code that looks at the whole record gets all attributes, and so does --save-data",
  async () => {
    const entries = [person(0, { title: ["Boss"], memberOf: groupDns(2) })];
    const { server, options } = await serve({ entries });
    await using _server = server;
    const code = "\n    return len(record) > 5";
    await upload("ldap", { ...options, recordfilter: code });
    await upload("ldap", options, ["--save-data"]);
    for (const { attributes } of server.searches) {
      expect(attributes).toEqual([
        "*",
        "memberOf",
        "uid",
        "givenName",
        "sn",
        "mail",
        "sAMAccountName",
        "objectGUID",
        "entryUUID",
      ]);
    }
    expect(server.searches).toHaveLength(2);
  },
);

test.each([
  [
    "a wrong password, with the reason that Active Directory adds",
    {},
    { password: "no-Canary-2" },
    "invalid credentials [49], 80090308",
    "the password is wrong",
    "Check username and password.",
  ],
  [
    "a login that is needed",
    {},
    { username: "Anonymous" },
    "(ldap://127.0.0.1:",
    "): the directory lets nobody search without a login [1]",
    "Set username and password in [ldap].",
  ],
  [
    "a login that is needed, as Samba says it",
    {
      refuse: (operation: string) =>
        operation === "search"
          ? [1, "00002020: Operation unavailable without authentication"] as const
          : undefined,
    },
    { username: "Anonymous" },
    "(ldap://127.0.0.1:",
    "): the directory lets nobody search without a login [1]",
    "Set username and password in [ldap].",
  ],
  [
    "the same of somebody who has logged in: it is not about the login",
    {
      refuse: (operation: string) =>
        operation === "search" ? [1, "00002020: Operation unavailable"] as const : undefined,
    },
    {},
    "operations error [1]",
    "Operation unavailable",
    "",
  ],
  [
    "encryption that is demanded",
    {
      refuse: (operation: string) =>
        operation === "bind" ? [8, "00002028: LdapErr"] as const : undefined,
    },
    {},
    "stronger authentication required [8]",
    "as EXAMPLE\\agent",
    "start_tls = True",
  ],
  [
    "a base that another domain has",
    {
      refuse: (operation: string) =>
        operation === "search" ? [10, "0000202B: RefErr"] as const : undefined,
    },
    {},
    "the entry is in another directory [10]",
    base,
    "Referrals are not followed",
  ],
  [
    "a server that says goodbye",
    { goodbyeAt: 1 },
    {},
    'is lost: the directory closed it, saying "the server is shutting down"',
    "The connection to ldap://127.0.0.1",
    "The next run reads everything again",
  ],
])("%s is reported with what to do", async (_title, server, more, message, detail, hint) => {
  const space = await serve({ entries: people(1001), ...server }, more);
  await using _server = space.server;
  const run = await upload("ldap", space.options);
  expect(run.code).toBe(3);
  expect(run.section.error?.message).toContain(message);
  expect(run.section.error?.message).toContain(detail);
  expect(run.section.error?.message).not.toContain("\0");
  expect(run.section.error?.hint ?? "").toContain(hint);
  expect(run.records).toHaveLength("goodbyeAt" in server ? 1000 : 0);
});

test("check reports whether the base is there", async () => {
  const { server, options } = await serve({ entries: [{ dn: base, values: { dc: ["example"] } }] });
  await using _server = server;
  const good = await check("ldap", options);
  expect(good.stdout).toContain("ok     [ldap] LDAP can be read");
  expect(good.code).toBe(0);
  const bad = await check("ldap", { ...options, base_dn: "DC=example,DC=net" });
  expect(bad.stdout).toContain("FAILED [ldap] Cannot read DC=example,DC=net");
  expect(bad.stdout).toContain("Check base_dn");
  expect(bad.code).toBe(3);
});

test("the root of a domain refers to its own partitions, which is nothing to warn of", async () => {
  // As a Samba 4 and a Windows domain controller give them.
  const own = [
    "ldap://ForestDnsZones.example.org/DC=ForestDnsZones,DC=example,DC=org",
    "ldap://DomainDnsZones.example.org/DC=DomainDnsZones,DC=example,DC=org",
    "ldap://example.org/CN=Configuration,DC=example,DC=org",
    "ldap://example.org/CN=Schema,CN=Configuration,DC=example,DC=org",
  ];
  const child = "ldap://emea.example.org/DC=emea,DC=example,DC=org";
  for (const [references, isWarned] of [[own, false], [[...own, child], true]] as const) {
    const { server, options } = await serve({ entries: people(3), references });
    await using _server = server;
    const run = await upload("ldap", options);
    expect(run.records).toHaveLength(3);
    const warning = `Referrals to other directories, which are not followed: 1 (${child}).`;
    expect(run.stderr.includes(warning)).toBe(isWarned);
    expect(run.stderr.includes("Referrals")).toBe(isWarned);
  }
});

test.each([["2", undefined], ["3", 1000]])(
  "protocol_version %s asks for pages of %p entries",
  async (version, size) => {
    const refuse = (operation: string) =>
      operation === "search" ? [52, "not now"] as const : undefined;
    const { server, options } = await serve({ entries: [], refuse }, { protocol_version: version });
    await using _server = server;
    expect((await upload("ldap", options)).code).toBe(3);
    expect(server.searches.map(({ pageSize }) => pageSize)).toEqual([size]);
  },
);
