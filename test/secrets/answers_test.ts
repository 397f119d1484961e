/**
 * Servers of secrets whose answers are not as documented: an error that says so, never a crash and
 * never a wrong secret. In process, against servers that answer so.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { AgentError } from "../../src/base/errors.ts";
import { type SecretServers, stores, vaultOptions } from "../../src/secrets/mod.ts";
import { type Options, readOption } from "../../src/sdk/option.ts";
import { startVendor, type VendorRoute } from "../support/vendor.ts";
import { openSession, type Session } from "./session.ts";

const use = { section: "okta", option: "api_token" };
const json = (value: unknown) => () => Response.json(value);
const page = () =>
  new Response("<html>Sign in</html>", { headers: { "content-type": "text/html" } });

function storeNamed(name: string) {
  const store = stores.find((each) => each.name === name);
  if (store === undefined) throw new Error(`no store ${name}`);
  return store;
}

/** The values of `[vault]` with the defaults of its options. */
function vaultValues(values: Record<string, unknown>): SecretServers {
  const defaults = Object.entries(vaultOptions as Options).map(([key, option]) => {
    const result = readOption(option, undefined);
    return [key, result.ok ? result.value : ""] as const;
  });
  return { vault: { ...Object.fromEntries(defaults), ...values } as SecretServers["vault"] };
}

async function outcome(promise: Promise<string>): Promise<string> {
  try {
    return await promise;
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return `error: ${error.message}`;
  }
}

/** What `${vault:secret/okta#token}` gives when Vault answers so. */
async function askVault(
  routes: Readonly<Record<string, VendorRoute["answer"]>>,
  values: Record<string, unknown> = {},
): Promise<{ readonly outcome: string; readonly session: Session }> {
  await using vendor = startVendor({
    routes: Object.entries(routes).map(([path, answer]) => ({
      method: path.startsWith("/v1/auth/") && path.endsWith("/login") ? "POST" : "GET",
      path,
      answer,
    })),
  });
  const session = openSession();
  const servers = vaultValues({ url: vendor.url, token: "hvs.root", kv_version: "1", ...values });
  session.secrets.configure(servers);
  const result = await outcome(
    session.secrets.resolve(storeNamed("vault"), "secret/okta#token", use),
  );
  expect(vendor.unexpected).toEqual([]);
  await session.secrets.close();
  return { outcome: result, session };
}

const lookup = "/v1/auth/token/lookup-self";
const known = { [lookup]: json({ data: { ttl: 0, renewable: false } }) };

describe("Vault", () => {
  const path = "/v1/secret/okta";
  const second = "/v1/secret/data/okta";

  test.each<[string, VendorRoute["answer"], string]>([
    ["a secret", json({ data: { token: "s3cret" } }), "s3cret"],
    ["a number", json({ data: { token: 17 } }), "17"],
    ["no such key", json({ data: { other: "x" } }), "error: secret/okta in Vault has no key token"],
    [
      "a null",
      json({ data: { token: null } }),
      "error: secret/okta in Vault has no key token",
    ],
    ["a lease without an end", json({ lease_id: "l/1", data: { token: "s3cret" } }), "s3cret"],
    ["a web page", page, "error: Vault's answer for secret/okta is not in the documented form"],
    ["a list", json([]), "error: Vault's answer for secret/okta is not in the documented form"],
    ["no data", json({}), "error: Vault's answer for secret/okta is not in the documented form"],
    [
      "data that are a text",
      json({ data: "token" }),
      "error: Vault's answer for secret/okta is not in the documented form",
    ],
    [
      "nothing there",
      () => Response.json({ errors: [] }, { status: 404 }),
      "error: Vault has no secret at secret/okta",
    ],
    [
      "a refusal with a reason",
      () =>
        Response.json({ errors: ["1 error occurred:\n\t* permission denied", 5] }, { status: 403 }),
      "error: Vault refuses to read secret/okta (403 1 error occurred: * permission denied)",
    ],
    [
      "a refusal by a proxy",
      () => new Response("<html>no</html>", { status: 403 }),
      "error: Vault refuses to read secret/okta (403)",
    ],
  ])("version 1 gives %s", async (_, answer, expected) => {
    const { outcome } = await askVault({ ...known, [path]: answer });
    expect(outcome).toBe(expected);
  });

  test.each<[string, VendorRoute["answer"], string]>([
    ["a secret", json({ data: { data: { token: "s3cret" }, metadata: {} } }), "s3cret"],
    ["a deleted one", json({ data: { data: null } }), "error: Vault has no secret at secret/okta"],
    [
      "one of version 1",
      json({ data: { token: "s3cret" } }),
      "error: Vault's answer for secret/okta is not in the documented form",
    ],
  ])("version 2 gives %s", async (_, answer, expected) => {
    const { outcome } = await askVault({ ...known, [second]: answer }, { kv_version: "2" });
    expect(outcome).toBe(expected);
  });

  const mounts = "/v1/sys/internal/ui/mounts/secret/okta";
  test.each<[string, VendorRoute["answer"], string]>([
    ["version 2", json({ data: { path: "secret/", options: { version: "2" } } }), second],
    ["version 1", json({ data: { path: "secret/", options: { version: "1" } } }), path],
    ["no options", json({ data: { path: "secret/", options: null } }), path],
    ["nothing at all", json({ data: {} }), path],
  ])("asked for the version, reports %s", async (_, answer, asked) => {
    const value = json({ data: { token: "s3cret", data: { token: "s3cret" } } });
    const routes = { ...known, [mounts]: answer, [asked]: value };
    expect((await askVault(routes, { kv_version: "auto" })).outcome).toBe("s3cret");
  });

  test("a web page instead of the version is an error", async () => {
    const { outcome } = await askVault({ ...known, [mounts]: page }, { kv_version: "auto" });
    expect(outcome).toBe("error: Vault's answer for secret/okta is not in the documented form");
  });

  const login = "/v1/auth/approle/login";
  const approle = { auth: "approle", role_id: "r0le", secret_id: "s3cret-id" };

  test.each<[string, VendorRoute["answer"], string]>([
    ["a web page", page, "error: Vault's answer to the login as approle contains no token"],
    [
      "no token",
      json({ auth: {} }),
      "error: Vault's answer to the login as approle contains no token",
    ],
    ["null", json(null), "error: Vault's answer to the login as approle contains no token"],
    [
      "a refusal",
      () => Response.json({ errors: ["invalid role or secret ID"] }, { status: 400 }),
      "error: Vault refuses the login as approle (400 invalid role or secret ID)",
    ],
  ])("a login is answered with %s", async (_, answer, expected) => {
    expect((await askVault({ [login]: answer }, approle)).outcome).toBe(expected);
  });

  test("a token without a lifetime is used, and revoked at the end", async () => {
    const revoked: (string | null)[] = [];
    await using vendor = startVendor({
      routes: [
        { method: "POST", path: login, answer: json({ auth: { client_token: "hvs.short" } }) },
        { method: "GET", path, answer: json({ data: { token: "s3cret" } }) },
        {
          method: "POST",
          path: "/v1/auth/token/revoke-self",
          answer: ({ headers }) => {
            revoked.push(headers.get("x-vault-token"));
            return new Response(null, { status: 204 });
          },
        },
      ],
    });
    const { secrets, redactor } = openSession();
    secrets.configure(vaultValues({ url: vendor.url, kv_version: "1", ...approle }));
    expect(await secrets.resolve(storeNamed("vault"), "secret/okta#token", use)).toBe("s3cret");
    expect(redactor.redact("hvs.short and s3cret-id")).toBe("*** and ***");
    await secrets.close();
    expect(revoked).toEqual(["hvs.short"]);
  });

  test.each(["secret/okta", "#token", "secret/okta#", "#"])(
    "%j names no path and key",
    async (target) => {
      const { secrets } = openSession();
      expect(await outcome(secrets.resolve(storeNamed("vault"), target, use))).toBe(
        "error: the reference has no path and key",
      );
    },
  );

  test("without an address, or with one that is none, nothing is asked", async () => {
    const vault = storeNamed("vault");
    const { secrets } = openSession();
    expect(await outcome(secrets.resolve(vault, "a/b#c", use))).toBe(
      "error: the address of Vault is not configured",
    );
    const wrong = openSession({ env: { VAULT_ADDR: "vault.example.com" } });
    expect(await outcome(wrong.secrets.resolve(vault, "a/b#c", use))).toContain("is not a URL");
  });
});

