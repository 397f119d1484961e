/**
 * Tokens and leases of Vault during a long run: renewed, replaced, given back.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { slow } from "../support/slow.ts";
import { tagsOnly, workspace } from "../support/workspace.ts";
import {
  approle,
  rootToken,
  startVault,
  type VaultOptions,
  type VaultServer,
} from "./vault_server.ts";

/** An instance that answers an upload only when something has happened. */
function startWaitingInstance(isTime: () => boolean) {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 60,
    async fetch(request) {
      while (request.url.includes("/bulk") && !isTime()) await Bun.sleep(20);
      return Response.json(request.url.includes("request_token") ? { token: "Canary-t" } : {});
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

function count(vault: VaultServer, path: string): number {
  return vault.calls.filter((call) => call.path === path).length;
}

/** Uploads with credentials that Vault makes for a while, until something has happened at Vault. */
async function longUpload(
  options: VaultOptions,
  login: string,
  isTime: (vault: VaultServer) => boolean,
) {
  const vault = startVault(options);
  await using _vault = vault;
  await using instance = startWaitingInstance(() => isTime(vault));
  using space = workspace();
  space.write("assets.csv", "tag\nA1\n");
  space.write(
    "config.ini",
    [
      "[oomnitza]",
      `url = ${instance.url}`,
      "username = ${vault:database/creds/reader#username}",
      "password = ${vault:database/creds/reader#password}",
      tagsOnly,
      "[vault]",
      `url = ${vault.url}`,
      login,
      "",
    ].join("\n"),
  );
  const run = await space.agent(["upload", "csv_assets", "--verbose"]);
  expect(run.code).toBe(0);
  expect(run.stdout + run.stderr).not.toContain("Canary");
  return { vault, run };
}

const asRole = `auth = approle\nrole_id = ${approle.role_id}\nsecret_id = ${approle.secret_id}`;

slow("a token and a lease are renewed while a run goes on, and end with it", async () => {
  const { vault } = await longUpload(
    { tokenSeconds: 1, leaseSeconds: 1 },
    asRole,
    (server) =>
      count(server, "/v1/auth/token/renew-self") > 1 && count(server, "/v1/sys/leases/renew") > 1,
  );
  expect(vault.handedOut).toHaveLength(1);
  expect(vault.revoked).toEqual([...vault.handedOut]);
  // A user and its password belong together.
  expect(count(vault, "/v1/database/creds/reader")).toBe(1);
});

slow("a token that has reached its greatest age is replaced by a new login", async () => {
  for (const options of [{ renewals: 1 }, { renewable: false }]) {
    const { vault } = await longUpload(
      { tokenSeconds: 1, ...options },
      asRole,
      (server) => server.handedOut.length > 2,
    );
    expect(vault.revoked).toEqual(vault.handedOut.slice(-1));
  }
});

test("a lease taken with a given token is given back, and the token is not", async () => {
  const { vault } = await longUpload({}, `token = ${rootToken}`, () => true);
  expect(vault.revoked).toEqual(["database/creds/reader/1"]);
});
