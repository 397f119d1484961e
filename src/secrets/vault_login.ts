/**
 * Logging in to HashiCorp Vault: with a token, as an AppRole or as a Kubernetes service account. From
 * Vault's API documentation, "AppRole auth method", "Kubernetes auth method" and "Token auth method".
 *
 * @module
 */

import { AgentError } from "../base/errors.ts";
import { parseJson } from "../base/json.ts";
import type { Answer } from "../sdk/http/http.ts";
import type { VaultValues } from "./options.ts";
import type { Send } from "./server.ts";
import type { SecretRun } from "./store.ts";
import { readSecretFile } from "./text_file.ts";
import { describeErrors, loginAnswer, tokenInfo } from "./vault_answers.ts";

export interface VaultToken {
  readonly value: string;
  /** Seconds that it lives; 0 when it does not end. */
  readonly seconds: number;
  readonly renewable: boolean;
  /** Whether the agent logged in for it, so that it may be given back. */
  readonly own: boolean;
}

/** The token in the answer to a login or to a renewal; undefined when there is none. */
export function readToken(body: string, own: boolean, known = ""): VaultToken | undefined {
  const auth = parseJson(body, loginAnswer)?.auth;
  const value = auth?.client_token || known;
  if (auth === undefined || value === "") return undefined;
  return { value, seconds: auth.lease_duration, renewable: auth.renewable, own };
}

/** Whether the agent can log in anew when a token has ended. */
export function canLogIn({ auth }: VaultValues): boolean {
  return auth !== "token";
}

async function credentials(values: VaultValues): Promise<Record<string, string>> {
  const { auth, role_id, secret_id, role, jwt_file } = values;
  if (auth === "kubernetes") {
    if (role === "") throw new AgentError("[vault] needs role for auth = kubernetes");
    const hint = "It exists in a pod with a service account; see jwt_file in [vault]";
    return { role, jwt: (await readSecretFile(jwt_file, hint)).trim() };
  }
  if (role_id === "") throw new AgentError("[vault] needs role_id for auth = approle");
  return secret_id === "" ? { role_id } : { role_id, secret_id };
}

/** How long a given token lives; nothing known when it may not even look at itself. */
async function lookUp(send: Send, value: string): Promise<VaultToken> {
  const headers = { "X-Vault-Token": value };
  const { status, body } = await send({ path: "/v1/auth/token/lookup-self", headers });
  const info = status === 200 ? parseJson(body, tokenInfo)?.data : undefined;
  return { value, seconds: info?.ttl ?? 0, renewable: info?.renewable ?? false, own: false };
}

/**
 * Gets a token.
 *
 * @throws {AgentError} when Vault refuses, or what is needed is not configured.
 */
export async function logIn(send: Send, values: VaultValues, run: SecretRun): Promise<VaultToken> {
  const { auth, auth_mount } = values;
  if (auth === "token") {
    const value = (values.token || run.env.VAULT_TOKEN || "").trim();
    if (value !== "") {
      run.redactor.add(value, "logins to Vault");
      return await lookUp(send, value);
    }
    throw new AgentError("there is no token for Vault", {
      hint: "Set token in [vault], or VAULT_TOKEN, or log in with auth = approle",
    });
  }
  const login = await credentials(values);
  for (const secret of [login.secret_id, login.jwt]) {
    if (secret !== undefined) run.redactor.add(secret, "logins to Vault");
  }
  const mount = (auth_mount === "" ? auth : auth_mount).replace(/^\/+|\/+$/g, "");
  const answer = await send({
    method: "POST",
    path: `/v1/auth/${mount}/login`,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(login),
  });
  const token = answer.status === 200 ? readToken(answer.body, true) : undefined;
  if (token === undefined) throw refusal(auth, answer, run);
  run.redactor.add(token.value, "tokens of Vault");
  return token;
}

function refusal(
  auth: VaultValues["auth"],
  { status, body }: Answer,
  { redactor }: SecretRun,
): AgentError {
  if (status === 200) {
    return new AgentError(`Vault's answer to the login as ${auth} contains no token`, {
      hint: "Check url and auth_mount in [vault]",
    });
  }
  const reason = `${status} ${describeErrors(body, redactor)}`.trim();
  return new AgentError(`Vault refuses the login as ${auth} (${reason})`, {
    hint: auth === "approle"
      ? "Check role_id and secret_id"
      : "Check role, and the policy of Vault",
  });
}
