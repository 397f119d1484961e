/**
 * HashiCorp Vault, from its API documentation: "KV secrets engine" version 1 and 2 (read, deleted
 * secrets, the warning of version 2 to those who forget data/), "/sys/internal/ui/mounts", "Token auth
 * method" (lookup-self, renew-self, revoke-self), "AppRole auth method", "Kubernetes auth method",
 * "Database secrets engine" (generate credentials), "/sys/leases" and the status codes (400, 403, 404,
 * 503 when sealed).
 *
 * @module
 */
import { startVendor, type Vendor, type VendorCall } from "../support/vendor.ts";

/** Token that was made beforehand. */
export const rootToken = "hvs.Canary-root/token+1";
/** Credentials of the AppRole. */
export const approle = { role_id: "8a1f-role", secret_id: "Canary-secret-id&9" } as const;
/** The token of the service account that Kubernetes knows. */
export const jwt = "eyJhbGciOi.Canary-jwt.c2ln";

/** How the server is to be. */
export interface VaultOptions {
  /** Path below `secret/` (version 2) → its current data; null was deleted. */
  readonly second?: Readonly<Record<string, Record<string, unknown> | null>>;
  /** Path below `kv1/` (version 1) → its data. */
  readonly first?: Readonly<Record<string, Record<string, unknown>>>;
  readonly sealed?: boolean;
  /** Namespace in which everything lies. */
  readonly namespace?: string;
  /** Seconds that tokens of logins live. */
  readonly tokenSeconds?: number;
  /** Renewals that a token gets before it has reached its greatest age. */
  readonly renewals?: number;
  readonly renewable?: boolean;
  /** So many logins give tokens that have ended already. */
  readonly deadLogins?: number;
  /** Seconds that database credentials live. */
  readonly leaseSeconds?: number;
  /** Whether the server is older than the question where a path is mounted. */
  readonly old?: boolean;
}

interface Token {
  ends: number;
  renewals: number;
}

/** A server at work. */
export interface VaultServer extends Vendor {
  /** Tokens that were handed out. */
  readonly handedOut: readonly string[];
  /** Leases and tokens that were given back. */
  readonly revoked: readonly string[];
}

const mounts = ["secret/", "kv1/", "database/"] as const;

function errors(status: number, ...texts: string[]): Response {
  return Response.json({ errors: texts }, { status });
}

function envelope(part: Record<string, unknown>): Response {
  return Response.json({
    request_id: crypto.randomUUID(),
    lease_id: "",
    lease_duration: 0,
    renewable: false,
    data: null,
    wrap_info: null,
    warnings: null,
    auth: null,
    ...part,
  });
}

class Vault {
  readonly handedOut: string[] = [];
  readonly revoked: string[] = [];
  readonly #options: VaultOptions;
  readonly #tokens = new Map<string, Token>();
  #made = 0;

  constructor(options: VaultOptions) {
    this.#options = options;
    this.#tokens.set(rootToken, { ends: Number.POSITIVE_INFINITY, renewals: 0 });
  }

  answer(call: VendorCall): Response {
    const { sealed, namespace = "" } = this.#options;
    if (sealed === true) return errors(503, "Vault is sealed");
    if (call.headers.get("x-vault-request") !== "true") {
      return errors(400, "missing X-Vault-Request");
    }
    if ((call.headers.get("x-vault-namespace") ?? "") !== namespace) return errors(404);
    const path = call.path.slice("/v1/".length).split("/").map(decodeURIComponent).join("/");
    const login = /^auth\/([^/]+)\/login$/.exec(path);
    if (call.method === "POST" && login !== null) return this.#login(login[1] ?? "", call);
    const value = call.headers.get("x-vault-token") ?? "";
    const token = this.#tokens.get(value);
    if (token === undefined || token.ends < Date.now()) {
      return errors(403, "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n");
    }
    return this.#route(call, path, value, token);
  }

