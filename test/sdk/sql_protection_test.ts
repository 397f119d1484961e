/**
 * Extended Protection: logins of Windows accounts are tied to the encrypted connection that they are made
 * over, or to the service where it is not encrypted, and a server that asks for it checks that.
 *
 * @module
 */
import { afterAll, expect, test } from "bun:test";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";
import { AuthError } from "../../src/base/errors.ts";
import type { SecurityContext } from "../../src/runtime/sspi.ts";
import { connectSql, type OpenContext, type SqlEndpoint } from "../../src/sdk/sql/connection.ts";
import { makeIdentity } from "../support/tds/certificate.ts";
import { proveAccount, startLogin } from "../support/tds/ntlm_client.ts";
import { startTdsServer, type TdsServerOptions } from "../support/tds/server.ts";

const identity = makeIdentity("DNS:localhost,IP:127.0.0.1");
afterAll(() => identity[Symbol.dispose]());
const { cert, key } = identity;
const tls = { cert, key };
const account = { domain: "EXAMPLE", name: "svc-agent", password: "ntlm Canary pässwörd" };
const named = {
  kind: "ntlm",
  domain: account.domain,
  user: account.name,
  password: account.password,
} as const;
const principals = ["MSSQLSvc/sql.example.com:1433"];
const required = { level: "required", principals } as const;

/** A Windows that somebody is logged on to, and that ties logins to the channel that it is told, or not. */
function windows(knowsBindings: boolean): OpenContext {
  return ({ binding }): SecurityContext => {
    let isComplete = false;
    return {
      next(answer) {
        if (answer === undefined) return startLogin();
        isComplete = true;
        return proveAccount(Buffer.from(answer), account, knowsBindings ? binding : undefined);
      },
      get isComplete() {
        return isComplete;
      },
      close: () => {},
    };
  };
}

function endpointOf(port: number, more: Partial<SqlEndpoint>): SqlEndpoint {
  return {
    address: { host: "localhost", port },
    database: "CM_DCT",
    login: named,
    encrypt: true,
    readOnly: true,
    multiSubnetFailover: true,
    serverSpn: "",
    tls: { verify: false },
    connectMs: 5000,
    silenceMs: 5000,
    signal: new AbortController().signal,
    ...more,
  };
}

/** Somebody in between with a certificate that is trusted, who reads along. */
async function startMiddle(to: number) {
  const protocols = { ALPNProtocols: ["tds/8.0"] };
  const server = createServer({ ...tls, ...protocols }, (client) => {
    const onward = connect({
      port: to,
      host: "127.0.0.1",
      rejectUnauthorized: false,
      ...protocols,
    });
    client.pipe(onward).pipe(client);
    for (const side of [client, onward]) side.on("error", () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.dispose]: () => void server.close(),
  };
}

interface Attempt {
  readonly server?: TdsServerOptions;
  readonly endpoint?: Partial<SqlEndpoint>;
  readonly knowsBindings?: boolean;
  /** Whether somebody in between decrypts the connection. */
  readonly isWatched?: boolean;
}

/** Logs in once; the error is what a refused login ends with. */
async function attempt(
  { server: options, endpoint, knowsBindings = true, isWatched = false }: Attempt,
) {
  await using server = await startTdsServer({
    ntlmAccounts: [account],
    protection: required,
    tls,
    ...options,
  });
  using middle = isWatched ? await startMiddle(server.port) : undefined;
  const reached = endpointOf(middle?.port ?? server.port, endpoint ?? {});
  let error: unknown;
  try {
    (await connectSql(reached, windows(knowsBindings))).close();
  } catch (thrown) {
    error = thrown;
  }
  expect(server.errors).toEqual([]);
  return { users: server.logins.map(({ user }) => user), error };
}

const authority = await Bun.file(identity.authority).text();
const strict = { encrypt: "strict", tls: { verify: true, ca: [authority] } } as const;

test.each(
  [
    ["a name and a password", {}],
    ["a name and a password, strict", { endpoint: strict }],
    ["the account that runs the agent", { endpoint: { login: { kind: "process" } } }],
    ["that account, strict", { endpoint: { ...strict, login: { kind: "process" } } }],
  ] satisfies [string, Attempt][],
)("%s: the login is tied to the encrypted connection", async (_title, how) => {
  const { users, error } = await attempt(how);
  expect(error).toBeUndefined();
  expect(users).toEqual(["EXAMPLE\\svc-agent"]);
});

test("a login that is not tied to the connection is refused where that is required only", async () => {
  const how = { endpoint: { login: { kind: "process" } }, knowsBindings: false } as const;
  const { users, error } = await attempt(how);
  expect(users).toEqual([]);
  expect(error).toBeInstanceOf(AuthError);
  expect(String(error)).toContain("[18452]");
  const protection = { level: "allowed", principals } as const;
  expect((await attempt({ ...how, server: { protection } })).users).toHaveLength(1);
});

test.each(["required", "allowed"] as const)(
  "somebody in between who decrypts the connection cannot use the login: %p",
  async (level) => {
    const server = { protection: { level, principals } };
    const watched = await attempt({ server, endpoint: strict, isWatched: true });
    expect(watched.users).toEqual([]);
    expect((watched.error as AuthError).hint).toContain("decrypts the connection");
  },
);

test("without Extended Protection, a login through somebody in between is taken", async () => {
  const server = { protection: { level: "off" } } as const;
  const { users } = await attempt({ server, endpoint: strict, isWatched: true });
  expect(users).toHaveLength(1);
});

test("with TLS 1.3 there is nothing to tie a login to, and the hint names it", async () => {
  const endpoint = { ...strict, tls: { ...strict.tls, minVersion: 0x0304 } };
  const { users, error } = await attempt({ endpoint });
  expect(users).toEqual([]);
  expect((error as AuthError).hint).toContain("ssl_protocol = tls1.3");
  const server = { protection: { level: "allowed" } } as const;
  expect((await attempt({ endpoint, server })).users).toHaveLength(1);
});

test("unencrypted, the login is tied to the name of the service", async () => {
  const server = { encrypt: "none" } as const;
  const [serverSpn = ""] = principals;
  const known = await attempt({ server, endpoint: { encrypt: false, serverSpn } });
  expect(known.users).toHaveLength(1);
  const other = { encrypt: false, serverSpn: "MSSQLSvc/other.example.com:1433" };
  const { users, error } = await attempt({ server, endpoint: other });
  expect(users).toEqual([]);
  expect((error as AuthError).hint).toContain("needs encrypt = True");
});
