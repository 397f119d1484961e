/**
 * HashiCorp Vault, in the compiled program: both versions of key-value secrets, the ways to log in,
 * renewal, and one clear error for each thing that can be wrong.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { slow } from "../support/slow.ts";
import { tagsOnly } from "../support/workspace.ts";
import { type UploadOptions, uploadWith } from "./section.ts";
import {
  approle,
  jwt,
  rootToken,
  startVault,
  type VaultOptions,
  type VaultServer,
} from "./vault_server.ts";

const token = "Canary-oomnitza-token";
const stored: VaultOptions = {
  second: {
    "oomnitza": { token, number: 17 },
    "team a/ünit": { token },
    "gone": null,
  },
  first: { "oomnitza/deep": { token } },
};
const reference = "${vault:secret/oomnitza#token}";

/** An upload whose token is a reference to Vault. */
async function upload(
  vault: VaultServer,
  written: string,
  options: string,
  more: UploadOptions = {},
) {
  const rest = `${tagsOnly}\n[vault]\nurl = ${vault.url}\n${options}\n`;
  const run = await uploadWith(written, { ...more, rest });
  expect(run.stdout + run.stderr).not.toContain("Canary");
  return run;
}

const withToken = `token = ${rootToken}`;
const asRole = `auth = approle\nrole_id = ${approle.role_id}\nsecret_id = ${approle.secret_id}`;

test("secrets of both versions are found by the path that vault kv get takes", async () => {
  const ways = [
    reference,
    "${vault:/secret/oomnitza#token}",
    "${vault:secret/team a/ünit#token}",
    "${vault:kv1/oomnitza/deep#token}",
  ];
  for (const written of ways) {
    await using vault = startVault(stored);
    const run = await upload(vault, written, withToken);
    expect(run.code).toBe(0);
    expect(run.tokens).toEqual([token]);
    expect(vault.unexpected).toEqual([]);
  }
});

test("an older server, and versions that are set, need no question for the mount", async () => {
  await using old = startVault({ ...stored, old: true });
  expect((await upload(old, "${vault:kv1/oomnitza/deep#token}", withToken)).tokens).toEqual([
    token,
  ]);
  await using fixed = startVault(stored);
  expect((await upload(fixed, reference, `${withToken}\nkv_version = 2`)).tokens).toEqual([token]);
  expect(fixed.calls.some(({ path }) => path.includes("/internal/"))).toBe(false);
});

test("AppRole, Kubernetes, VAULT_ADDR and VAULT_TOKEN log in; what was lent is given back", async () => {
  await using vault = startVault(stored);
  const asPod = "auth = kubernetes\nrole = agent\njwt_file = jwt\nauth_mount = k8s-prod";
  for (const options of [asRole, asPod]) {
    const run = await upload(vault, reference, options, {
      prepare: (space) => void space.write("jwt", jwt),
    });
    expect(run.code).toBe(0);
    expect(run.tokens).toEqual([token]);
  }
  expect(vault.handedOut).toHaveLength(2);
  expect(vault.revoked).toEqual([...vault.handedOut]);
  const env = { VAULT_ADDR: `${vault.url}/`, VAULT_TOKEN: rootToken };
  const bare = await uploadWith(reference, { env });
  expect(bare.tokens).toEqual([token]);
  expect(bare.stderr).not.toContain("Canary");
  expect(vault.revoked).toHaveLength(2);
});

test("a namespace goes with every request", async () => {
  await using vault = startVault({ ...stored, namespace: "team/it" });
  const run = await upload(vault, reference, `${asRole}\nnamespace = team/it`);
  expect(run.tokens).toEqual([token]);
});

test("several references to one path read it once", async () => {
  await using vault = startVault(stored);
  const rest =
    `${tagsOnly}timeout = \${vault:secret/oomnitza#number}\nonly_if_filled = ${reference}\n`;
  const run = await uploadWith(reference, {
    rest: `${rest}\n[vault]\nurl = ${vault.url}\ntoken = \${env:T}\n`,
    env: { T: rootToken },
  });
  expect(run.code).toBe(0);
  expect(vault.calls.filter(({ path }) => path === "/v1/secret/data/oomnitza")).toHaveLength(1);
});

test("a token that ended is replaced by a new login", async () => {
  await using vault = startVault({ ...stored, deadLogins: 1 });
  const run = await upload(vault, reference, asRole);
  expect(run.tokens).toEqual([token]);
  expect(vault.handedOut).toHaveLength(2);
});

slow("what can be wrong is reported in one sentence each, with what to do", async () => {
  const wrong: readonly (readonly [VaultOptions, string, string, RegExp])[] = [
    [
      stored,
      "${vault:secret/none#token}",
      withToken,
      /Vault has no secret at secret\/none\. Write the path as for vault kv get/,
    ],
    [stored, "${vault:secret/gone#token}", withToken, /Vault has no secret at secret\/gone/],
    [
      stored,
      "${vault:secret/oomnitza#pw}",
      withToken,
      /secret\/oomnitza in Vault has no key pw\. Store it with: vault kv patch/,
    ],
    [
      stored,
      "${vault:secret/oomnitza}",
      withToken,
      /the reference has no path and key\. Write \$\{vault:PATH#KEY\}/,
    ],
    [
      stored,
      "${vault:other/x#y}",
      withToken,
      /Vault refuses to read other\/x \(403 .*policies grant access.*\)\. Check the token and its policy/,
    ],
    [
      stored,
      reference,
      "token = hvs.Canary-wrong",
      /Vault refuses to read secret\/oomnitza \(403 .*invalid token.*\)\. Check the token/,
    ],
    [
      stored,
      reference,
      `${asRole}x`,
      /Vault refuses the login as approle \(400 invalid role or secret ID\)\. Check role_id and secret_id/,
    ],
    [
      stored,
      reference,
      "auth = kubernetes\nrole = agent\njwt_file = none",
      /none cannot be read: .*pod/,
    ],
    [stored, reference, "auth = approle", /\[vault\] needs role_id/],
    [stored, reference, "", /no token for Vault\. Set token in \[vault\], or VAULT_TOKEN/],
    [
      stored,
      reference,
      "token = ${env:NO_SUCH}",
      /\[vault\] has errors\. Fix these errors first[^]*\[vault\] token: .*NO_SUCH is not set/,
    ],
    [stored, reference, `token = ${reference}`, /\[vault\] cannot take its secrets from a server/],
    [
      { ...stored, sealed: true },
      reference,
      `${withToken}\ntimeout = 1`,
      /503 Vault is sealed\)\. Unseal Vault/,
    ],
  ];
  for (const [options, written, section, expected] of wrong) {
    await using vault = startVault(options);
    const run = await upload(vault, written, section, { timeoutMs: 60_000 });
    expect(run.stderr).toMatch(expected);
    expect(run.code).toBe(1);
  }
  const closed = startVault(stored);
  await closed.stop();
  const away = await upload(closed, reference, withToken, { timeoutMs: 60_000 });
  expect(away.stderr).toMatch(/Vault cannot be reached: /);
  expect((await uploadWith(reference)).stderr).toMatch(
    /the address of Vault is not configured\. Add a section \[vault\]/,
  );
  const odd = await uploadWith(reference, { env: { VAULT_ADDR: "vault.example.com" } });
  expect(odd.stderr).toMatch(/address of Vault is not a URL such as/);
}, 180_000);
