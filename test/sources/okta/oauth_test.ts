/**
 * Okta with a service app: a key instead of a token, and tokens that are bound to one.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { okta } from "../../../src/sources/okta/mod.ts";
import { check, conformance, uploadAll, type VendorUnderTest } from "../../support/conformance.ts";
import { oktaTokenStart, type ServiceApp } from "./oauth.ts";
import { type OktaOptions, type OktaServer, startOkta, throttled } from "./server.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const other = generateKeyPairSync("ec", { namedCurve: "P-256" });

interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

function publicOf({ publicKey }: KeyPair): JsonWebKey {
  return publicKey.export({ format: "jwk" });
}

const clientId = "0oaCanaryApp1d5";

/** The key as Okta's generator gives it: JSON in one line. */
function inJson({ privateKey }: KeyPair, kid: string): string {
  return JSON.stringify({ ...privateKey.export({ format: "jwk" }), kid, use: "sig" });
}

/** A PEM as it stands in an ini: every line but the first is indented. */
function inPem({ privateKey }: KeyPair): string {
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString().trim();
  return pem.replaceAll("\n", "\n  ");
}

const app: ServiceApp = {
  clientId,
  keys: { main: publicOf(rsa) },
  scopes: ["okta.users.read"],
  requiresDpop: true,
};

interface Started extends VendorUnderTest {
  readonly vendor: OktaServer;
}

interface Credentials {
  readonly app?: Partial<ServiceApp>;
  readonly server?: Partial<OktaOptions>;
  /** Option lines instead of the right ones. */
  readonly signIn?: string;
}

const rightKey = inJson(rsa, "main");

function start(active: number, { app: changed, server, signIn }: Credentials = {}): Started {
  const vendor = startOkta({ active, app: { ...app, ...changed }, ...server });
  const common = `url = ${vendor.url}\ndefault_role = 25\ndefault_position = Employee\n`;
  const secret = rsa.privateKey.export({ format: "jwk" }).d ?? "";
  return {
    vendor,
    section: "okta",
    options: `${signIn ?? `client_id = ${clientId}\nprivate_key = ${rightKey}\n`}${common}`,
    wrongOptions: `client_id = ${clientId}\nprivate_key = ${inJson(other, "main")}\n${common}`,
    keys: Array.from({ length: active }, (_, index) => `person${index}@example.com`),
    keyField: "USER",
    secrets: [secret, oktaTokenStart],
  };
}

function tokenCalls({ vendor }: Started) {
  return vendor.calls.filter(({ path }) => path === "/oauth2/v1/token");
}

conformance({
  source: okta,
  many: 450,
  start: (count) => start(count),
  isList: ({ path }) => path === "/api/v1/users",
  throttled: () => throttled(0),
  isLongThrottle: true,
});

test("1,200 people arrive with one bound token, and every request proves possession anew", async () => {
  const space = start(1200);
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.code).toBe(0);
  expect(run.records.map(({ USER }) => USER).sort()).toEqual([...space.keys].sort());
  // The first is answered with the nonce that the second has in its proof.
  expect(tokenCalls(space)).toHaveLength(2);
  const lists = vendor.calls.filter(({ path }) => path === "/api/v1/users");
  expect(lists).toHaveLength(6);
  expect(lists.every(({ headers }) => headers.get("authorization")?.startsWith("DPoP "))).toBe(
    true,
  );
  expect(new Set(lists.map(({ headers }) => headers.get("dpop"))).size).toBe(6);
});

test("the key of the proofs is another one in each run", async () => {
  const space = start(3);
  await using vendor = space.vendor;
  await uploadAll(space);
  await uploadAll(space);
  expect(vendor.oauth?.provers.size).toBe(2);
});

const keys = {
  "RSA as PEM": { keys: { main: publicOf(rsa) }, text: inPem(rsa), more: "" },
  "a curve as PEM": { keys: { main: publicOf(ec) }, text: inPem(ec), more: "" },
  "a curve as JSON": { keys: { main: publicOf(ec) }, text: inJson(ec, "main"), more: "" },
  "one of several, named by key_id": {
    keys: { old: publicOf(rsa), new: publicOf(ec) },
    text: inPem(ec),
    more: "key_id = new\n",
  },
} as const;

