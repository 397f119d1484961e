/**
 * Signing in to MobileIron Cloud by token and by client certificate.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { check, uploadAll, type VendorUnderTest } from "../../support/conformance.ts";
import { makeIdentity } from "../../support/tds/certificate.ts";
import type { VendorCall } from "../../support/vendor.ts";
import { workspace } from "../../support/workspace.ts";
import {
  account,
  client,
  type CloudOptions,
  devices,
  startCloud,
  startTokens,
} from "./cloud_server.ts";

const partitions = [{ id: 11, name: "Drivers", devices: devices(600) }];

function start(login: string, options: Partial<CloudOptions>): VendorUnderTest {
  const vendor = startCloud({ partitions, ...options });
  return {
    vendor,
    section: "mobileiron",
    options: `url = ${vendor.url}\npartitions = All\nsync_field = SERIAL\n` +
      `mapping.SERIAL = {"source": "serialNumber"}\n${login}`,
    wrongOptions: "",
    keys: devices(600).map(({ serialNumber }) => `${serialNumber}`),
    keyField: "SERIAL",
    secrets: [client.secret],
  };
}

/** A client of a token server, as options. */
function clientLogin(url: string, more = `scope = ${client.scope}\n`): string {
  return `client_id = ${client.id}\nclient_secret = ${client.secret}\n` +
    `token_url = ${url}/11111111-1111-1111-1111-59115d65c3e7/connect/token\n${more}`;
}

const isDevices = ({ path }: VendorCall) => path === "/api/v1/device";

test("a client gets a token, and another when it ends, and no secret goes astray", async () => {
  const tokens = new Set<string>();
  await using server = startTokens(tokens);
  const space = start(clientLogin(server.url), { tokens });
  await using vendor = space.vendor;
  vendor.fail({
    on: (call) => isDevices(call) && call.query.get("start") === "500",
    times: 1,
    answer: () => {
      tokens.clear();
      tokens.add("placeholder");
      return new Response("", { status: 401 });
    },
  });
  const run = await uploadAll(space, ["--workers", "1", "--verbose"]);
  expect(run.code).toBe(0);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([...space.keys]);
  expect(server.calls).toHaveLength(2);
  for (const secret of [client.secret, "Ivanti-Access-Canary"]) {
    expect(run.stdout + run.stderr).not.toContain(secret);
  }
});

test("a client that is refused, and a scope that is missing, are reported with the options", async () => {
  const tokens = new Set<string>();
  await using server = startTokens(tokens);
  const wrong = clientLogin(server.url).replace(client.secret, "wrong");
  for (
    const [login, error] of [
      [wrong, "invalid_client"],
      [clientLogin(server.url, ""), "invalid_scope"],
    ] as const
  ) {
    const space = start(login, { tokens });
    await using _vendor = space.vendor;
    const run = await check(space);
    expect(run.code).toBe(3);
    expect(run.stdout).toContain(error);
    expect(run.stdout).toContain("Check client_id, client_secret and token_url");
  }
});

test("a token that exists already is used as it is", async () => {
  const space = start("api_token = given-token-Canary\n", {
    tokens: new Set(["given-token-Canary"]),
  });
  await using _vendor = space.vendor;
  expect((await uploadAll(space)).records).toHaveLength(600);
});

test("with multi-factor authentication, a name and password are refused", async () => {
  const login = `username = ${account.username}\npassword = ${account.password}\n`;
  const space = start(login, { tokens: new Set() });
  await using _vendor = space.vendor;
  const run = await check(space);
  expect(run.code).toBe(3);
  expect(run.stdout).toContain("password");
});

test("a client certificate signs in, alone and beside a name and password", async () => {
  using identity = makeIdentity("IP:127.0.0.1");
  using files = workspace();
  const own = files.write("own.pem", identity.cert + identity.key);
  const ca = readFileSync(identity.authority, "utf8");
  const trust = `cacert_file = ${identity.authority}\n`;
  const named = `username = ${account.username}\npassword = ${account.password}\n`;
  for (const [login, passwordless] of [["", true], [named, false]] as const) {
    const tls = { cert: identity.cert, key: identity.key, ca };
    const space = start(`${login}${trust}user_pem_file = ${own}\n`, { passwordless, tls });
    await using _vendor = space.vendor;
    expect((await uploadAll(space)).records).toHaveLength(600);
    const without = space.options.replace(/user_pem_file.*/, "");
    if (!passwordless) expect((await check(space, without)).code).not.toBe(0);
  }
});
