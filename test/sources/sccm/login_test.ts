/**
 * Logging in to SQL Server: encryption, accounts of SQL Server and of Windows, addresses, refusals.
 *
 * @module
 */
import { afterAll, describe, expect, test } from "bun:test";
import { createSocket } from "node:dgram";
import { slow } from "../../support/slow.ts";
import { makeIdentity } from "../../support/tds/certificate.ts";
import { startTdsServer, type TdsServer, type TdsServerOptions } from "../../support/tds/server.ts";
import { siteRows } from "./computers.ts";
import { check, optionsFor, type SectionOptions, upload } from "./sccm_run.ts";
import { makeSite } from "./site_database.ts";

const identity = makeIdentity("DNS:localhost,IP:127.0.0.1");
afterAll(() => identity[Symbol.dispose]());
const { cert, key, authority } = identity;
const tls = { cert, key };
const trust = { encrypt: "True", cacert_file: authority };
const service = { domain: "EXAMPLE", name: "svc-agent", password: "ntlm Canary pässwörd" };
const windows = {
  authentication: "Windows",
  username: `${service.domain}\\${service.name}`,
  password: service.password,
};

async function serve(options: TdsServerOptions = {}): Promise<TdsServer> {
  const { answer } = makeSite({ rows: siteRows(3, 2) });
  return await startTdsServer({ answer, ntlmAccounts: [service], ...options });
}

async function attempt(options: TdsServerOptions, more: SectionOptions) {
  await using server = await serve(options);
  const run = await upload(optionsFor(server.port, more), ["--verbose"]);
  expect(server.errors).toEqual([]);
  expect(run.stderr + JSON.stringify(run.section)).not.toContain("Canary");
  return { run, logins: server.logins };
}

describe("encryption", () => {
  test.each(
    [
      ["everything", { tls }, trust, true],
      ["everything, by name", { tls }, { ...trust, server: "localhost,PORT" }, true],
      ["insisted on by the server", { tls, encrypt: "required" }, trust, true],
      ["unchecked", { tls }, { encrypt: "True", verify_ssl: "False" }, true],
      ["from the first byte, strict", { tls }, { ...trust, encrypt: "Strict" }, true],
      ["strict, TLS 1.3", { tls }, { ...trust, encrypt: "strict", ssl_protocol: "tls1.3" }, true],
      ["off", { tls }, { encrypt: "False" }, false],
      ["off, with a server that has none", {}, { encrypt: "no" }, false],
    ] as const,
  )("%s", async (_title, options, more, encrypted) => {
    const { run, logins } = await attempt(options, more);
    expect(run.section.error).toBeNull();
    expect(run.records).toHaveLength(3);
    expect(logins).toHaveLength(2);
    for (const login of logins) {
      expect(login).toMatchObject({ encrypted, encryptedLogin: encrypted, user: "reader" });
    }
  });

  test.each(
    [
      [
        "an authority that nobody trusts",
        { tls },
        { encrypt: "True" },
        "certificate",
        "cacert_file",
      ],
      ["the same with strict", { tls }, { encrypt: "strict" }, "certificate", "cacert_file"],
      [
        "a server without encryption",
        {},
        { encrypt: "True" },
        "the server does not support encryption",
        "encrypt = False",
      ],
      [
        "a server that insists on it",
        { tls, encrypt: "required" },
        { encrypt: "False" },
        "requires encryption",
        "set encrypt = True",
      ],
      [
        "TLS 1.3 where there is none",
        { tls },
        { ...trust, ssl_protocol: "tls1.3" },
        "needs encrypt = strict",
        "TLS 1.2 only",
      ],
      [
        "TLS 1.3 with a server that has 1.2, strict",
        { tls: { ...tls, maxVersion: "TLSv1.2" } },
        { ...trust, encrypt: "strict", ssl_protocol: "tls1.3" },
        "Cannot connect",
        "ssl_protocol",
      ],
      [
        "strict without a check",
        { tls },
        { ...trust, encrypt: "strict", verify_ssl: "False" },
        "always checks",
        "cacert_file",
      ],
      [
        "strict with a server that does not know it",
        {},
        { ...trust, encrypt: "strict" },
        "Cannot connect",
        "strict needs SQL Server 2022",
      ],
    ] as const,
  )("%s is reported, and nobody logs in", async (_title, options, more, message, hint) => {
    const { run, logins } = await attempt(options, more);
    expect(run.code).toBe(3);
    expect(run.section.error?.message).toContain(message);
    expect(run.section.error?.hint).toContain(hint);
    expect(run.section.error?.bug).toBe(false);
    expect(logins).toEqual([]);
  });

  test.each([
    ["name", "localhost,PORT", "True"],
    ["address", "127.0.0.1,PORT", "True"],
    ["name, strict", "localhost,PORT", "strict"],
    ["address, strict", "127.0.0.1,PORT", "strict"],
  ])("a certificate for another %s is reported as that", async (_title, server, encrypt) => {
    using other = makeIdentity("DNS:sql.example.org,IP:127.0.0.2");
    const more = { server, encrypt, cacert_file: other.authority };
    const { run, logins } = await attempt({ tls: { cert: other.cert, key: other.key } }, more);
    expect(run.section.error?.hint).toContain("certificate is for another name");
    expect(logins).toEqual([]);
  });

  test("an authority that nobody trusts, by name", async () => {
    const { run } = await attempt({ tls }, { server: "localhost,PORT", encrypt: "True" });
    expect(run.section.error?.hint).toContain("cacert_file");
  });
});

