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
import { ServerTrials } from "./server_trials.ts";
import { OwnSpool } from "./spools.ts";
import type { Tenant, WorkingSettings } from "./tenant.ts";
import { openTenant } from "./open_tenant.ts";

export type { Listening } from "./listener.ts";
export { runTenants } from "./tenants.ts";

/** How the daemon is to run. */
export interface DaemonSettings extends WorkingSettings, ListeningSettings {}

/**
 * Runs until the signal of the context ends it, in good order.
 *
 * @throws {AgentError} when it cannot begin: the configuration, the port, the state, Oomnitza.
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
  await using spool = new OwnSpool(app);
  await using tenant = await openTenant(app, config, {
    ...settings,
    isOnly: true,
    mayWait: true,
    openIntake: spool.openIntake,
    trials: new ServerTrials(),
    limiters: new RateLimiters(),
    connect: connectPatiently,
    takeTurn: (work) => work(),
    takeWebhookTurn: (work) => work(),
  });
  tenant.takeOver();
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
  const { options } = tenant;
  const counters = new Counters();
  return startListener({
    ...{ host, port, options, counters, log },
    receiverOf: () => tenant.receiver,
    watchersNow: () => tenant.receiver.admission,
    unready: tenant.unready,
    async metrics() {
      const sources = await tenant.readSources();
      return await renderMetrics({ counters }, [{ metrics: tenant.metrics, sources }]);
    },
  });
}
