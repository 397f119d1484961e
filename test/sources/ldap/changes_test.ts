/**
 * Active Directory, read by what changed since the last upload, against a small server: the real domain is in
 * samba_test.ts.
 *
 * @module
 */
import { expect, test } from "bun:test";
import {
  changesConformance,
  type ChangingServer,
  openUploads,
} from "../../support/changes_conformance.ts";
import { account, startActiveDirectory } from "./active_directory.ts";

const base = "DC=example,DC=com";

/** A domain controller as it tells of itself, for a test to change. */
interface Controller {
  name: string;
  invocation: Uint8Array;
  usn: number;
}

interface Person {
  readonly key: string;
  version: number;
  usn: number;
}

interface ChangingDirectory extends ChangingServer {
  readonly controller: Controller;
}

const keyOf = (index: number) => `person${String(index).padStart(5, "0")}`;

/** What `objectClass` filters and those by number ask for. */
function leastUsn(filter: string): number {
  const plain = "objectClass present";
  if (filter === plain) return 0;
  const [, usn] = /^and\(objectClass present, uSNChanged >= "?(\d+)"?\)$/.exec(filter) ?? [];
  if (usn === undefined) throw new Error(`an unexpected filter: ${filter}`);
  return Number(usn);
}

async function start(
  count: number,
  onRequest: (server: ChangingServer) => void = () => {},
): Promise<ChangingDirectory> {
  const controller: Controller = { name: "DC1", invocation: Buffer.alloc(16, 1), usn: count };
  const people = new Map<string, Person>();
  for (let usn = 1; usn <= count; usn++) {
    people.set(keyOf(usn), { key: keyOf(usn), version: 0, usn });
  }
  const service = () =>
    `CN=NTDS Settings,CN=${controller.name},CN=Servers,CN=Configuration,${base}`;
  const rootDse = () => ({
    dn: "",
    values: {
      supportedCapabilities: ["1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1670"],
      dsServiceName: [service()],
      highestCommittedUSN: [`${controller.usn}`],
    },
  });
  const entries = (least: number) =>
    [...people.values()].filter(({ usn }) => usn >= least).map(({ key, version, usn }) => ({
      dn: `CN=${key},${base}`,
      values: {
        objectClass: ["top", "user"],
        sAMAccountName: [key],
        uid: [key],
        mail: [`${key}@example.com`],
        description: [`${version}`],
        uSNChanged: [`${usn}`],
      },
    }));
  const directory = await startActiveDirectory({
    entries: [],
    maxPageSize: 5,
    find(search) {
      if (search.scope === "base") {
        return [rootDse(), { dn: service(), values: { invocationId: [controller.invocation] } }];
      }
      const found = entries(leastUsn(search.filter));
      onRequest(server);
      return found;
    },
  });
  const change = (key: string) => {
    const version = (people.get(key)?.version ?? -1) + 1;
    people.set(key, { key, version, usn: ++controller.usn });
  };
  const server: ChangingDirectory = {
    controller,
    section: "ldap",
    options:
      `url = ${directory.url}\nusername = ${account.username}\npassword = ${account.password}\n` +
      `base_dn = ${base}\ndefault_role = 25\ndefault_position = Employee\n` +
      'mapping.VERSION = {"source": "description"}',
    keyField: "USER",
    versionField: "VERSION",
    versions: () => new Map([...people.values()].map(({ key, version }) => [key, `${version}`])),
    requests: () => directory.searches.length,
    change,
    add: () => change(keyOf(people.size + 1)),
    remove: (key) => void people.delete(key),
    advance: () => {},
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
  return server;
}

changesConformance({
  name: "ldap",
  what: "entries",
  start,
  many: 23,
  plenty: 2000,
});

test("all are read from another domain controller, and from one that was restored", async () => {
  await using server = await start(12);
  await using uploads = openUploads(server, "mode = changes");
  await uploads.upload();
  const changesOf: readonly [string, (controller: Controller) => void][] = [
    ["Another domain controller answers", (controller) => void (controller.name = "DC2")],
    ["was restored from a backup", (one) => void (one.invocation = Buffer.alloc(16, 2))],
    ["was restored from a backup", (controller) => void (controller.usn -= 5)],
  ];
  for (const [reason, change] of changesOf) {
    server.change(keyOf(3));
    expect([...(await uploads.upload()).arrived.keys()]).toEqual([keyOf(3)]);
    change(server.controller);
    const { arrived, stderr } = await uploads.upload();
    expect(arrived.size).toBe(12);
    expect(stderr).toContain(reason);
    expect(stderr).toContain("all entries are read");
  }
});

test("where groups decide, mode = changes is refused, and with memberOf it is said what is missed", async () => {
  await using server = await start(3);
  const group = `CN=Group,${base}`;
  for (
    const line of [
      `group_dn = ${group}`,
      `groups_dn = ["${group}"]`,
      `filter = (memberOf=${group})`,
    ]
  ) {
    await using uploads = openUploads(server, `mode = changes\n${line}`);
    const { code, stderr } = await uploads.upload();
    expect(code).not.toBe(0);
    expect(stderr).toContain("who joins a group is not changed by it");
  }
  await using uploads = openUploads(
    server,
    'mode = changes\nmapping.GROUPS = {"source": "memberOf"}',
  );
  expect((await uploads.upload()).stderr).toContain("memberOf is written at the groups");
});
