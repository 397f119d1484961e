/**
 * What holds for the configuration of one tenant among many.
 *
 * @module
 */

import { join } from "node:path";
import { ConfigError } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import type { Log } from "../logging/log.ts";
import { serveOptions } from "../settings/serve_options.ts";
import type { AppContext } from "./context.ts";
import { checkExposure } from "./exposure.ts";
import { listenerFile, type TenantFile } from "./tenant_files.ts";

/** Options that are those of the listener: what a tenant says has no effect. */
const listenerOnly = [
  "trusted_proxies",
  "idle_seconds",
  "calls_at_once",
  "calls_per_second",
] as const;

/** The context in which the configuration of a tenant is used. @param stateFolder The folder with one for each state. */
export function tenantContext(
  app: AppContext,
  { tenant, path }: Pick<TenantFile, "tenant" | "path">,
  stateFolder: string,
): AppContext {
  return {
    ...app,
    ini: path,
    iniPlaces: undefined,
    tenant,
    stateFile: join(stateFolder, tenant, "agent-state.sqlite"),
    onReady: undefined,
  };
}

/**
 * Refuses what a tenant cannot decide for all others, and logs what has no effect.
 *
 * @param host The address that the process listens on.
 * @throws {ConfigError}
 */
export function checkTenant(
  { file, serve, sections, state }: Config,
  log: Log,
  host: string,
): void {
  if (serve === undefined) return;
  if (state?.spool !== undefined && state.spool !== "" && state.spool !== "none") {
    log.warning(
      `spool in [state] has no effect: there is one for all tenants, which [state] of ${listenerFile} names`,
    );
  }
  if (serve.cert !== "" || serve.key !== "") {
    throw new ConfigError(`${file} sets cert or key in [serve]`, [], {
      hint: `There is one listener for all tenants: put them into [serve] of ${listenerFile}.`,
    });
  }
  if (sections.some(({ source }) => source.webhook !== undefined)) checkExposure(host, serve);
  for (const option of listenerOnly) {
    if (serve[option] === serveOptions[option].default) continue;
    log.warning(
      `${option} in [serve] has no effect: there is one listener for all tenants, which ${listenerFile} configures`,
    );
  }
}