for (const [name, { keys: registered, text, more }] of Object.entries(keys)) {
  test(`a service app signs in with ${name}`, async () => {
    const space = start(3, {
      app: { keys: registered },
      signIn: `client_id = ${clientId}\nprivate_key: ${text}\n${more}`,
    });
    await using _vendor = space.vendor;
    const run = await uploadAll(space);
    expect(run.code).toBe(0);
    expect(run.records).toHaveLength(3);
  });
}

test("an app without proof of possession gets a plain token", async () => {
  const space = start(3, { app: { requiresDpop: false } });
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(3);
  const [list] = vendor.calls.filter(({ path }) => path === "/api/v1/users");
  expect(list?.headers.get("authorization")).toStartWith("Bearer ");
  expect(list?.headers.get("dpop")).toBeNull();
});

test("a token that ends is renewed before it does", async () => {
  // It is about to end as soon as it is there: each page comes with another one.
  const space = start(1200, { app: { tokenSeconds: 0 } });
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.code).toBe(0);
  expect(run.records).toHaveLength(1200);
  const lists = vendor.calls.filter(({ path }) => path === "/api/v1/users");
  expect(lists).toHaveLength(6);
  expect(new Set(lists.map(({ headers }) => headers.get("authorization"))).size).toBe(6);
  // One more, for the nonce.
  expect(tokenCalls(space)).toHaveLength(7);
});

test("a token that was revoked is renewed after the refusal", async () => {
  let lists = 0;
  const space = start(450, {
    server: {
      hold: ({ path }) => {
        if (path === "/api/v1/users" && ++lists === 2) space.vendor.oauth?.revokeAll();
        return Promise.resolve();
      },
    },
  });
  await using _vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.code).toBe(0);
  expect(run.records.map(({ USER }) => USER)).toEqual([...space.keys]);
});

test("a resource that wants a nonce gets one, also when it wants another after a while", async () => {
  const space = start(1200, { app: { resourceNonce: true, nonceUses: 4, tokenSeconds: 3600 } });
  await using _vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.code).toBe(0);
  expect(run.records).toHaveLength(1200);
});

test("an attempt that is repeated has another assertion and another proof", async () => {
  const space = start(3);
  await using vendor = space.vendor;
  vendor.fail({
    on: ({ path }) => path === "/oauth2/v1/token",
    times: 1,
    // It was taken, and the answer got lost: the same assertion would be refused.
    answer: (call) => {
      vendor.oauth?.grant(call);
      return new Response("", { status: 502 });
    },
  });
  vendor.fail({
    on: ({ path }) => path === "/api/v1/users",
    times: 1,
    answer: (call) => {
      vendor.oauth?.refusal(call, "okta.users.read");
      return new Response("", { status: 502 });
    },
  });
  const run = await uploadAll(space);
  expect(run.code).toBe(0);
  expect(run.records).toHaveLength(3);
});

test("what the app lacks is said, with what to do", async () => {
  const space = start(3, { app: { scopes: ["okta.groups.read"] } });
  await using _vendor = space.vendor;
  const run = await check(space);
  expect(run.code).toBe(3);
  expect(run.stdout).toContain("invalid_scope");
  expect(run.stdout).toContain("Grant okta.users.read to the app, under Okta API Scopes.");
});

test("credentials that cannot work are refused before any request", async () => {
  const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
  const wrong = [
    [`client_id = ${clientId}\n`, "client_id and private_key are both required"],
    ["", "needs client_id and private_key (or api_token)"],
    [`client_id = ${clientId}\nprivate_key: ${inPem(weak)}\n`, "private_key has 1024 bits"],
  ] as const;
  for (const [signIn, problem] of wrong) {
    const space = start(3, { signIn });
    await using vendor = space.vendor;
    const run = await check(space);
    expect(run.code).not.toBe(0);
    expect(run.stdout + run.stderr).toContain(problem);
    expect(vendor.calls).toEqual([]);
  }
});
