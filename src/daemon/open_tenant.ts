/**
 * Opens a configuration, also while its state in PostgreSQL is away.
 *
 * @module
 */

import { findState } from "../app/state_location.ts";
import type { AppContext } from "../app/context.ts";
import type { Config } from "../config/config.ts";
import { mayPass } from "../state/spooled_inbox.ts";
import type { ServerTrials } from "./server_trials.ts";
import type { OpenIntake } from "./spools.ts";
import { openServeState, type ServeState } from "./state.ts";
import { chooseServed, openAtWork, type Tenant, type TenantSettings } from "./tenant.ts";
import { WaitingTenant } from "./waiting_tenant.ts";

/** How a configuration is opened that may have to wait. */
export interface PatientSettings extends TenantSettings {
  readonly openIntake: OpenIntake;
  /** Whether it may wait; else a state that is away is an error, as another configuration takes the calls. */
  readonly mayWait: boolean;
  readonly trials: ServerTrials;
}

/** A server that says nothing for so many milliseconds is away: webhooks are not to wait for it. */
const answerMs = 3000;

/**
 * Opens a configuration, which takes webhooks from now on. Where the state is away for a reason that may pass,
 * that is said once, and it is tried until it is there.
 *
 * @throws {AgentError} what does not end by itself: the configuration, the password, newer tables, Oomnitza.
 */
export async function openTenant(
  app: AppContext,
  config: Config,
  settings: PatientSettings,
): Promise<Tenant> {
  const served = chooseServed(app, config);
  const isTest = settings.testmode !== undefined;
  const location = isTest ? { kind: "none" } as const : await findState(app, config);
  const begin = (state: ServeState) => openAtWork(app, config, settings, served, state);
  if (location.kind !== "postgres") {
    return await begin(await openServeState(app, config, { isTest }));
  }
  const intake = settings.openIntake(location.settings);
  const openState = () => openServeState(app, config, { isTest, intake, answerMs });
  if (!settings.mayWait) return await begin(await openState());
  const { name: server } = location.server;
  const open = async () => await begin(await settings.trials.run(server, openState));
  try {
    return await open();
  } catch (thrown) {
    // Of what passes, only the state is left: Oomnitza is waited for otherwise.
    if (!mayPass(thrown)) throw thrown;
    return await WaitingTenant.begin({ app, config, served, server, spool: intake, open }, thrown);
  }
}