  #route(call: VendorCall, path: string, value: string, token: Token): Response {
    const route = `${call.method} ${path}`;
    if (route === "GET auth/token/lookup-self") return this.#lookUp(token);
    if (route === "POST auth/token/renew-self") return this.#renew(value, token);
    if (route === "POST auth/token/revoke-self") {
      this.revoked.push(value);
      this.#tokens.delete(value);
      return new Response(null, { status: 204 });
    }
    if (route === "PUT sys/leases/renew" || route === "PUT sys/leases/revoke") {
      return this.#lease(route.endsWith("renew"), JSON.parse(call.body));
    }
    if (call.method !== "GET") return errors(405, "unsupported operation");
    const question = "sys/internal/ui/mounts/";
    if (path.startsWith(question)) return this.#mount(path.slice(question.length));
    return this.#read(path);
  }

  #login(mount: string, call: VendorCall): Response {
    const { role_id, secret_id, role, jwt: shown } = JSON.parse(call.body);
    const isRight = mount === "kubernetes" || mount === "k8s-prod"
      ? role === "agent" && shown === jwt
      : mount === "approle" && role_id === approle.role_id && secret_id === approle.secret_id;
    if (!isRight) {
      return mount === "approle"
        ? errors(400, "invalid role or secret ID")
        : errors(403, "permission denied");
    }
    const { tokenSeconds = 3600, renewals = 1000, renewable = true } = this.#options;
    const value = `hvs.Canary-login-${++this.#made}`;
    this.handedOut.push(value);
    const isDead = this.handedOut.length <= (this.#options.deadLogins ?? 0);
    this.#tokens.set(value, { ends: isDead ? 0 : Date.now() + tokenSeconds * 1000, renewals });
    return envelope({
      auth: {
        client_token: value,
        accessor: "a",
        policies: ["default"],
        lease_duration: tokenSeconds,
        renewable,
      },
    });
  }

  #lookUp({ ends }: Token): Response {
    const isRoot = ends === Number.POSITIVE_INFINITY;
    const ttl = isRoot ? 0 : Math.max(0, Math.floor((ends - Date.now()) / 1000));
    return envelope({ data: { ttl, renewable: !isRoot, policies: ["default"] } });
  }

  #renew(value: string, token: Token): Response {
    if (token.renewals-- <= 0) return errors(400, "token past its max TTL");
    const { tokenSeconds = 3600 } = this.#options;
    token.ends = Date.now() + tokenSeconds * 1000;
    return envelope({
      auth: { client_token: value, lease_duration: tokenSeconds, renewable: true },
    });
  }

  #lease(isRenewal: boolean, { lease_id }: { lease_id: string }): Response {
    if (!lease_id.startsWith("database/creds/reader/")) return errors(400, "lease not found");
    const { leaseSeconds = 3600 } = this.#options;
    if (isRenewal) {
      return Response.json({ lease_id, lease_duration: leaseSeconds, renewable: true });
    }
    this.revoked.push(lease_id);
    return new Response(null, { status: 204 });
  }

  #mount(path: string): Response {
    if (this.#options.old === true) return errors(404);
    const mount = mounts.find((one) => path.startsWith(one));
    if (mount === undefined) {
      return errors(
        403,
        `preflight capability check returned 403, please ensure client's policies grant access to path "${path}/"`,
      );
    }
    const options = mount === "secret/"
      ? { version: "2" }
      : mount === "kv1/"
      ? { version: "1" }
      : null;
    return envelope({
      data: { path: mount, type: mount === "database/" ? "database" : "kv", options },
    });
  }

  #read(path: string): Response {
    const { first = {}, second = {}, leaseSeconds = 3600 } = this.#options;
    if (path === "database/creds/reader") {
      const count = ++this.#made;
      return envelope({
        lease_id: `database/creds/reader/${count}`,
        lease_duration: leaseSeconds,
        renewable: true,
        data: { username: `v-reader-${count}`, password: `Canary-db-${count}` },
      });
    }
    if (path.startsWith("kv1/")) {
      const data = first[path.slice("kv1/".length)];
      return data === undefined ? errors(404) : envelope({ lease_duration: 2_764_800, data });
    }
    if (!path.startsWith("secret/data/")) {
      return path.startsWith("secret/")
        ? Response.json({
          errors: [],
          warnings: ["Invalid path for a versioned K/V secrets engine."],
        }, { status: 404 })
        : errors(403, "1 error occurred:\n\t* permission denied\n\n");
    }
    const data = second[path.slice("secret/data/".length)];
    if (data === undefined) return errors(404);
    const metadata = {
      version: 3,
      destroyed: false,
      deletion_time: data === null ? "2026-01-01T00:00:00Z" : "",
    };
    if (data !== null) return envelope({ data: { data, metadata } });
    return Response.json({ data: { data: null, metadata }, errors: [] }, { status: 404 });
  }
}

/** Starts the server. */
export function startVault(options: VaultOptions): VaultServer {
  const vault = new Vault(options);
  const vendor = startVendor({
    routes: ["GET", "POST", "PUT"].map((method) => {
      return { method, path: /^\/v1\//, answer: (call: VendorCall) => vault.answer(call) };
    }),
  });
  return Object.assign(vendor, {
    handedOut: vault.handedOut,
    revoked: vault.revoked,
  });
}
