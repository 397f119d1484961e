/**
 * Computers by the administration service: the same records as from the database, signed in by
 * Kerberos and by NTLM.
 *
 * @module
 */
import { afterAll, expect, test } from "bun:test";
import { openAcceptor } from "../../support/gss_acceptor.ts";
import { type Kdc, realm, startKdc } from "../../support/kdc.ts";
import { slow } from "../../support/slow.ts";
import { makeIdentity } from "../../support/tds/certificate.ts";
import { startTdsServer } from "../../support/tds/server.ts";
import { type AdminServiceOptions, startAdminService } from "./admin_service.ts";
import { hardwareOf, idOf, siteRows } from "./computers.ts";
import { check, mapAll, optionsFor, type SectionOptions, upload } from "./sccm_run.ts";
import { makeSite } from "./site_database.ts";

const timeoutMs = 600_000;
const keys = Object.keys(hardwareOf(0));
const count = 620;
let started: Promise<Kdc> | undefined;
afterAll(async () => (await started)?.[Symbol.asyncDispose]());

async function serve(more: Partial<AdminServiceOptions> = {}) {
  const kdc = await (started ??= startKdc());
  const identity = makeIdentity("DNS:localhost");
  const service = startAdminService({
    rows: siteRows(count, 5),
    identity,
    accept: openAcceptor(kdc.addPrincipal("HTTP/localhost")),
    administrators: [`agent@${realm}`],
    ...more,
  });
  const keytab = kdc.addPrincipal("agent");
  return {
    kdc,
    service,
    options: (options: SectionOptions = {}) =>
      optionsFor(service.port, {
        server: "localhost,PORT",
        api: "adminservice",
        authentication: "Kerberos",
        username: "",
        password: "",
        keytab,
        cacert_file: identity.authority,
        ...mapAll(keys),
        ...options,
      }),
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      identity[Symbol.dispose]();
    },
  };
}

/** What the database gives of the same rows. */
async function fromDatabase(without: readonly string[], more: SectionOptions = {}) {
  const { answer } = makeSite({ rows: siteRows(count, 5), without });
  await using server = await startTdsServer({ answer });
  const run = await upload(optionsFor(server.port, { ...mapAll(keys), ...more }), [
    "--workers",
    "1",
  ]);
  return run.records;
}

slow("the records are those of the database, with paged classes and programs", async () => {
  await using site = await serve();
  const run = await upload(site.options(), ["--workers", "1"], undefined, { env: site.kdc.env });
  expect(run.section.error).toBeNull();
  expect(run.section.counts).toMatchObject({ fetched: count, sent: count });
  expect(run.records).toEqual(await fromDatabase([]));
  // 500 computers at a time: their ids in 7 pages, then two spans of 14 classes.
  const first = idOf(0);
  const spans = site.service.requests.filter((path) => path.includes("SMS_G_System_PC_BIOS"));
  expect(spans[0]).toContain(`ResourceID ge ${first} and ResourceID le ${first + 499}`);
  expect(new Set(spans.map((path) => /ge (\d+)/.exec(path)?.[1])).size).toBe(2);
}, timeoutMs);

slow(
  "classes that the site does not have leave their fields empty, and inactive clients can be left out",
  async () => {
    const without = ["SMS_G_System_ENCRYPTABLE_VOLUME", "SMS_G_System_ADD_REMOVE_PROGRAMS_64"];
    await using site = await serve({ without });
    const more = { active_only: "True" };
    const run = await upload(site.options(more), ["--workers", "1"], undefined, {
      env: site.kdc.env,
    });
    const views = ["v_GS_ENCRYPTABLE_VOLUME", "v_GS_ADD_REMOVE_PROGRAMS_64"];
    expect(run.records).toEqual(await fromDatabase(views, more));
    expect(run.stderr).toContain("SMS_G_System_ENCRYPTABLE_VOLUME is missing");
  },
  timeoutMs,
);

slow.each([
  ["an account without a role", { administrators: [] }, {}, "403", "Read-only Analyst"],
  [
    "a service that the domain does not have",
    {},
    { server_spn: "HTTP/other.example.test" },
    "not found in Kerberos database",
    "or set server_spn",
  ],
  [
    "a class that every site has",
    { without: ["SMS_G_System_DISK"] },
    {},
    "404",
    "it must be the SMS Provider",
  ],
])("%s is reported with what to do", async (_title, service, more, message, hint) => {
  await using site = await serve(service);
  const run = await upload(site.options(more), [], undefined, { env: site.kdc.env });
  expect(run.code).toBe(3);
  expect(run.section.error?.message).toContain(message);
  expect(run.section.error?.hint).toContain(hint);
  expect(run.section.error?.bug).toBe(false);
}, timeoutMs);

