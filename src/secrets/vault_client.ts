/**
 * Reads from HashiCorp Vault: key-value secrets of both versions, and any other path that gives secrets
 * when it is read. From Vault's API documentation, "KV secrets engine" (versions 1 and 2),
 * "/sys/internal/ui/mounts" and "/sys/leases".
 *
 * @module
 */

import type { z } from "zod";
import { AgentError, messageOf } from "../base/errors.ts";
import { parseJson } from "../base/json.ts";
import type { Answer, HttpRequest } from "../sdk/http/http.ts";
import { LeaseKeeper } from "./leases.ts";
import type { VaultValues } from "./options.ts";
import { openServer, type Send } from "./server.ts";
import type { SecretRun } from "./store.ts";
import { describeErrors, mountInfo, renewedLease, secretV1, secretV2 } from "./vault_answers.ts";
import { canLogIn, logIn, readToken, type VaultToken } from "./vault_login.ts";

/** To revoke leases and the token at the end of a run. */
const revokeTimeoutMs = 5_000;

/** Where a path lies. */
interface Mount {
  /** With a slash at its end. */
  readonly prefix: string;
  readonly version: "1" | "2";
}

function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

function malformed(path: string): AgentError {
  return new AgentError(`Vault's answer for ${path} is not in the documented form`, {
    hint: "Check url in [vault]: another server may have answered",
  });
}

/** One server of Vault, for one run. */
export class VaultClient {
  readonly #values: VaultValues;
  readonly #run: SecretRun;
  readonly #sendPlain: Send;
  readonly #leases = new LeaseKeeper();
  readonly #leaseIds: string[] = [];
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
    this.#sendPlain = (request, signal) =>
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
    const { prefix, version } = await this.#findMount(path);
    const rest = path.slice(prefix.length);
    const secretPath = version === "2"
      ? `${encodePath(prefix)}data/${encodePath(rest)}`
      : encodePath(path);
    const { status, body } = await this.#send({ path: `/v1/${secretPath}` });
    // A secret that was deleted comes with 404 and its metadata.
    if (status === 404) return undefined;
    if (status !== 200) throw this.#refusal(path, { status, body });
    const secret = parseJson(body, version === "1" ? secretV1 : secretV2);
    if (secret === undefined) throw malformed(path);
    this.#keepLease(path, secret);
    return secret.data;
  }

  async #findMount(path: string): Promise<Mount> {
    const { kv_version: version } = this.#values;
    const first = `${path.split("/", 1)[0]}/`;
    const prefix = path.startsWith(`${this.#values.kv_mount}/`)
      ? `${this.#values.kv_mount}/`
      : first;
    if (version !== "auto") return { prefix, version };
    const answer = await this.#send({ path: `/v1/sys/internal/ui/mounts/${encodePath(path)}` });
    // Servers before 0.10 know neither this question nor version 2.
    if (answer.status === 404) return { prefix, version: "1" };
    if (answer.status !== 200) throw this.#refusal(path, answer);
    const mount = parseJson(answer.body, mountInfo)?.data;
    if (mount === undefined) throw malformed(path);
    return {
      prefix: mount.path ?? prefix,
      version: mount.options?.version === "2" ? "2" : "1",
    };
  }

  #refusal(path: string, { status, body }: Pick<Answer, "status" | "body">): AgentError {
    const reason = `${status} ${describeErrors(body, this.#run.redactor)}`.trim();
    const hint = status === 403
      ? "Check the token and its policy: it needs read on that path, with data/ in it for version 2"
      : status === 503
      ? "Unseal Vault"
      : "See Vault's log";
    return new AgentError(`Vault refuses to read ${path} (${reason})`, { hint });
  }

  /** Sends with the token; once more after a login, when the token has ended. */
  async #send(request: HttpRequest): Promise<Answer> {
    const token = await this.#current();
    const answer = await this.#sendWith(token, request);
    if (answer.status !== 403 || !canLogIn(this.#values)) return answer;
    const fresh = await this.#logInAfter(token);
    return fresh.value === token.value ? answer : await this.#sendWith(fresh, request);
  }

  #sendWith({ value }: VaultToken, request: HttpRequest, signal?: AbortSignal): Promise<Answer> {
    return this.#sendPlain(
      { ...request, headers: { ...request.headers, "X-Vault-Token": value } },
      signal,
    );
  }

  #current(): Promise<VaultToken> {
    return this.#token ??= this.#begin();
  }

  async #begin(): Promise<VaultToken> {
    const token = await logIn(this.#sendPlain, this.#values, this.#run);
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
    const { status } = await this.#sendWith(used, { path: "/v1/auth/token/lookup-self" });
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
      this.#run.log.warning("The token of Vault can no longer be renewed and will expire soon");
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
    const { status, body } = await this.#sendWith(token, request);
    const renewed = status === 200 ? readToken(body, token.own, token.value) : undefined;
    // Near its greatest age it is given less and less.
    const isWorthIt = renewed !== undefined && renewed.seconds > token.seconds / 10;
    return isWorthIt ? renewed : undefined;
  }

  /** Secrets that other engines create for us expire. */
  #keepLease(path: string, secret: z.output<typeof secretV1 | typeof secretV2>): void {
    const { lease_id: id, lease_duration: seconds, renewable } = secret;
    if (id === "") return;
    this.#leaseIds.push(id);
    if (!renewable) return;
    this.#leases.keep({ seconds, renew: () => this.#renewLease(path, id, seconds) });
  }

  async #renewLease(path: string, id: string, seconds: number): Promise<number> {
    try {
      const { status, body } = await this.#send(
        this.#leaseRequest("renew", { lease_id: id, increment: seconds }),
      );
      const next = status === 200 ? parseJson(body, renewedLease)?.lease_duration ?? 0 : 0;
      if (next > seconds / 10) return next;
      this.#run.log.warning(
        `The lease of ${path} can no longer be renewed and will expire soon`,
      );
    } catch (error) {
      this.#run.log.warning(`The lease of ${path} could not be renewed: ${messageOf(error)}`);
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

  /** Revokes the token that this run logged in for, with its leases; else the leases alone. */
  async #close(): Promise<void> {
    await this.#leases.close();
    const signal = AbortSignal.timeout(revokeTimeoutMs);
    const retry = { attempts: 1, budgetMs: revokeTimeoutMs };
    try {
      const token = await this.#token;
      if (token === undefined) return;
      const requests: HttpRequest[] = token.own
        ? [{ method: "POST", path: "/v1/auth/token/revoke-self" }]
        : this.#leaseIds.map((id) => this.#leaseRequest("revoke", { lease_id: id }));
      for (const request of requests) await this.#sendWith(token, { ...request, retry }, signal);
    } catch (error) {
      // They expire by themselves in a while.
      this.#run.log.debug(`The leases of Vault could not be revoked: ${messageOf(error)}`);
    }
  }
}
