/**
 * Keys as people store them, and the tokens signed with them, read by WebCrypto.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { clientAssertionForm, signClientAssertion } from "../../src/sdk/oauth/client_assertion.ts";
import {
  loadSigningKey,
  newSigningKey,
  parseSigningKey,
  type SigningKey,
} from "../../src/sdk/oauth/jwt.ts";
import { workspace } from "../support/workspace.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

function pem(key: KeyObject, type: "pkcs1" | "pkcs8" | "sec1"): string {
  return key.export({ type: type as "pkcs8", format: "pem" }).toString();
}

function usable(text: string): SigningKey {
  const key = parseSigningKey(text);
  if (typeof key === "string") throw new Error(key);
  return key;
}

function decode(part: string | undefined): Record<string, unknown> {
  return JSON.parse(Buffer.from(part ?? "", "base64url").toString("utf8"));
}

/** Reads a token with the public key alone; throws when the signature is not its own. */
async function verify(token: string, { algorithm, publicJwk }: SigningKey) {
  const [header, claims, signature = ""] = token.split(".");
  const kind = algorithm === "RS256"
    ? { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }
    : { name: "ECDSA", namedCurve: "P-256" };
  const key = await crypto.subtle.importKey("jwk", publicJwk as JsonWebKey, kind, false, [
    "verify",
  ]);
  const isOwn = await crypto.subtle.verify(
    { name: kind.name, hash: "SHA-256" },
    key,
    Buffer.from(signature, "base64url"),
    Buffer.from(`${header}.${claims}`),
  );
  if (!isOwn) throw new Error("the signature is not that of the key");
  return { header: decode(header), claims: decode(claims) };
}

const spellings: readonly (readonly [string, KeyObject, string])[] = [
  ["PKCS #8 of RSA", rsa, pem(rsa, "pkcs8")],
  ["PKCS #1", rsa, pem(rsa, "pkcs1")],
  ["PKCS #8 of a curve", ec, pem(ec, "pkcs8")],
  ["SEC 1", ec, pem(ec, "sec1")],
  ["an indented PEM, as in an ini", rsa, pem(rsa, "pkcs8").replaceAll("\n", "\n    ")],
  ["a PEM whose line breaks are spelled", ec, pem(ec, "pkcs8").replaceAll("\n", "\\n")],
  ["a PEM in one line", rsa, pem(rsa, "pkcs8").replaceAll("\n", " ")],
  ["a PEM with text around it", ec, `Bag Attributes\n  name: x\n${pem(ec, "pkcs8")}\n`],
  ["JWK of RSA", rsa, JSON.stringify(rsa.export({ format: "jwk" }))],
  ["JWK of a curve", ec, JSON.stringify(ec.export({ format: "jwk" }), null, 2)],
  ["a set with one private key", ec, JSON.stringify({ keys: [ec.export({ format: "jwk" })] })],
];

for (const [name, own, text] of spellings) {
  test(`a key is read from ${name}`, async () => {
    const key = usable(text);
    const algorithm = own === rsa ? "RS256" : "ES256";
    expect(key.algorithm).toBe(algorithm);
    const token = signClientAssertion({ key, clientId: "c", audience: "https://a.example.com/t" });
    const { header } = await verify(token, key);
    expect(header).toEqual({ alg: algorithm, typ: "JWT" });
    expect(key.publicJwk).not.toHaveProperty("d");
  });
}

test("an assertion says who asks whom, for five minutes at most, and never twice the same", async () => {
  const key = usable(JSON.stringify({ ...ec.export({ format: "jwk" }), kid: "own-name" }));
  const sign = () =>
    signClientAssertion({ key, clientId: "client", audience: "https://a.example.com/token" });
  const begun = Math.floor(Date.now() / 1000);
  const [one, two] = [await verify(sign(), key), await verify(sign(), key)];
  expect(one.header).toEqual({ alg: "ES256", kid: "own-name", typ: "JWT" });
  expect(one.claims).toMatchObject({
    iss: "client",
    sub: "client",
    aud: "https://a.example.com/token",
  });
  const { iat, exp } = one.claims as { iat: number; exp: number };
  expect(iat).toBeGreaterThanOrEqual(begun);
  expect(exp - iat).toBe(300);
  expect(one.claims.jti).not.toBe(two.claims.jti);
});

