/**
 * The keyring of the operating system, a real one: `agent secret`, `${keyring:…}` and `vault_keys` as the
 * Python connector had them; and what is reported where there is none.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { binaryPath } from "../support/binary.ts";
import { needKeyring, openKeyring } from "../support/keyring.ts";
import { record } from "../support/recorder.ts";
import { tagsOnly, workspace } from "../support/workspace.ts";
import { startConjur } from "./conjur_server.ts";
import { iniWith, uploadWith } from "./section.ts";
import { rootToken, startVault } from "./vault_server.ts";
import { slow } from "../support/slow.ts";

needKeyring();
const binary = await binaryPath();
const token = "Canary of the keyring: ü$";

slow(
  "a secret is stored from a pipe, used by reference and by vault_keys, listed and forgotten",
  async () => {
    await using ring = await openKeyring();
    const { env } = ring;
    await using instance = record();
    using space = workspace();
    space.write("assets.csv", "tag\nA1\n");
    const set = await space.agent(["secret", "set", "oomnitza", "api_token"], {
      env,
      input: `${token}\n`,
    });
    expect(set.code).toBe(0);
    expect(set.stdout + set.stderr).not.toContain("Canary");
    const ways = [
      "api_token = ${keyring:api_token}",
      "api_token = ${keyring:oomnitza/api_token}",
      "vault_keys = api_token",
      "api_token = placeholder\nvault_keys = api_token\nvault_alias = nowhere\nvault_backend = keyring",
    ];
    for (const way of ways) {
      space.write("config.ini", `[oomnitza]\nurl = ${instance.url}\n${way}\n\n${tagsOnly}`);
      const run = await space.agent(["upload", "csv_assets", "--verbose"], { env });
      expect(run.code).toBe(0);
      expect(run.stdout + run.stderr).not.toContain("Canary");
      expect(instance.requests.at(-1)?.headers.get("authorization2")).toBe(token);
    }
    space.write("config.ini", iniWith(instance, "x", `${tagsOnly}vault_keys = sync_field\n`));
    const list = await space.agent(["secret", "list"], { env });
    expect(list.code).toBe(3);
    expect(list.stdout).toMatch(/oomnitza +api_token +yes/);
    expect(list.stdout).toMatch(/csv_assets +sync_field +missing/);
    expect(list.stdout).not.toContain("Canary");
    const get = await space.agent(["secret", "get", "oomnitza", "api_token"], { env });
    expect(get.stdout).toBe(`${token}\n`);
    expect((await space.agent(["secret", "delete", "oomnitza", "api_token"], { env })).code).toBe(
      0,
    );
    const again = await space.agent(["secret", "delete", "oomnitza", "api_token"], { env });
    expect(again.code).toBe(2);
    expect(again.stderr).toContain("The keyring has no api_token of [oomnitza]");
  },
  120_000,
);

test("on a terminal nothing of the secret is shown", async () => {
  await using ring = await openKeyring();
  const shown = spawnSync("script", ["-qefc", `${binary} secret set okta api_token`, "/dev/null"], {
    env: { PATH: process.env.PATH, TERM: "xterm", ...ring.env },
    encoding: "utf8",
    input: "Canarx\x7fy-typed\r",
  });
  expect(shown.stdout).toContain("Secret for api_token of [okta]");
  expect(shown.stdout).toContain("Stored api_token of [okta]");
  expect(shown.status).toBe(0);
  using space = workspace();
  const get = await space.agent(["secret", "get", "okta", "api_token"], { env: ring.env });
  expect(get.stdout).toBe("Canary-typed\n");
});

test(
  "Vault and Conjur are found as the Python connector found them: by two entries of the keyring",
  async () => {
    await using ring = await openKeyring();
    const { env } = ring;
    using space = workspace();
    await using vault = startVault({
      first: {},
      second: { "alias": { api_token: "from-Vault-Canary" } },
    });
    await using conjur = startConjur({
      account: "oomnitza",
      login: "admin",
      apiKey: rootToken,
      variables: { api_token: "from-Conjur-Canary" },
    });
    async function store(section: string, key: string, input: string) {
      await space.agent(["secret", "set", section, key], { env, input });
    }
    await store("alias", "vault_url", `${vault.url}/`);
    await store("alias", "vault_token", rootToken);
    await store("oomnitza", "vault_url", conjur.url);
    await store("oomnitza", "vault_token", rootToken);
    const asked = "x\nvault_keys = api_token\nvault_backend = ";
    const fromVault = await uploadWith(`${asked}vault\nvault_alias = alias`, { env });
    expect(fromVault.tokens).toEqual(["from-Vault-Canary"]);
    const fromConjur = await uploadWith(`${asked}cyberark`, { env });
    expect(fromConjur.tokens).toEqual(["from-Conjur-Canary"]);
    for (const { stdout, stderr } of [fromVault, fromConjur]) {
      expect(stdout + stderr).not.toContain("Canary");
    }
  },
  120_000,
);

slow("a missing entry, and a missing keyring, are reported in one sentence each", async () => {
  await using ring = await openKeyring();
  const { env } = ring;
  const missing: readonly (readonly [string, RegExp])[] = [
    [
      "${keyring:api_token}",
      /keyring has no api_token of oomnitza\. Store it with: agent secret set oomnitza api_token/,
    ],
    ["${keyring:a/b/c}", /keyring has no c of a\/b\. Store it with: agent secret set a\/b c/],
    [
      "x\nvault_keys = api_token",
      /vault_keys: api_token cannot be read from keyring: there is no api_token of oomnitza\. Store it/,
    ],
    ["x\nvault_keys = api_token nonsense", /names nonsense, which is not an option/],
    [
      "x\nvault_keys = api_token\nvault_backend = vault",
      /no section \[vault\], and no vault_url of oomnitza in the keyring\. Add \[vault\]/,
    ],
    ["x\nvault_keys = api_token\nvault_backend = safe", /vault_backend: is "safe", not one of/],
  ];
  for (const [written, expected] of missing) {
    const run = await uploadWith(written, { env });
    expect(run.stderr).toMatch(expected);
    expect(run.code).toBe(1);
  }
  const nowhere = { HOME: "/nonexistent", DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent" };
  const run = await uploadWith("${keyring:api_token}", { env: nowhere });
  expect(run.code).toBe(1);
  expect(run.stderr).toMatch(
    /keyring of this system cannot be used: .*On a server use \$\{systemd:NAME\}/,
  );
  using space = workspace();
  const set = await space.agent(["secret", "set", "okta", "api_token"], {
    env: nowhere,
    input: "Canary",
  });
  expect(set.code).toBe(1);
  expect(set.stderr).toContain("On a server use");
  expect((await space.agent(["secret", "sett", "okta", "api_token"])).stderr).toContain("set?");
  expect((await space.agent(["secret", "set", "okta"])).code).toBe(2);
  expect((await space.agent(["secret", "set", "okta", "x"], { env, input: "\n" })).code).toBe(2);
}, 120_000);
