/**
 * Reads from HashiCorp Vault: key-value secrets of both versions, and any other path that gives secrets
 * when it is read. From Vault's API documentation, "KV secrets engine" (versions 1 and 2),
 * "/sys/internal/ui/mounts" and "/sys/leases".
 *
 * @module
 */

import { AgentError, messageOf } from "../base/errors.ts";
import { isObject } from "../base/record.ts";
import type { Answer, HttpRequest } from "../sdk/http/http.ts";
import { LeaseKeeper } from "./leases.ts";
import type { VaultValues } from "./options.ts";
import { openServer, type Send } from "./server.ts";
import type { SecretRun } from "./store.ts";
import { canLogIn, faultsIn, logIn, partOf, tokenIn, type VaultToken } from "./vault_login.ts";

/** Milliseconds to give back what was lent, at the end of a run. */
const farewell = 5_000;

/** Where a path lies. */
interface Mount {
  /** With a slash at its end. */
  readonly prefix: string;
  readonly version: "1" | "2";
}

function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** One server of Vault, for one run. */
export class VaultClient {
  readonly #values: VaultValues;
  readonly #run: SecretRun;
  readonly #send: Send;
  readonly #leases = new LeaseKeeper();
  readonly #lent: string[] = [];
  #token: Promise<VaultToken> | undefined;

  constructor(base: string, values: VaultValues, run: SecretRun) {
    this.#values = values;
    this.#run = run;
    const send = openServer("Vault", "vault", base, values, run);
    const { namespace } = values;
    const common = {
      "X-Vault-Request": "true",
      ...namespace === "" ? {} : { "X-Vault-Namespace": namespace },
    };
    this.#send = (request, signal) =>
      send({ ...request, headers: { ...common, ...request.headers } }, signal);
    run.onClose(() => this.#close());
  }

  /**
   * What lies at a path, by key; nothing when nothing does.
   *
   * @param path as for `vault kv get`: without `data/`
   * @throws {AgentError} when Vault does not let it be read.
   */
  async read(path: string): Promise<Record<string, unknown> | undefined> {
    const { prefix, version } = await this.#mountOf(path);
    const rest = path.slice(prefix.length);
    const place = version === "2"
      ? `${encodePath(prefix)}data/${encodePath(rest)}`
      : encodePath(path);
    const { status, body } = await this.#ask({ path: `/v1/${place}` });
    // A secret that was deleted comes with 404 and its metadata.
    if (status === 404) return undefined;
    if (status !== 200) throw this.#refusal(path, { status, body });
    const data = partOf(body, "data");
    this.#keepLease(path, body);
    if (version === "1") return data;
    return isObject(data.data) ? data.data : undefined;
  }

  async #mountOf(path: string): Promise<Mount> {
    const { kv_version: version } = this.#values;
    const first = `${path.split("/", 1)[0]}/`;
    const prefix = path.startsWith(`${this.#values.kv_mount}/`)
      ? `${this.#values.kv_mount}/`
      : first;
    if (version !== "auto") return { prefix, version };
    const answer = await this.#ask({ path: `/v1/sys/internal/ui/mounts/${encodePath(path)}` });
    // Servers before 0.10 know neither this question nor version 2.
    if (answer.status === 404) return { prefix, version: "1" };
    if (answer.status !== 200) throw this.#refusal(path, answer);
    const { path: mount, options } = partOf(answer.body, "data");
    const isSecond = isObject(options) && options.version === "2";
    return {
      prefix: typeof mount === "string" ? mount : prefix,
      version: isSecond ? "2" : "1",
    };
  }