test("the name of the key and the issuer can be given", async () => {
  const key = usable(JSON.stringify({ ...rsa.export({ format: "jwk" }), kid: "own-name" }));
  const token = signClientAssertion({
    key,
    keyId: "registered-name",
    clientId: "client",
    issuer: "team",
    audience: "https://a.example.com/token",
    lifetimeSeconds: 60,
  });
  const { header, claims } = await verify(token, key);
  expect(header.kid).toBe("registered-name");
  expect(claims).toMatchObject({ iss: "team", sub: "client" });
  expect(Number(claims.exp) - Number(claims.iat)).toBe(60);
});

test("the form of each attempt has another assertion, and tells it", async () => {
  const key = newSigningKey();
  const sent: string[] = [];
  const assertion = { key, clientId: "client", audience: "https://a.example.com/token" };
  const forms = [1, 2].map(() =>
    new URLSearchParams(
      clientAssertionForm(assertion, { scope: "read" }, (one) => sent.push(one)),
    )
  );
  expect(forms.map((form) => form.get("client_assertion") ?? "")).toEqual(sent);
  expect(new Set(sent).size).toBe(2);
  expect(forms[0]?.get("grant_type")).toBe("client_credentials");
  expect(forms[0]?.get("scope")).toBe("read");
  expect(forms[0]?.get("client_assertion_type")).toBe(
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
  );
  await verify(sent[0] ?? "", key);
});

const encrypted = rsa.export({
  type: "pkcs8",
  format: "pem",
  cipher: "aes-256-cbc",
  passphrase: "Canary-passphrase",
}).toString();
const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
const otherCurve = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey;
const publicPem = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey
  .export({ type: "spki", format: "pem" }).toString();
const { d: _secret, ...publicJwk } = ec.export({ format: "jwk" });
const twice = JSON.stringify({
  keys: [ec.export({ format: "jwk" }), rsa.export({ format: "jwk" })],
});

const unusable: readonly (readonly [string, string, string])[] = [
  ["an encrypted key", encrypted, "is encrypted"],
  ["a short RSA key", pem(weak, "pkcs8"), "has 1024 bits"],
  ["another curve", pem(otherCurve, "pkcs8"), "P-256"],
  ["a public key", publicPem, "the private key is needed"],
  ["a public JWK", JSON.stringify(publicJwk), "with kty and d"],
  ["several private keys", twice, "several private keys"],
  ["JSON that breaks off", '{"kty": "EC", ', "is not valid JSON"],
  ["a PEM that breaks off", pem(rsa, "pkcs8").slice(0, 300), "is not a private key in PEM"],
  ["no key at all", "YOUR KEY", "is not a private key in PEM"],
];

for (const [name, text, problem] of unusable) {
  test(`what is wrong with ${name} is said without quoting it`, () => {
    const said = parseSigningKey(text);
    expect(said).toBeString();
    expect(said).toContain(problem);
    expect(said as string).not.toContain(text.length > 80 ? text.slice(40, 80).trim() : text);
  });
}

test("a key in a file is named by its path", async () => {
  using space = workspace();
  const path = join(space.folder, "key.pem");
  writeFileSync(path, pem(ec, "sec1"));
  expect((await loadSigningKey(path, "private_key")).algorithm).toBe("ES256");
  writeFileSync(path, encrypted);
  await expect(loadSigningKey(path, "private_key")).rejects.toThrow(
    `private_key (${path}) is encrypted`,
  );
  await expect(loadSigningKey(join(space.folder, "none.pem"), "private_key")).rejects.toThrow(
    "does not exist",
  );
});
