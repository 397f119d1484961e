/**
 * What the configuration of one tenant cannot decide, as others are in the same process.
 *
 * @module
 */

import type { AppContext } from "../app/context.ts";
import { ConfigError } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import { serveOptions } from "../settings/serve_options.ts";
import { checkExposure } from "./listener.ts";
import { listenerFile } from "./tenant_files.ts";

/** Options that are those of the listener: what a tenant says has no effect. */
const listenerOnly = [
  "trusted_proxies",
  "idle_seconds",
  "calls_at_once",
  "calls_per_second",
] as const;

/** What the tenant is checked with. */
interface Listening {
  readonly app: Pick<AppContext, "log">;
  /** The address to listen on. */
  readonly host: string;
}

/** What a tenant cannot decide for all others. @throws {ConfigError} */
export function checkOwnRules(
  { file, serve, sections, state }: Config,
  { app, host }: Listening,
): void {
  if (serve === undefined) return;
  if (state?.spool !== undefined && state.spool !== "" && state.spool !== "none") {
    app.log.warning(
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
    app.log.warning(
      `${option} in [serve] has no effect: there is one listener for all tenants, which ${listenerFile} configures`,
    );
  }
}