describe("Windows accounts", () => {
  test.each([
    ["in the clear", {}, {}],
    ["encrypted", { tls }, trust],
    ["in small letters", {}, { username: "example\\SVC-agent" }],
  ])("a named account logs in by NTLM, %s", async (_title, options, more) => {
    const { run, logins } = await attempt(options, { ...windows, ...more });
    expect(run.section.error).toBeNull();
    expect(run.records).toHaveLength(3);
    expect(logins[0]).toMatchObject({ user: "EXAMPLE\\svc-agent" });
    expect(logins[0]?.login).toMatchObject({ integrated: true, userName: "", password: "" });
  });

  test.each([
    ["a wrong password", { password: "wrong-Canary" }],
    ["an unknown account", { username: "EXAMPLE\\nobody" }],
    ["another domain", { username: "OTHER\\svc-agent" }],
  ])("%s is reported with what to look at", async (_title, more) => {
    const { run, logins } = await attempt({}, { ...windows, ...more });
    expect(run.code).toBe(3);
    expect(run.section.error?.message).toContain("[18452]");
    expect(run.section.error?.hint).toContain("Check username (DOMAIN\\name) and password");
    expect(logins).toEqual([]);
  });

  test("without an account, only Windows can log in; here it is reported what to use", async () => {
    const bare = { ...optionsFor(1433), authentication: "Windows" };
    for (const username of ["", "change-me"]) {
      const run = await check({ ...bare, username, password: "" });
      expect(run.code).toBe(1);
      expect(run.stdout + run.stderr).toContain(
        "authentication = Windows needs username = DOMAIN\\name and password here",
      );
    }
  });
});

describe("refusals", () => {
  test.each([
    ["a wrong password", { password: "wrong-Canary" }, "[18456]", "Check username, password"],
    ["an unknown account", { username: "nobody" }, "for user 'nobody'. [18456]", "Check username"],
    [
      "an unknown database",
      { database: "CM_XYZ" },
      'Cannot open database "CM_XYZ"',
      "USE [CM_XYZ]; CREATE USER [reader] FOR LOGIN [reader];",
    ],
  ])("%s is reported with what to do, by check too", async (_title, more, message, hint) => {
    await using server = await serve();
    const run = await upload(optionsFor(server.port, more), ["--verbose"]);
    expect(run.code).toBe(3);
    expect(run.records).toEqual([]);
    expect(run.section.error?.message).toContain(message);
    expect(run.section.error?.hint).toContain(hint);
    expect(run.stderr + JSON.stringify(run.section)).not.toContain("Canary");
    const tried = await check(optionsFor(server.port, more));
    expect(tried.code).toBe(3);
    expect(tried.stdout).toContain("FAILED [sccm]");
    expect(tried.stdout).toContain(hint);
  });

  test("right credentials pass check, which asks for no row", async () => {
    await using server = await serve();
    const run = await check(optionsFor(server.port));
    expect(run.stdout).toContain("ok     [sccm] SCCM can be read");
    expect(run.code).toBe(0);
    expect(server.queries.filter(({ sql }) => sql.includes("1 = 0"))).toHaveLength(2);
  });

  test.each([
    [{ number: 18486, text: "Login failed: the account is locked." }, "UNLOCK"],
    [{ number: 18488, text: "Login failed: the password must be changed." }, "new password"],
    [{ number: 18470, text: "Login failed: the account is disabled." }, "ENABLE"],
  ])("an account that must be fixed first is reported: $number", async (refusal, hint) => {
    const { run } = await attempt({ refuse: () => refusal }, {});
    expect(run.section.error?.message).toContain(`[${refusal.number}]`);
    expect(run.section.error?.hint).toContain(hint);
  });

  test("a server that is shutting down is worth another try", async () => {
    const refuse = () => ({ number: 18451, text: "Login failed. The server is shutting down." });
    const { run } = await attempt({ refuse }, {});
    expect(run.section.error?.message).toContain("[18451]");
    expect(run.section.error?.hint).toContain("Try again later");
  });
});