  #refusal(path: string, { status, body }: Pick<Answer, "status" | "body">): AgentError {
    const faults = faultsIn(body);
    const reason = faults === "" ? `${status}` : `${status} ${faults}`;
    const hint = status === 403
      ? "Check the token and its policy: it needs read on that path, with data/ in it for version 2"
      : status === 503
      ? "Unseal Vault"
      : "See Vault's log";
    return new AgentError(`Vault does not give ${path} (${reason})`, { hint });
  }

  /** Sends with the token; once more after a login, when the token has ended. */
  async #ask(request: HttpRequest): Promise<Answer> {
    const token = await this.#current();
    const answer = await this.#with(token, request);
    if (answer.status !== 403 || !canLogIn(this.#values)) return answer;
    const fresh = await this.#logInAfter(token);
    return fresh.value === token.value ? answer : await this.#with(fresh, request);
  }

  #with({ value }: VaultToken, request: HttpRequest, signal?: AbortSignal): Promise<Answer> {
    return this.#send(
      { ...request, headers: { ...request.headers, "X-Vault-Token": value } },
      signal,
    );
  }

  #current(): Promise<VaultToken> {
    return this.#token ??= this.#begin();
  }

  async #begin(): Promise<VaultToken> {
    const token = await logIn(this.#send, this.#values, this.#run);
    if (token.renewable || token.own) {
      this.#leases.keep({
        seconds: token.seconds,
        renew: () => this.#renew(),
      });
    }
    return token;
  }

  /** Whether a token that seems to have ended really has: only then is there a reason to log in. */
  async #logInAfter(used: VaultToken): Promise<VaultToken> {
    const current = await this.#current();
    if (current.value !== used.value) return current;
    const { status } = await this.#with(used, { path: "/v1/auth/token/lookup-self" });
    if (status === 200) return used;
    if (await this.#current() === current) this.#token = this.#begin();
    return await this.#current();
  }

  /** Renews the token, or logs in anew when it has reached its greatest age. */
  async #renew(): Promise<number> {
    try {
      const token = await this.#current();
      const renewed = token.renewable ? await this.#renewSelf(token) : undefined;
      if (renewed !== undefined) {
        this.#token = Promise.resolve(renewed);
        return renewed.seconds;
      }
      if (canLogIn(this.#values)) {
        this.#token = this.#begin();
        await this.#token;
        return 0;
      }
      this.#run.log.warning("The token of Vault cannot be renewed any more and will end soon");
    } catch (error) {
      this.#token = undefined;
      this.#run.log.warning(`The token of Vault could not be renewed: ${messageOf(error)}`);
    }
    return 0;
  }

  async #renewSelf(token: VaultToken): Promise<VaultToken | undefined> {
    const request: HttpRequest = {
      method: "POST",
      path: "/v1/auth/token/renew-self",
      headers: { "Content-Type": "application/json" },
      body: "{}",
    };
    const { status, body } = await this.#with(token, request);
    const renewed = status === 200 ? tokenIn(body, token.own, token.value) : undefined;
    // Near its greatest age it is given less and less.
    const isWorthIt = renewed !== undefined && renewed.seconds > token.seconds / 10;
    return isWorthIt ? renewed : undefined;
  }

  /** Secrets that other engines make for us live for a time. */
  #keepLease(path: string, body: string): void {
    const parsed: unknown = JSON.parse(body);
    if (!isObject(parsed)) return;
    const { lease_id: id, lease_duration: seconds, renewable } = parsed;
    if (typeof id !== "string" || id === "" || typeof seconds !== "number") return;
    this.#lent.push(id);
    if (renewable !== true) return;
    this.#leases.keep({ seconds, renew: () => this.#renewLease(path, id, seconds) });
  }

  async #renewLease(path: string, id: string, seconds: number): Promise<number> {
    try {
      const { status, body } = await this.#ask(
        this.#leaseRequest("renew", { lease_id: id, increment: seconds }),
      );
      const parsed: unknown = status === 200 ? JSON.parse(body) : undefined;
      const next = isObject(parsed) ? parsed.lease_duration : undefined;
      if (typeof next === "number" && next > seconds / 10) return next;
      this.#run.log.warning(
        `What Vault lent at ${path} cannot be renewed any more and will end soon`,
      );
    } catch (error) {
      this.#run.log.warning(`What Vault lent at ${path} could not be renewed: ${messageOf(error)}`);
    }
    return 0;
  }

  #leaseRequest(what: "renew" | "revoke", body: unknown): HttpRequest {
    return {
      method: "PUT",
      path: `/v1/sys/leases/${what}`,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    };
  }

  /** Gives back what was lent. A token's leases end with it. */
  async #close(): Promise<void> {
    await this.#leases.close();
    const signal = AbortSignal.timeout(farewell);
    const retry = { attempts: 1, budgetMs: farewell };
    try {
      const token = await this.#token;
      if (token === undefined) return;
      const requests: HttpRequest[] = token.own
        ? [{ method: "POST", path: "/v1/auth/token/revoke-self" }]
        : this.#lent.map((id) => this.#leaseRequest("revoke", { lease_id: id }));
      for (const request of requests) await this.#with(token, { ...request, retry }, signal);
    } catch (error) {
      // They end by themselves in a while.
      this.#run.log.debug(`Vault was not given back what it lent: ${messageOf(error)}`);
    }
  }
}
