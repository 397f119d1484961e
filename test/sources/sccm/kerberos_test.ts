/**
 * Logging in to SQL Server by Kerberos from any system: with the keys of a keytab, a real KDC, and a
 * server that has its tickets checked by MIT Kerberos.
 *
 * @module
 */
import { afterAll, expect } from "bun:test";
import { type Kdc, realm, startKdc } from "../../support/kdc.ts";
import { openAcceptor } from "../../support/gss_acceptor.ts";
import { slow } from "../../support/slow.ts";
import { makeIdentity } from "../../support/tds/certificate.ts";
import { startTdsServer } from "../../support/tds/server.ts";
import { askTsqlByKerberos } from "../../support/tds/tsql_kerberos.ts";
import { hardwareOf, siteRows } from "./computers.ts";
import { mapAll, optionsFor, type SectionOptions, upload } from "./sccm_run.ts";
import { makeSite } from "./site_database.ts";

const timeoutMs = 600_000;
const keys = Object.keys(hardwareOf(0));
let started: Promise<Kdc> | undefined;
afterAll(async () => (await started)?.[Symbol.asyncDispose]());

/** A server whose service is known to the KDC, and who may log in there. */
async function serve(expected: (binding?: Uint8Array) => Uint8Array | undefined = () => undefined) {
  const kdc = await (started ??= startKdc());
  const { answer } = makeSite({ rows: siteRows(300, 2) });
  const identity = makeIdentity("DNS:localhost");
  // Its name has the port, which is known once the server listens.
  const service: { accept?: ReturnType<typeof openAcceptor> } = {};
  const server = await startTdsServer({
    answer,
    tls: { cert: identity.cert, key: identity.key },
    // What a login is tied to is compared only where the service says what it expects.
    kerberos: (token, binding) =>
      service.accept?.(token, expected(binding)) ??
        { user: undefined, answer: Buffer.alloc(0) },
  });
  const { port } = server;
  service.accept = openAcceptor(kdc.addPrincipal(`MSSQLSvc/localhost:${port}`));
  const keytab = kdc.addPrincipal("agent");
  return {
    kdc,
    server,
    keytab,
    options: (more: SectionOptions = {}) =>
      optionsFor(port, {
        server: "localhost,PORT",
        authentication: "Kerberos",
        username: "",
        password: "",
        keytab,
        encrypt: "True",
        cacert_file: identity.authority,
        ...mapAll(keys),
        ...more,
      }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      identity[Symbol.dispose]();
    },
  };
}

slow(
  "computers arrive by keytab, over an encrypted connection that the login is tied to",
  async () => {
    await using site = await serve((binding) => binding);
    const run = await upload(site.options(), ["--workers", "1"], undefined, { env: site.kdc.env });
    expect(run.section.error).toBeNull();
    expect(run.section.counts).toMatchObject({ fetched: 300, sent: 300 });
    expect(site.server.errors).toEqual([]);
    expect(site.server.logins.map(({ user, encrypted }) => [user, encrypted])).toEqual(
      // One for the computers and one for their programs.
      [[`agent@${realm}`, true], [`agent@${realm}`, true]],
    );
  },
  timeoutMs,
);

slow("somebody in between cannot use the login: it is tied to another connection", async () => {
  await using site = await serve(() => Buffer.from("tls-unique:another connection"));
  const run = await upload(site.options(), [], undefined, { env: site.kdc.env });
  expect(run.section.error?.message).toContain("[18452]");
  expect(run.section.error?.hint).toContain("Extended Protection");
  expect(site.server.logins).toEqual([]);
}, timeoutMs);

slow("FreeTDS logs in by Kerberos too, and sees the same computers", async () => {
  await using site = await serve();
  const sql = "SELECT ResourceID, Name0 FROM dbo.v_GS_COMPUTER_SYSTEM ORDER BY ResourceID";
  const asked = { keytab: site.keytab, principal: "agent", port: site.server.port };
  const [, ...rows] = await askTsqlByKerberos(site.kdc, asked, sql);
  const run = await upload(site.options(), ["--workers", "1"], undefined, { env: site.kdc.env });
  expect(run.records.map(({ COMPUTER_NAME }) => COMPUTER_NAME)).toEqual(
    rows.map(([, name]) => name),
  );
  expect(site.server.logins[0]?.user).toBe(`agent@${realm}`);
}, timeoutMs);

slow.each([
  [
    "a service that the domain does not have",
    { server_spn: "MSSQLSvc/other.example.test:1433" },
    "not found in Kerberos database",
    "or set server_spn",
  ],
  ["a keytab without keys of the account", { principal: "other" }, "no keys of other", "principal"],
  ["no tickets", { keytab: "", ccache: "FILE:/nowhere/t" }, "as the account that", "Set keytab"],
])("%s is reported with what to do", async (_title, more, message, hint) => {
  await using site = await serve();
  const run = await upload(site.options(more), [], undefined, { env: site.kdc.env });
  expect(run.code).toBe(3);
  expect(run.section.error?.message).toContain(message);
  expect(run.section.error?.hint).toContain(hint);
  expect(run.section.error?.bug).toBe(false);
}, timeoutMs);
