/**
 * Logins that the operating system vouches for: which server each is for, and how it ends. In place of
 * Windows stands a client of NTLM that notes what it is asked for.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { AuthError } from "../../src/base/errors.ts";
import { type SecurityContext, SspiError } from "../../src/runtime/sspi.ts";
import { connectSql, type OpenContext, type SqlEndpoint } from "../../src/sdk/sql/connection.ts";
import { sqlRows } from "../../src/sdk/sql/rows.ts";
import { proveAccount, startLogin } from "../support/tds/ntlm_client.ts";
import { columnsOf } from "../support/tds/reader.ts";
import { startTdsServer, type TdsServerOptions } from "../support/tds/server.ts";

const account = { domain: "EXAMPLE", name: "svc-agent", password: "ntlm Canary pässwörd" };
const invalidToken = 0x80090308;

/** A Windows that somebody is logged on to; the last token must be `proof`. */
function makeWindows(proof?: Buffer) {
  const targets: string[] = [];
  let open = 0;
  const openContext: OpenContext = ({ target }): SecurityContext => {
    targets.push(target);
    open++;
    let step = 0;
    return {
      next(answer) {
        step++;
        if (step === 1 && answer === undefined) return startLogin();
        if (step === 2 && answer !== undefined) return proveAccount(Buffer.from(answer), account);
        // As InitializeSecurityContextW does with a context that is complete, or a wrong answer.
        const isGood = step === 3 && answer !== undefined && proof?.equals(answer);
        if (!isGood) throw new SspiError("Windows does not accept the answer", invalidToken);
        return Buffer.alloc(0);
      },
      get isComplete() {
        return step === (proof === undefined ? 2 : 3);
      },
      close: () => void open--,
    };
  };
  return { openContext, targets, open: () => open };
}

function endpointOf(port: number, more: Partial<SqlEndpoint> = {}): SqlEndpoint {
  return {
    address: { host: "127.0.0.1", port },
    database: "CM_DCT",
    login: { kind: "process" },
    encrypt: false,
    readOnly: true,
    multiSubnetFailover: true,
    serverSpn: "",
    tls: { verify: true },
    connectMs: 5000,
    silenceMs: 5000,
    signal: new AbortController().signal,
    ...more,
  };
}

const one = () => ({ columns: columnsOf({ n: "int" }), rows: [[1], [2], [3]] });

async function serve(options: TdsServerOptions = {}) {
  return await startTdsServer({ ntlmAccounts: [account], tables: { one }, ...options });
}

test.each([["", undefined], [
  "MSSQLSvc/listener.example.com:1433",
  "MSSQLSvc/listener.example.com:1433",
]])(
  "behind a listener each server gets a login of its own, for its own name (server_spn %p)",
  async (serverSpn, first) => {
    await using copy = await serve();
    await using listener = await serve({ route: () => ({ host: "localhost", port: copy.port }) });
    const windows = makeWindows();
    const endpoint = endpointOf(listener.port, { serverSpn });
    const connection = await connectSql(endpoint, windows.openContext);
    const rows = await Array.fromAsync(sqlRows(connection, "select * from one"));
    connection.close();
    expect(rows).toHaveLength(3);
    expect(windows.targets).toEqual([
      first ?? `MSSQLSvc/127.0.0.1:${listener.port}`,
      `MSSQLSvc/localhost:${copy.port}`,
    ]);
    expect(copy.logins.map(({ user }) => user)).toEqual(["EXAMPLE\\svc-agent"]);
    expect(copy.logins[0]?.login.serverName).toBe("localhost");
    expect(listener.queries).toEqual([]);
    expect(windows.open()).toBe(0);
    expect([...listener.errors, ...copy.errors]).toEqual([]);
  },
);

test("the server's last token is checked, and a wrong one ends the login", async () => {
  const proof = Buffer.from("the server's proof");
  await using server = await serve({ lastToken: proof });
  const windows = makeWindows(proof);
  const connection = await connectSql(endpointOf(server.port), windows.openContext);
  connection.close();
  expect(windows.open()).toBe(0);

  await using impostor = await serve({ lastToken: Buffer.from("another proof") });
  const refused = connectSql(endpointOf(impostor.port), makeWindows(proof).openContext);
  const error = await refused.then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AuthError);
  expect(String(error)).toContain("[0x80090308]");
});

test.each([true, false])(
  "all addresses of a name are tried at once: %p",
  async (multiSubnetFailover) => {
    await using server = await serve();
    const more = { multiSubnetFailover, address: { host: "localhost", port: server.port } };
    const connection = await connectSql(endpointOf(server.port, more), makeWindows().openContext);
    expect(connection.driver.config.options.multiSubnetFailover).toBe(multiSubnetFailover);
    connection.close();
  },
);

test("what Windows refuses is answered by what to do about it", async () => {
  await using server = await serve();
  const hints = [
    [0x80090322, "setspn -Q MSSQLSvc/127.0.0.1:"],
    [0x80090311, "domain controller"],
    [0x80090324, "w32tm"],
    [0x80090346, "Extended Protection"],
    [0x8009030e, "name one: username = DOMAIN\\name and password"],
  ] as const;
  for (const [status, hint] of hints) {
    const refuse: OpenContext = () => {
      throw new SspiError("Windows returns no token", status);
    };
    const attempt = connectSql(endpointOf(server.port), refuse);
    const error = await attempt.then(() => undefined, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AuthError);
    expect((error as AuthError).hint).toContain(hint);
  }
});

test("a refused login as the running account says what Windows' logins need", async () => {
  await using server = await serve({ ntlmAccounts: [{ ...account, password: "another" }] });
  const attempt = connectSql(endpointOf(server.port), makeWindows().openContext);
  const error = await attempt.then(() => undefined, (thrown: unknown) => thrown);
  expect(String(error)).toContain("[18452]");
  const { hint } = error as AuthError;
  for (const word of ["setspn -Q", "server_spn", "NTLM", "Extended Protection"]) {
    expect(hint).toContain(word);
  }
  expect(hint).not.toContain("password");
});
