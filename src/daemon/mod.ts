/**
 * The daemon: takes webhooks and uploads what they are about, and runs sections by their schedules.
 *
 * @module
 */

import type { AppContext } from "../app/context.ts";
import { checkExposure } from "../app/exposure.ts";
import { ConfigError } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import { RateLimiters } from "../sdk/http/rate_limiter.ts";
import { connectPatiently } from "./connection.ts";
import { Counters } from "./counters.ts";
import { announce, type Listener, type ListeningSettings, startListener } from "./listener.ts";
import { renderMetrics } from "./metrics_page.ts";
import { watchOver } from "./process.ts";
import { openTenant, type Tenant, type WorkingSettings } from "./tenant.ts";

export type { Listening } from "./listener.ts";
export { runTenants } from "./tenants.ts";

/** How the daemon is to run. */
export interface DaemonSettings extends WorkingSettings, ListeningSettings {}

/**
 * Runs until the signal of the context ends it, in good order.
 *
 * @throws {AgentError} when it cannot begin: the configuration, the port, the state file, Oomnitza.
 */
export async function runDaemon(
  app: AppContext,
  config: Config,
  settings: DaemonSettings,
): Promise<void> {
  const { log } = app;
  if (config.serve === undefined) {
    throw new ConfigError(`Cannot use ${config.file}`, config.findings);
  }
  checkExposure(settings.host, config.serve);
  if (settings.testmode !== undefined) log.info("Test mode: nothing is sent");
  await using tenant = await openTenant(app, config, {
    ...settings,
    isOnly: true,
    limiters: new RateLimiters(),
    connect: connectPatiently,
    takeTurn: (work) => work(),
    takeWebhookTurn: (work) => work(),
  });
  const listener = listenFor(tenant, app, settings);
  tenant.start();
  announce(listener, log, settings);
  await watchOver({
    app,
    end: () => tenant.end(listener.drain()).all,
    drainMs: () => (tenant.options.drain_delay + tenant.options.drain_seconds) * 1000,
    stopWork: tenant.stopWork,
  });
}

/** Starts to listen for the only tenant. */
function listenFor(
  tenant: Tenant,
  { log }: AppContext,
  { host, port }: DaemonSettings,
): Listener {
  const { options, receiver, metrics } = tenant;
  const counters = new Counters();
  return startListener({
    ...{ host, port, options, counters, log },
    receiverOf: () => receiver,
    watchersNow: () => receiver.admission,
    unready: tenant.unready,
    metrics: async () =>
      await renderMetrics({ counters }, [{ metrics, sources: await tenant.readSources() }]),
  });
}