describe("Conjur", () => {
  const authenticate = "/authn/acme/host%2Fagent/authenticate";
  const variable = "/secrets/acme/variable/prod%2Ftoken";

  async function askConjur(
    token: VendorRoute["answer"],
    value: VendorRoute["answer"] = () => new Response("s3cret"),
  ): Promise<string> {
    await using vendor = startVendor({
      routes: [
        { method: "POST", path: authenticate, answer: token },
        { method: "GET", path: variable, answer: value },
      ],
    });
    const { secrets } = openSession();
    const { vault } = vaultValues({});
    const login = { url: vendor.url, account: "acme", login: "host/agent", api_key: "k3y" };
    secrets.configure({ cyberark: { ...vault, ...login } as SecretServers["cyberark"] });
    return await outcome(secrets.resolve(storeNamed("cyberark"), "prod/token", use));
  }

  const goodToken = json({ protected: "p", payload: "q", signature: "s" });

  test.each<[string, VendorRoute["answer"], VendorRoute["answer"] | undefined, string]>([
    ["a token as JSON", goodToken, undefined, "s3cret"],
    ["an encoded token", () => new Response("eyJ9"), undefined, "s3cret"],
    [
      "an empty token",
      () => new Response(" "),
      undefined,
      "error: Conjur returns no access token (200)",
    ],
    [
      "a token's status",
      () => new Response("x", { status: 404 }),
      undefined,
      "error: Conjur returns no access token (404)",
    ],
    [
      "a refused login",
      () => new Response(null, { status: 401 }),
      undefined,
      "error: Conjur refuses host/agent of acme (401)",
    ],
    ["an empty value", goodToken, () => new Response(""), "error: the secret is empty"],
    [
      "no value",
      goodToken,
      () => new Response(null, { status: 404 }),
      "error: Conjur has no value of prod/token in the account acme",
    ],
    [
      "a refused value",
      goodToken,
      () => new Response(null, { status: 403 }),
      "error: Conjur does not allow the login to read prod/token (403)",
    ],
    [
      "a status that nobody expects",
      goodToken,
      () => new Response(null, { status: 418 }),
      "error: Conjur answers 418 for prod/token",
    ],
  ])("%s", async (_, token, value, expected) => {
    expect(await askConjur(token, value)).toBe(expected);
  });

  test("a token that has ended is replaced once", async () => {
    let tokens = 0;
    let asked = 0;
    const value = () =>
      ++asked === 1 ? new Response(null, { status: 401 }) : new Response("s3cret");
    expect(await askConjur(() => new Response(`token${++tokens}`), value)).toBe("s3cret");
    expect([tokens, asked]).toEqual([2, 2]);
  });
});
