/**
 * The service as a whole: web server, inbox and the work on it.
 *
 * @module
 */

import { setTimeout as delay } from "node:timers/promises";
import { AgentError, ConfigError, messageOf } from "../base/errors.ts";
import type { Log } from "../logging/log.ts";
import { isLoopback } from "../base/network.ts";
import type { SectionConfig } from "../config/section.ts";
import { serve, type Served } from "../runtime/serve.ts";
import type { ServeOptions } from "../settings/serve_options.ts";
import type { SpooledInbox } from "../state/spooled_inbox.ts";
import type { Inbox, InboxEvent, LastRuns } from "../state/state.ts";
import { InboxWork, type WorkSettings } from "../sync/inbox/inbox.ts";
import { Intake } from "../sync/inbox/intake.ts";
import { type AppSettings, createApp } from "./app.ts";
import { createAuthenticator } from "./authentication.ts";
import { createCallers } from "./caller.ts";
import { readCertificate, watchCertificate } from "./certificate.ts";
import { Counters } from "./counters.ts";
import { createHostCheck } from "./host_check.ts";
import { AddressLimits } from "./limits.ts";
import type { Metrics, MetricsSources } from "./metrics.ts";
import type { SharedFigures } from "./replica_watch.ts";
import type { WebhookSettings } from "./webhooks.ts";

/** What the service needs. */
export interface ServiceSettings {
  readonly host: string;
  readonly port: number;
  readonly options: ServeOptions;
  /** The enabled sections. */
  readonly sections: readonly SectionConfig[];
  readonly inbox: Inbox;
  /** The inbox where it has a spool. */
  readonly spool?: SpooledInbox | undefined;
  /** Fulfilled once events can be processed; nothing when they can be from the beginning. */
  readonly connected: Promise<void> | undefined;
  /** How events are processed. */
  readonly work: Omit<WorkSettings, "inbox" | "sections" | "retryDelays" | "log">;
  readonly log: Log;
  readonly metrics: Metrics;
  /** When runs of each section began and ended last. */
  readonly lastRuns: () => Promise<LastRuns>;
  /** What is told of a state that several agents share. */
  readonly shared: () => SharedFigures | undefined;
  /** The sections that have a schedule. */
  readonly scheduled: ReadonlySet<string>;
}

/** The running service. */
export interface Service {
  /** Where it can be called on this machine. */
  readonly url: string;
  readonly port: number;
  readonly counters: Counters;
  /**
   * Is not ready from now on, takes calls until `drain_delay` is over, answers what is there then,
   * processes what can be processed, and ends.
   */
  drain(): Promise<void>;
}

/** After a failure an event is tried again after so many milliseconds, then after twice as many … */
const firstWaitMs = 5000;
/** … but never after more than these. */
const longestWaitMs = 15 * 60_000;

/**
 * Refuses to listen to everybody, unless the configuration says so explicitly.
 *
 * @throws {ConfigError}
 */
export function checkExposure(host: string, { auth }: ServeOptions): void {
  if (isLoopback(host) || auth !== undefined) return;
  throw new ConfigError(`Cannot listen on ${host}: callers would not have to authenticate`, [], {
    hint:
      "Set auth in [serve] to basic or header, or to none if access is restricted by other means.",
  });
}

async function warnOfOrphans(inbox: Inbox, served: ReadonlySet<string>, log: Log): Promise<void> {
  const sizes = await inbox.sizes().catch((thrown: unknown) => {
    if (!(thrown instanceof AgentError && thrown.retriable)) throw thrown;
    log.warning(`It is not known which webhook events wait: ${messageOf(thrown)}`);
    return [];
  });
  for (const { section, waiting } of sizes) {
    if (waiting === 0 || served.has(section)) continue;
    log.warning(
      `${waiting} webhook events of [${section}] wait until that section is enabled again`,
    );
  }
}

function bodyLimits({ body_limit_kb, body_seconds }: ServeOptions) {
  return { maxBytes: body_limit_kb * 1024, maxMs: body_seconds * 1000 };
}

/** Why the service takes no events, nothing when it does. */
interface Readiness {
  isEnding: boolean;
  readonly intake: Intake;
}

function unready({ isEnding, intake }: Readiness): string | undefined {
  if (isEnding) return "ending";
  return intake.failure === undefined ? undefined : "events cannot be stored: see the log";
}

