/**
 * LDAP by Kerberos against a real domain, which wants every message signed.
 *
 * @module
 */
import { afterAll, describe, expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import {
  account,
  domainDn,
  ldapService,
  realm,
  type SambaDomain,
  startSamba,
} from "../../support/samba.ts";
import { slow } from "../../support/slow.ts";
import { type LdapUpload, type SectionOptions, upload } from "./ldap_run.ts";

const count = 3000;
const staff = `OU=Staff,${domainDn}`;

function nameOf(index: number): string {
  return `person${String(index).padStart(4, "0")}`;
}

function personLdif(index: number): string {
  const name = nameOf(index);
  return [
    `dn: CN=Person ${index},${staff}`,
    "objectClass: user",
    `sAMAccountName: ${name}`,
    `givenName:: ${Buffer.from(`Zoë ${index}`).toString("base64")}`,
    `sn: Last${index}`,
    `mail: ${name}@example.test`,
    "",
    "",
  ].join("\n");
}

const indexes = Array.from({ length: count }, (_, index) => index);
const ldif = `dn: ${staff}\nobjectClass: organizationalUnit\n\n${indexes.map(personLdif).join("")}`;

/** What should arrive of everybody. */
const expected = indexes.map((index) => ({
  USER: nameOf(index),
  FIRST_NAME: `Zoë ${index}`,
  LAST_NAME: `Last${index}`,
  EMAIL: `${nameOf(index)}@example.test`,
  POSITION: "Employee",
  PERMISSIONS_ID: "25",
}));

let started: Promise<SambaDomain> | undefined;
afterAll(async () => (await started)?.[Symbol.asyncDispose]());

/** The domain, which is made for the first test that asks. */
function getDomain(): Promise<SambaDomain> {
  return started ??= startSamba({ ldif });
}

/** What making the domain may take on a machine with much else to do. */
const timeoutMs = 900_000;

async function run(
  more: (domain: SambaDomain) => SectionOptions,
  words: readonly string[] = ["--record-count", "3"],
  env: Readonly<Record<string, string>> = {},
): Promise<LdapUpload> {
  const domain = await getDomain();
  const options = {
    url: domain.plain,
    authentication: "Kerberos",
    server_spn: ldapService,
    base_dn: staff,
    filter: "(&(objectClass=user)(mail=*))",
    default_role: "25",
    default_position: "Employee",
    ...more(domain),
  };
  return await upload("ldap", options, words, undefined, { ...domain.env, ...env });
}

/** Stands between the agent and the domain; shows what passes, and may change it. */
async function startRelay(
  domain: SambaDomain,
  change: (bytes: Buffer, sofar: number) => Buffer = (bytes) => bytes,
) {
  const passed: Buffer[] = [];
  const sockets = new Set<Socket>();
  let answered = 0;
  const server = createServer((client) => {
    const directory = connect(389, new URL(domain.plain).hostname);
    sockets.add(client).add(directory);
    client.on("data", (bytes) => {
      passed.push(Buffer.from(bytes));
      directory.write(bytes);
    });
    directory.on("data", (bytes) => {
      const changed = change(Buffer.from(bytes), answered);
      answered += bytes.length;
      passed.push(changed);
      client.write(changed);
    });
    for (const [from, to] of [[client, directory], [directory, client]] as const) {
      from.on("error", () => to.destroy()).on("close", () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    url: `ldap://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    passed: () => Buffer.concat(passed),
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

slow("3,000 people arrive exactly, by keytab and without a password", async () => {
  const { code, section, records } = await run(({ keytab }) => ({ keytab }), []);
  expect(section.error).toBeNull();
  expect(code).toBe(0);
  expect(section.counts).toMatchObject({ fetched: count, sent: count, incomplete: 0, failed: 0 });
  const byName = records.toSorted((one, other) => String(one.USER) < String(other.USER) ? -1 : 1);
  expect(byName).toEqual(expected);
}, timeoutMs);

slow("what passes is encrypted", async () => {
  const domain = await getDomain();
  using relay = await startRelay(domain);
  const { records } = await run(({ keytab }) => ({ keytab, url: relay.url }));
  expect(records).toHaveLength(3);
  const passed = relay.passed().toString("latin1");
  const words = ["GSSAPI", "person0", "sAMAccountName", "@example.test", "OU=Staff"];
  // Not the whole of it in a failure.
  expect(words.filter((word) => passed.includes(word))).toEqual(["GSSAPI"]);
}, timeoutMs);

slow(
  "what was changed on the way is refused, and only what came whole before it is sent",
  async () => {
    const domain = await getDomain();
    // The login is shorter than that; an answer with people is longer.
    using relay = await startRelay(domain, (bytes, sofar) => {
      if (sofar > 1000 || bytes.length > 1000) bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      return bytes;
    });
    const { code, section, records } = await run(({ keytab }) => ({ keytab, url: relay.url }), []);
    expect(code).toBe(3);
    expect(section.error?.message).toContain("is lost");
    expect(section.error?.bug).toBe(false);
    expect(records.length).toBeLessThan(count);
    const known = new Map(expected.map((person) => [person.USER, person]));
    const changed = records.filter((record) => {
      return !Bun.deepEquals(record, known.get(String(record.USER)) ?? {});
    });
    expect(changed).toEqual([]);
  },
  timeoutMs,
);

slow("tickets of a cache let it in, named or the usual one", async () => {
  const domain = await getDomain();
  const cache = `FILE:${join(domain.folder, "tickets")}`;
  const words = ["kinit", "-k", "-t", domain.keytab, "-c", cache, account];
  const kinit = Bun.spawnSync(words, { env: { ...process.env, ...domain.env } });
  expect(kinit.stderr.toString()).toBe("");
  const named = await run(() => ({ ccache: cache }));
  expect(named.section.error).toBeNull();
  expect(named.records).toHaveLength(3);
  const usual = await run(() => ({}), undefined, { KRB5CCNAME: cache });
  expect(usual.section.error).toBeNull();
  expect(usual.records).toHaveLength(3);
}, timeoutMs);

describe("refusals say what to do", () => {
  slow.each([
    [
      "a password in the clear",
      { authentication: "Password", username: `${account}@${realm}`, password: "no-Canary-2" },
      "stronger authentication required [8]",
      "start_tls = True, or ldaps://",
    ],
    [
      "an account that keytab has no keys of",
      { principal: `somebody@${realm}` },
      `there are no keys of somebody@${realm} in /`,
      "Check principal",
    ],
    [
      "a service that the domain does not have",
      { server_spn: "ldap/other.example.test" },
      "Cannot log in to ldap://127.",
      "or set server_spn",
    ],
    [
      "a file that is not there",
      { keytab: "/nowhere/agent.keytab" },
      "cannot read keytab /nowhere/agent.keytab",
      "Name the file in keytab",
    ],
    [
      "no tickets",
      { keytab: "", ccache: "FILE:/nowhere/tickets" },
      "as the account that runs the agent",
      "Set keytab",
    ],
  ])("%s", async (_title, more, message, hint) => {
    const { code, section, stderr } = await run(({ keytab }) => ({ keytab, ...more }));
    expect(code).toBe(3);
    expect(section.error?.message).toContain(message);
    expect(section.error?.hint).toContain(hint);
    expect(section.error?.bug).toBe(false);
    expect(stderr).not.toContain("Canary");
  }, timeoutMs);

  slow("a domain that is not to be found", async () => {
    const domain = await getDomain();
    const file = join(domain.folder, "other.conf");
    writeFileSync(
      file,
      `[libdefaults]\ndefault_realm = ${realm}\ndns_lookup_kdc = false\n[realms]\n${realm} = {\nkdc = 127.0.0.1:1\n}\n`,
    );
    const { section } = await run(({ keytab }) => ({ keytab }), [], { KRB5_CONFIG: file });
    expect(section.error?.hint).toContain("Check /etc/krb5.conf");
  }, timeoutMs);
});

describe("by TLS", () => {
  const secure = ({ keytab, secure, authority }: SambaDomain) => ({
    keytab,
    url: secure,
    cacert_file: authority,
    verify_ssl: "False",
  });

  slow("a directory that takes no login by Kerberos there says so", async () => {
    const { section } = await run(secure);
    expect(section.error?.message).toContain("stronger authentication required [8]");
    expect(section.error?.hint).toContain("Use ldap:// without start_tls");
  }, timeoutMs);

  slow("one that does gets a login that is tied to the connection", async () => {
    const domain = await getDomain();
    await domain.restart("allow_sasl_over_tls");
    const { section, records } = await run(secure);
    expect(section.error).toBeNull();
    expect(records).toHaveLength(3);
    const plain = await run(({ keytab }) => ({
      keytab,
      url: domain.plain,
      start_tls: "True",
      verify_ssl: "False",
    }));
    expect(plain.section.error).toBeNull();
    expect(plain.records).toHaveLength(3);
  }, timeoutMs);
});
