/**
 * One configuration at work: it takes webhooks and uploads what they are about, and runs sections by their
 * schedules.
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
import type { Connect } from "./connection.ts";
import type { Metrics } from "./metrics.ts";
import { ReceiptQueue } from "./receipts.ts";
import { announceSections, ReplicaWatch } from "./replica_watch.ts";
import { openScheduler } from "./scheduled_runs.ts";
import type { Scheduler } from "./scheduler.ts";
import { openService, type Service, type ServiceSettings } from "./service.ts";
import type { ServeState } from "./state.ts";
import type { TakeTurn } from "./turns.ts";
import { openWatch, type ServeWatch } from "./watch.ts";

/** Scheduled sections that run side by side, unless somebody says otherwise. */
const defaultParallel = 4;

/** How configurations are worked with. */
export interface WorkingSettings {
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
}

/** What a tenant gets from the process. */
export interface TenantSettings extends WorkingSettings {
  /** Whether it is the only one: what many ask the state for has to be asked for less often. */
  readonly isOnly: boolean;
  /** The limits of vendors' accounts. */
  readonly limiters: RateLimiters;
  /** Connects to Oomnitza. */
  readonly connect: Connect;
  /** The turns of scheduled runs. */
  readonly takeTurn: TakeTurn;
  /** The turns of batches of webhooks. */
  readonly takeWebhookTurn: TakeTurn;
}