function webhookSettings(
  { options, sections, log }: ServiceSettings,
  accept: (event: InboxEvent) => Promise<void>,
): WebhookSettings {
  return {
    sections: new Map(sections.map((section) => [section.name, section])),
    strict: options.strict,
    body: bodyLimits(options),
    coalesceMs: options.coalesce_seconds * 1000,
    accept,
    log,
  };
}

function listen(
  settings: ServiceSettings,
  app: Pick<AppSettings, "webhooks" | "unready" | "counters" | "metrics">,
): Served {
  const { options, log, host, port } = settings;
  const { calls_at_once: atOnce, calls_per_second: perSecond } = options;
  const routes = createApp({
    ...app,
    callers: createCallers(options),
    limits: new AddressLimits({ atOnce, perSecond }),
    hostCheck: createHostCheck(options),
    authenticator: createAuthenticator(options),
    log,
  });
  return serve({
    host,
    port,
    tls: readCertificate(options),
    // A body that comes slowly is to be answered, not cut off.
    idleSeconds: Math.max(options.idle_seconds, options.body_seconds + 5),
    // Bodies are cut off where the answer is logged and counted, not by the runtime.
    maxBodyBytes: Number.MAX_SAFE_INTEGER,
    fetch: (request, peer) => routes.fetch(request, { peer }),
  });
}

/** Until there is a connection, events are kept only. */
function startWork(
  { connected }: ServiceSettings,
  work: InboxWork,
  readiness: Pick<Readiness, "isEnding">,
): void {
  if (connected === undefined) return work.start();
  // It is not fulfilled when the service ends before.
  connected.then(() => readiness.isEnding ? undefined : work.start(), () => {});
}

/** So long the metrics wait for the state: who scrapes them gives up after ten seconds. */
const stateDeadlineMs = 2000;

function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new AgentError(`no answer within ${ms / 1000} s`)), ms);
  });
  return Promise.race([work, end]).finally(() => clearTimeout(timer));
}

/** What the state says for the metrics, nothing when it says nothing: then they say that. */
async function readState(
  { inbox, spool, lastRuns, log }: ServiceSettings,
): Promise<Pick<MetricsSources, "lastSuccess" | "inbox">> {
  try {
    if (spool?.failure !== undefined) return { lastSuccess: undefined, inbox: undefined };
    const [runs, sizes] = await within(
      stateDeadlineMs,
      Promise.all([lastRuns(), inbox.sizes()]),
    );
    return { lastSuccess: runs.succeeded, inbox: sizes };
  } catch (thrown) {
    log.warning(`Metrics without those of the state: ${messageOf(thrown)}`);
    return { lastSuccess: undefined, inbox: undefined };
  }
}

/** Starts the service. Throws `AgentError` when it cannot listen. */
export async function startService(settings: ServiceSettings): Promise<Service> {
  const { options, sections, inbox, log } = settings;
  const counters = new Counters();
  const readiness: Readiness = { isEnding: false, intake: await Intake.open(inbox) };
  const takers = sections.filter(({ source }) => source.webhook !== undefined);
  const names = takers.map(({ name }) => name);
  await warnOfOrphans(inbox, new Set(names), log);
  const retryDelays = { firstWaitMs, longestWaitMs, giveUpMs: options.retry_minutes * 60_000 };
  const work = new InboxWork({ ...settings.work, inbox, sections: names, retryDelays, log });
  const webhooks = webhookSettings(settings, async (event) => {
    await readiness.intake.accept(event);
    counters.accepted++;
    work.nudge(event.section, event.due);
  });
  const served = listen(settings, {
    webhooks,
    unready: () => unready(readiness),
    counters,
    metrics: async () =>
      settings.metrics.render({
        ...await readState(settings),
        sections: sections.map(({ name }) => name),
        scheduled: settings.scheduled,
        spooled: settings.spool?.spooled,
        counters,
        isReady: () => unready(readiness) === undefined,
        shared: settings.shared(),
      }),
  });
  const unwatch = watch(served, options, log);
  startWork(settings, work, readiness);
  return {
    url: served.url,
    port: served.port,
    counters,
    async drain() {
      readiness.isEnding = true;
      // A load balancer goes on sending calls until it has seen that.
      await delay(options.drain_delay * 1000);
      unwatch();
      await served.drain();
      readiness.intake.end();
      await work.end();
    },
  };
}

function watch(served: Served, options: ServeOptions, log: Log): () => void {
  if (options.cert === "") return () => {};
  return watchCertificate(options, (tls) => served.renew(tls), log);
}
