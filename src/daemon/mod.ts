/**
 * The daemon: takes webhooks and uploads what they are about, and runs sections by their schedules.
 *
 * @module
 */

import { selectSections } from "../app/configuration.ts";
import type { AppContext } from "../app/context.ts";
import { scheduledSections } from "../app/schedule.ts";
import { openWebhookUploads, type WebhookUploads } from "../app/webhook_uploads.ts";
import { ConfigError } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import type { SectionConfig } from "../config/section.ts";
import { RateLimiters } from "../sdk/http/rate_limiter.ts";
import type { ServeOptions } from "../settings/serve_options.ts";
import { connectPatiently } from "./connection.ts";
import { watchOver } from "./process.ts";
import { ReceiptQueue } from "./receipts.ts";
import { ReplicaWatch } from "./replica_watch.ts";
import { openScheduler } from "./scheduled_runs.ts";
import { checkExposure, type Service, type ServiceSettings, startService } from "./service.ts";
import type { LastRuns } from "../state/state.ts";
import { openServeState, type ServeState } from "./state.ts";
import { openWatch, type ServeWatch } from "./watch.ts";

/** Scheduled sections that run side by side, unless somebody says otherwise. */
const defaultParallel = 4;

/** How the daemon is to run. */
export interface DaemonSettings {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Devices fetched, and requests to Oomnitza in flight, at once, per section. */
  readonly workers: number;
  /** Scheduled sections that run side by side; without it, as `[oomnitza]` says, else four. */
  readonly parallel?: number | undefined;
  /** Whether a scheduled run waits for uploads of other processes on this machine. */
  readonly isSingle: boolean;
  /** Prints what would be sent; absent when it is to be sent. */
  readonly testmode?: ((text: string) => void) | undefined;
  /** Directory under which source records and payloads are written; absent when they are not. */
  readonly saveData?: string | undefined;
  /** Gets the address once the daemon listens. */
  readonly onListening: (listening: Listening) => void;
}

/** Where the daemon listens. */
export interface Listening {
  /** Where it can be called on this machine. */
  readonly url: string;
  /** The address to listen on. */
  readonly host: string;
  readonly port: number;
  /** All of it, for people. */
  readonly text: string;
}

/** How often it is looked for events and runs that other processes took in or left, in milliseconds. */
const sharedPollMs = 500;

/** What the parts of the daemon share. */
interface Daemon {
  readonly app: AppContext;
  readonly config: Config;
  readonly settings: DaemonSettings;
  readonly state: ServeState;
  readonly watch: ServeWatch;
  /** Runs that wait for their receipts. */
  readonly receipts: ReceiptQueue;
  readonly limiters: RateLimiters;
  /** Stops running work, after the listener. */
  readonly signal: AbortSignal;
}

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
  const { host, port, testmode } = settings;
  const { chosen } = selectSections(app, config, "all");
  const options = checkServeOptions(config, host);
  if (testmode !== undefined) log.info("Test mode: nothing is sent");
  await using state = await openServeState(app, config, testmode !== undefined);
  const work = new AbortController();
  const { signal } = work;
  const watch = openWatch(app, config, state.store);
  const receipts = new ReceiptQueue({ onReport: watch.report, log });
  const replicas = state.store !== undefined && state.isShared
    ? new ReplicaWatch(app, state.store)
    : undefined;
  const limiters = new RateLimiters(state.store?.budget);
  const daemon = { app, config, settings, state, watch, receipts, limiters, signal };
  const { connected, ...processing } = await createWork(daemon, chosen);
  const service = await startService({
    connected,
    host,
    port,
    options,
    sections: chosen,
    inbox: state.inbox,
    spool: state.spool,
    work: processing,
    metrics: watch.metrics,
    lastRuns: async () => await state.store?.lastRuns() ?? noRuns,
    shared: () => replicas?.figures,
    scheduled: new Set(scheduledSections(config).map(({ name }) => name)),
    log,
  });
  const scheduler = await startScheduler(daemon);
  replicas?.start();
  const { url, port: boundPort } = service;
  const text = describeListening(host, service);
  settings.onListening({ url, host, port: boundPort, text });
  log.info(text);
  await watchOver({
    app,
    end: async () => {
      await Promise.all([service.drain(), scheduler.stop()]);
      await receipts.end();
      await watch.stop();
      await replicas?.stop();
    },
    drainMs: (options.drain_delay + options.drain_seconds) * 1000,
    stopWork: (reason) => work.abort(reason),
  });
}

/** Addresses that stand for all addresses of the machine, and that nobody can call. */
const wildcards: Readonly<Record<string, string>> = {
  "0.0.0.0": "every IPv4 address",
  "::": "every address",
};

function describeListening(host: string, { url, port }: Service): string {
  const every = wildcards[host];
  if (every === undefined) return `Listening on ${url}`;
  return `Listening on ${every} of this machine, port ${port}; on this machine that is ${url}`;
}

function checkServeOptions(config: Config, host: string): ServeOptions {
  if (config.serve === undefined) {
    throw new ConfigError(`Cannot use ${config.file}`, config.findings);
  }
  checkExposure(host, config.serve);
  return config.serve;
}

/** Runs sections by schedule from now on; in test mode there is nothing to run. */
async function startScheduler(
  { app, config, settings, state, watch, receipts, limiters, signal }: Daemon,
) {
  const { workers, isSingle, testmode } = settings;
  const scheduler = await openScheduler(app, config, {
    workers,
    parallel: settings.parallel ?? config.oomnitza?.parallel ?? defaultParallel,
    store: state.store,
    lookMs: state.isShared ? sharedPollMs : undefined,
    limiters,
    isSingle,
    signal,
    receipts,
    onFailure: watch.fail,
    onVendorAnswer: (section, status) => watch.metrics.vendorAnswer(section, status),
  });
  if (testmode !== undefined) return scheduler;
  scheduler.start();
  watch.start();
  return scheduler;
}

const noRuns: LastRuns = {
  started: () => undefined,
  succeeded: () => undefined,
  isAbandoned: () => false,
};

/** How events are processed: each batch is an upload of its section. */
async function createWork(
  { app, config, settings, state: { store, isShared }, watch, receipts, limiters, signal }: Daemon,
  sections: readonly SectionConfig[],
) {
  const { workers, testmode, saveData } = settings;
  const request = {
    workers,
    testmode,
    saveData,
    store,
    endWaiting: receipts.signal,
    limiters,
    onVendorAnswer: (section: string, status: number) =>
      watch.metrics.vendorAnswer(section, status),
  };
  const { uploads, connected } = await connectPatiently(
    app,
    () => openWebhookUploads({ ...app, signal }, config, sections, request),
  );
  return {
    connected,
    prepare: async (section: string) => (await uploads).prepare(section),
    async run(...[prepared, how]: Parameters<WebhookUploads["run"]>) {
      const { run, ask } = await uploads;
      const delivered = await run(prepared, how);
      receipts.addToGroup(prepared.section.name, delivered, ask);
      return delivered.report();
    },
    hasBacklog: async (section: string) => await store?.hasBacklog(section) ?? false,
    holdSection: store === undefined ? undefined : (section: string) => store.holdSection(section),
    pollMs: isShared ? sharedPollMs : undefined,
    workers,
    signal,
  } satisfies ServiceSettings["work"] & Pick<ServiceSettings, "connected">;
}