slow("a login by tickets is tied to the certificate of its connection", async () => {
  const other = makeIdentity("DNS:localhost");
  await using site = await serve({ expectedCertificate: other.cert });
  const run = await upload(site.options(), [], undefined, { env: site.kdc.env });
  other[Symbol.dispose]();
  expect(run.code).toBe(3);
  expect(run.section.error?.message).toContain("401");
  expect(run.section.error?.hint).toContain("nothing in between may decrypt it");
}, timeoutMs);

const account = { domain: "EXAMPLE", name: "svc-agent", password: "ntlm Canary pässwörd" };
const identity = makeIdentity("DNS:localhost");
afterAll(() => identity[Symbol.dispose]());

/** Reads a few computers by NTLM. */
async function readByNtlm(more: Partial<AdminServiceOptions>, options: SectionOptions = {}) {
  await using service = startAdminService({
    rows: siteRows(30, 3),
    identity,
    accounts: [account],
    schemes: ["Negotiate", "NTLM"],
    administrators: ["EXAMPLE\\svc-agent"],
    ...more,
  });
  const run = await upload(
    optionsFor(service.port, {
      server: "localhost,PORT",
      api: "adminservice",
      authentication: "Windows",
      username: `${account.domain}\\${account.name}`,
      password: account.password,
      cacert_file: identity.authority,
      ...mapAll(keys),
      ...options,
    }),
    ["--workers", "1", "--verbose"],
  );
  expect(run.stderr + JSON.stringify(run.section)).not.toContain("Canary");
  return { run, service };
}

test.each(
  [
    ["a login lasts as long as its connection", {}, "NTLM"],
    ["a server that offers Negotiate alone", { schemes: ["Negotiate"] }, "Negotiate"],
    ["a login that need not be tied to its connection", { hardening: "allowed" }, "NTLM"],
  ] as const,
)("NTLM: %s", async (_title, more, scheme) => {
  const { run, service } = await readByNtlm(more);
  expect(run.section.error).toBeNull();
  expect(run.records).toHaveLength(30);
  // As many connections as requests at once, and on each one login.
  expect(service.connections()).toBeLessThanOrEqual(4);
  expect(service.logins).toEqual(Array.from({ length: service.connections() }, () => scheme));
});

test("NTLM: a server that wants a login for each request gets one, without being asked first", async () => {
  const { run, service } = await readByNtlm({ isForgetful: true });
  expect(run.section.error).toBeNull();
  expect(run.records).toHaveLength(30);
  // Two messages for each class; each connection was asked without a login at most twice.
  const answered = service.logins.length;
  expect(service.requests.length).toBeLessThanOrEqual(answered * 2 + service.connections() * 2);
});

test("NTLM: a server that closes connections is logged in to again", async () => {
  const { run, service } = await readByNtlm({ mostAnswers: 3 });
  expect(run.section.error).toBeNull();
  expect(run.records).toHaveLength(30);
  expect(service.connections()).toBeGreaterThan(4);
});

test.each(
  [
    ["a wrong password", {}, { password: "Canary wrong" }, "401", "Check username and password"],
    ["an account without a role", { administrators: [] }, {}, "403", "Read-only Analyst"],
    ["a server that has no NTLM", { schemes: [] }, {}, "401", "Check username and password"],
    [
      "a certificate of nobody who is trusted",
      {},
      { cacert_file: "" },
      "certificate",
      "Name the certificate authority in cacert_file",
    ],
  ] as const,
)("NTLM: %s is reported with what to do", async (_title, more, options, message, hint) => {
  const { run } = await readByNtlm(more, options);
  expect(run.code).toBe(3);
  expect(run.section.error?.message).toContain(message);
  expect(run.section.error?.hint).toContain(hint);
  expect(run.section.error?.bug).toBe(false);
});

test("NTLM: somebody in between cannot use the login", async () => {
  const other = makeIdentity("DNS:localhost");
  const { run } = await readByNtlm({ expectedCertificate: other.cert });
  other[Symbol.dispose]();
  expect(run.section.error?.message).toContain("401");
  expect(run.section.error?.hint).toContain("nothing in between may decrypt it");
});

test("it takes no account of SQL Server", async () => {
  const run = await check(optionsFor(1, { api: "adminservice" }));
  expect(run.stdout + run.stderr).toContain(
    "api = adminservice needs authentication = Windows or Kerberos",
  );
});