describe("addresses", () => {
  test("a server that sends the reader on to a readable copy", async () => {
    await using copy = await serve({ tls });
    const route = () => ({ host: "localhost", port: copy.port });
    await using front = await serve({ tls, route });
    const run = await upload(optionsFor(front.port, trust));
    expect(run.section.error).toBeNull();
    expect(run.records).toHaveLength(3);
    expect(front.queries).toEqual([]);
    expect(copy.logins).toHaveLength(2);
  });

  test("a named instance: its port is asked for", async () => {
    await using server = await serve();
    const browser = createSocket("udp4");
    const questions: string[] = [];
    browser.on("message", (question, { address, port }) => {
      questions.push(question.toString("latin1"));
      const text =
        `ServerName;X;InstanceName;SITE;IsClustered;No;Version;16.0.1000.6;tcp;${server.port};;`;
      const size = Buffer.alloc(2);
      size.writeUInt16LE(text.length);
      browser.send(Buffer.concat([Buffer.of(5), size, Buffer.from(text)]), port, address);
    });
    await new Promise<void>((resolve, reject) => {
      browser.once("error", reject).bind(1434, "127.0.0.1", resolve);
    });
    try {
      const run = await upload(optionsFor(0, { server: "127.0.0.1\\site" }));
      expect(run.section.error).toBeNull();
      expect(run.records).toHaveLength(3);
      expect(questions).toEqual(["\x04site\0", "\x04site\0"]);
      const other = await upload(optionsFor(0, { server: "127.0.0.1\\other" }));
      expect(other.section.error?.message).toContain("Cannot find the instance other");
    } finally {
      browser.close();
    }
  });

  slow.each([
    [{ server: "127.0.0.1,1" }, "Cannot connect to SQL Server 127.0.0.1,1", "Check server"],
    [{ server: "no-such-host.invalid" }, "no-such-host.invalid", "Check "],
    [{ server: "127.0.0.1\\GONE" }, "the SQL Server Browser does not answer", "host,port"],
  ])("nobody there: %p", async (more, message, hint) => {
    const run = await upload(optionsFor(1, more));
    expect(run.code).toBe(3);
    expect(run.section.error?.message).toContain(message);
    expect(run.section.error?.hint).toContain(hint);
  });

  test.each([
    ["server = np:host", "np: is not supported"],
    ["server = host,port", "is not a server name"],
    ["server = https://host", "is not a server name"],
    ["server = host,99999", "which is not between 1 and 65535"],
    ["encrypt = perhaps", "is neither a boolean nor strict"],
    ["authentication = NTLM", "authentication"],
    ["username =", "authentication = SQL Server needs username"],
    ["password =", "authentication = SQL Server needs password"],
    ["cacert_file = /no/such/file.pem", "Cannot read cacert_file /no/such/file.pem"],
  ])("a mistake in the section is reported: %s", async (line, message) => {
    const [name = "", value = ""] = line.split(/ =\s?/);
    const run = await check({ ...optionsFor(1433), [name]: value });
    expect(run.stdout + run.stderr).toContain(message);
    expect(run.code).toBeGreaterThan(0);
  });

  test("options of older files change nothing", async () => {
    const { run } = await attempt({}, { driver: "ODBC Driver 17 for SQL Server" });
    expect(run.records).toHaveLength(3);
    expect(run.stderr).not.toContain("driver");
  });
});