/** A configuration at work. */
export interface Tenant extends Pick<Service, "receiver" | "readSources" | "unready"> {
  /** Whether any of its sections has webhooks. */
  readonly hasWebhooks: boolean;
  /** Whether it still waits for its state. */
  readonly isWaiting: boolean;
  readonly options: ServeOptions;
  readonly metrics: Metrics;
  /** Has all events go to its inbox from now on: those that wait on this machine, and those that come. */
  takeOver(): void;
  /** Begins to process events and to run sections. */
  start(): void;
  /**
   * Begins nothing more, and waits for what is running.
   *
   * @param lastCall Fulfilled when no more webhooks come.
   */
  end(lastCall: Promise<void>): Ending;
  /** Stops what is still running. */
  stopWork(reason: Error): void;
  /** Closes the state. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** How far the end of a tenant is. */
export interface Ending {
  /** Fulfilled when no webhooks are processed any more. */
  readonly webhooks: Promise<void>;
  /** Fulfilled when nothing is done any more. */
  readonly all: Promise<void>;
}

/** How often it is looked for events and runs that other processes took in or left, in milliseconds. */
const sharedPollMs = 500;

/** What the parts of a tenant share. */
interface Parts {
  readonly app: AppContext;
  readonly config: Config;
  readonly settings: TenantSettings;
  readonly state: ServeState;
  readonly watch: ServeWatch;
  /** Runs that wait for their receipts. */
  readonly receipts: ReceiptQueue;
  /** Looks for the other agents with the state; absent where it is not shared, or there are many tenants. */
  readonly replicas: ReplicaWatch | undefined;
  /** The limits of vendors' accounts: those of the state where it has some. */
  readonly limiters: RateLimiters;
  /** Stops running work. */
  readonly work: AbortController;
}

/** What of a configuration is served. */
export interface Served {
  readonly sections: readonly SectionConfig[];
  readonly options: ServeOptions;
  readonly hasWebhooks: boolean;
}

/** Chooses what is served. @throws {ConfigError} when `[serve]` has errors. */
export function chooseServed(app: AppContext, config: Config): Served {
  const { chosen: sections } = selectSections(app, config, "all");
  const { serve: options } = config;
  if (options === undefined) throw new ConfigError(`Cannot use ${config.file}`, config.findings);
  return { sections, options, hasWebhooks: takesWebhooks(sections) };
}

/**
 * Opens a configuration whose state is open, which takes webhooks from now on.
 *
 * @param state Is closed when this fails.
 * @throws {AgentError} when it cannot: the state, Oomnitza.
 */
export async function openAtWork(
  app: AppContext,
  config: Config,
  settings: TenantSettings,
  { sections, options, hasWebhooks }: Served,
  state: ServeState,
): Promise<Tenant> {
  try {
    const work = new AbortController();
    const watch = openWatch(app, config, state.store, work.signal);
    const receipts = new ReceiptQueue({ onReport: watch.report, log: app.log });
    const { store, isShared } = state;
    const hasReplicas = settings.isOnly && store !== undefined && isShared;
    const replicas = hasReplicas ? new ReplicaWatch(app, store) : undefined;
    if (!settings.isOnly && store !== undefined && isShared) await announceSections(app, store);
    const limiters = store?.budget === undefined
      ? settings.limiters
      : new RateLimiters(store.budget);
    const parts = { app, config, settings, state, watch, receipts, replicas, limiters, work };
    const scheduler = await openSchedule(parts);
    const isBusy = () => scheduler.isBusy;
    const service = await openService(await serviceSettings(parts, options, sections, isBusy));
    return { hasWebhooks, options, ...atWork(parts, service, scheduler) };
  } catch (error) {
    await state[Symbol.asyncDispose]();
    throw error;
  }
}

function takesWebhooks(sections: readonly SectionConfig[]): boolean {
  return sections.some(({ source }) => source.webhook !== undefined);
}

function atWork(
  { settings, state, watch, receipts, replicas, work }: Parts,
  service: Service,
  scheduler: Scheduler,
): Omit<Tenant, "hasWebhooks" | "options"> {
  return {
    isWaiting: false,
    receiver: service.receiver,
    unready: service.unready,
    takeOver: () => state.spool?.takeOver(),
    readSources: service.readSources,
    metrics: watch.metrics,
    start() {
      service.start();
      // In test mode there is nothing to run.
      if (settings.testmode !== undefined) return;
      scheduler.start();
      watch.start();
      replicas?.start();
    },
    end(lastCall) {
      service.announceEnd();
      const runs = scheduler.stop();
      const webhooks = lastCall.then(() => service.end());
      const all = Promise.all([webhooks, runs]).then(async () => {
        await receipts.end();
        await watch.stop();
        await replicas?.stop();
      });
      return { webhooks, all };
    },
    stopWork: (reason) => work.abort(reason),
    [Symbol.asyncDispose]: () => state[Symbol.asyncDispose](),
  };
}

async function serviceSettings(
  parts: Parts,
  options: ServeOptions,
  sections: readonly SectionConfig[],
  isBusy: () => boolean,
): Promise<ServiceSettings> {
  const { app, config, state, replicas } = parts;
  const { connected, ...work } = await createWork(parts, sections, isBusy);
  return {
    ...{ connected, options, sections, work },
    inbox: state.inbox,
    spool: state.spool,
    shared: () => replicas?.figures,
    readFacts: state.readFacts,
    scheduled: new Set(scheduledSections(config).map(({ name }) => name)),
    log: app.log,
  };
}

function openSchedule(
  { app, config, settings, state, watch, receipts, limiters, work }: Parts,
): Promise<Scheduler> {
  const { workers, isSingle, takeTurn } = settings;
  return openScheduler(app, config, {
    ...{ workers, isSingle, limiters, takeTurn, receipts },
    parallel: settings.parallel ?? config.oomnitza?.parallel ?? defaultParallel,
    store: state.store,
    lookMs: state.isShared && settings.isOnly ? sharedPollMs : undefined,
    signal: work.signal,
    onFailure: watch.fail,
    onFault: watch.fault,
    onVendorAnswer: (section, status) => watch.metrics.vendorAnswer(section, status),
  });
}

/** How events are processed: each batch is an upload of its section. */
async function createWork(
  { app, config, settings, state: { store, isShared }, watch, receipts, limiters, work }: Parts,
  sections: readonly SectionConfig[],
  isBusy: () => boolean,
) {
  const { signal } = work;
  const { workers, testmode, saveData, connect, takeWebhookTurn } = settings;
  const request = {
    ...{ workers, testmode, saveData, store, limiters, isBusy },
    endWaiting: receipts.signal,
    onVendorAnswer: (section: string, status: number) =>
      watch.metrics.vendorAnswer(section, status),
  };
  const { uploads, connected } = await connect(
    app,
    () => openWebhookUploads({ ...app, signal }, config, sections, request),
    takesWebhooks(sections),
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
    takeTurn: takeWebhookTurn,
    workers,
    signal,
  } satisfies ServiceSettings["work"] & Pick<ServiceSettings, "connected">;
}
