/**
 * Webhooks of one configuration: what is taken in, and the work on it.
 *
 * @module
 */

import { AgentError, messageOf } from "../base/errors.ts";
import type { Log } from "../logging/log.ts";
import type { SectionConfig } from "../config/section.ts";
import type { ServeOptions } from "../settings/serve_options.ts";
import type { SpooledInbox } from "../state/spooled_inbox.ts";
import type { Inbox, InboxEvent } from "../state/state.ts";
import { InboxWork, type WorkSettings } from "../sync/inbox/inbox.ts";
import { Intake } from "../sync/inbox/intake.ts";
import { createAdmission, OpenCalls, type Receiver } from "./app.ts";
import type { MetricsSources } from "./metrics.ts";
import type { SharedFigures } from "./replica_watch.ts";
import type { ServeState } from "./state.ts";
import type { WebhookSettings } from "./webhooks.ts";

/** What the service needs. */
export interface ServiceSettings {
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
  /** What metrics tell of the state. */
  readonly readFacts: ServeState["readFacts"];
  /** What is told of a state that several agents share. */
  readonly shared: () => SharedFigures | undefined;
  /** The sections that have a schedule. */
  readonly scheduled: ReadonlySet<string>;
}

/** Takes events from the beginning, and processes them once it is started. */
export interface Service {
  readonly receiver: Receiver;
  /** Why it takes no events, nothing when it does. */
  readonly unready: () => string | undefined;
  readonly readSources: () => Promise<MetricsSources>;
  /** Begins to process events. */
  start(): void;
  /** Says from now on that it is ending; still takes events. */
  announceEnd(): void;
  /** Processes what can be processed now, and ends. To be called when no more calls come. */
  end(): Promise<void>;
}

/** After a failure an event is tried again after so many milliseconds, then after twice as many … */
const firstWaitMs = 5000;
/** … but never after more than these. */
const longestWaitMs = 15 * 60_000;

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

/** That events can be kept nowhere. */
export const cannotKeep = "events cannot be stored: see the log";

function unready({ isEnding, intake }: Readiness): string | undefined {
  if (isEnding) return "ending";
  return intake.failure === undefined ? undefined : cannotKeep;
}

/** How calls for some sections are answered. */
export function webhookSettings(
  { options, sections, log }: Pick<ServiceSettings, "options" | "sections" | "log">,
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
  { readFacts, spool, log }: ServiceSettings,
): Promise<Pick<MetricsSources, "lastSuccess" | "inbox">> {
  try {
    if (spool?.failure !== undefined) return { lastSuccess: undefined, inbox: undefined };
    const { inbox, succeeded } = await within(stateDeadlineMs, readFacts());
    return { lastSuccess: succeeded, inbox };
  } catch (thrown) {
    log.warning(`Metrics without those of the state: ${messageOf(thrown)}`);
    return { lastSuccess: undefined, inbox: undefined };
  }
}

/** Opens the service, which takes events from now on. */
export async function openService(settings: ServiceSettings): Promise<Service> {
  const { options, sections, inbox, log } = settings;
  const readiness: Readiness = { isEnding: false, intake: await Intake.open(inbox) };
  const takers = sections.filter(({ source }) => source.webhook !== undefined);
  const names = takers.map(({ name }) => name);
  await warnOfOrphans(inbox, new Set(names), log);
  const retryDelays = { firstWaitMs, longestWaitMs, giveUpMs: options.retry_minutes * 60_000 };
  const work = new InboxWork({ ...settings.work, inbox, sections: names, retryDelays, log });
  let accepted = 0;
  const webhooks = webhookSettings(settings, async (event) => {
    await readiness.intake.accept(event);
    accepted++;
    work.nudge(event.section, event.due);
  });
  return {
    receiver: { admission: createAdmission(options), webhooks, calls: new OpenCalls() },
    unready: () => unready(readiness),
    readSources: async () => ({
      ...await readState(settings),
      sections: sections.map(({ name }) => name),
      scheduled: settings.scheduled,
      spooled: settings.spool?.intake.spooled,
      accepted,
      isReady: () => unready(readiness) === undefined,
      shared: settings.shared(),
    }),
    start: () => startWork(settings, work, readiness),
    announceEnd: () => void (readiness.isEnding = true),
    async end() {
      readiness.intake.end();
      await work.end();
    },
  };
}
