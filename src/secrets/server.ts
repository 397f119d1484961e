/**
 * A server of secrets over HTTP, and what the Python connector kept about it in the keyring.
 *
 * @module
 */

import { AgentError } from "../base/errors.ts";
import { readKeyring } from "../runtime/keyring.ts";
import { type Answer, ConnectionError, createHttp, type HttpRequest } from "../sdk/http/http.ts";
import type { Values } from "../sdk/option.ts";
import { pacAccess } from "../sdk/http/pac.ts";
import { createProxyFinder } from "../sdk/http/proxy.ts";
import { redirectHosts, type tlsOptions } from "../sdk/tls/options.ts";
import { resolveTls } from "../sdk/tls/client.ts";
import type { SecretRun } from "./store.ts";

/** Sends to one server; throws `AgentError` when it cannot be reached. */
export type Send = (request: HttpRequest, signal?: AbortSignal) => Promise<Answer>;

/** A run that has just begun is not to wait long for its secrets. */
const retry = { attempts: 4, budgetMs: 20_000 };

/** What a connection takes when no section says anything about it. */
export const plainConnection: Values<typeof tlsOptions> = {
  verify_ssl: true,
  cacert_file: "",
  cacert_dir: "",
  user_pem_file: "",
  ssl_protocol: undefined,
  proxy: "",
  redirect_hosts: "",
  timeout: 60,
};

/**
 * Opens a server.
 *
 * @param title its name for people
 * @param section that its options are in
 */
export function openServer(
  title: string,
  section: string,
  base: string,
  values: Values<typeof tlsOptions>,
  run: SecretRun,
): Send {
  const tls = resolveTls(values);
  for (const warning of tls.warnings) run.log.warning(`[${section}] ${warning}`);
  const pac = pacAccess(run.evaluatePac, tls.settings, run.log);
  const proxy = createProxyFinder(values.proxy, run.env, pac);
  for (const secret of proxy.secrets) run.redactor.add(secret, `proxy of [${section}]`);
  return async (request, signal = run.signal) => {
    const settings = {
      base,
      tls: tls.settings,
      proxy,
      redirectHosts: redirectHosts(values.redirect_hosts),
      timeoutMs: values.timeout * 1000,
      retry,
    };
    try {
      return await createHttp({ ...settings, log: run.log, signal }).send(request);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      throw new AgentError(`${title} cannot be reached: ${error.message}`, {
        cause: error,
        hint: error.hint ?? `Check url in [${section}], the network and the proxy`,
      });
    }
  };
}

/** Where the Python connector looked for a server: in the keyring entries of the section. */
export interface KeyringServer {
  readonly url: string;
  readonly token: string;
}

/**
 * The server that the keyring entries `vault_url` and `vault_token` of a name give.
 *
 * @throws {AgentError} when one of them is missing, or the keyring cannot be used.
 */
export async function keyringServer(
  name: string,
  section: string,
  run: SecretRun,
): Promise<KeyringServer> {
  const url = await readKeyring(name, "vault_url");
  const token = await readKeyring(name, "vault_token");
  if (url !== undefined && token !== undefined) {
    run.redactor.add(token, `vault_token of ${name}`);
    return { url: url.trim().replace(/\/+$/, ""), token: token.trim() };
  }
  const missing = url === undefined ? "vault_url" : "vault_token";
  throw new AgentError(
    `there is no section [${section}], and no ${missing} of ${name} in the keyring`,
    {
      hint: `Add [${section}], or store it with: agent secret set ${name} ${missing}`,
    },
  );
}
