/**
 * A configuration whose state in PostgreSQL is away when it begins: webhooks are taken meanwhile, and all else
 * begins once it is there.
 *
 * @module
 */

import type { AppContext } from "../app/context.ts";
import { scheduledSections } from "../app/schedule.ts";
import { messageOf } from "../base/errors.ts";
import { sleep } from "../base/iteration.ts";
import type { Config } from "../config/config.ts";
import { errorLines } from "../logging/error.ts";
import { mayPass, type SpoolIntake } from "../state/spooled_inbox.ts";
import { Intake } from "../sync/inbox/intake.ts";
import { createAdmission, OpenCalls, type Receiver } from "./app.ts";
import { Metrics, type MetricsSources } from "./metrics.ts";
import { mostFindings } from "./scheduler.ts";
import { cannotKeep, webhookSettings } from "./service.ts";
import type { Ending, Served, Tenant } from "./tenant.ts";

/** A state that is away is tried again after so many milliseconds … */
const againMs = 1000;
/** … and what somebody has to mend first after these. */
const mendedMs = 15_000;

/** What a configuration that waits is about. */
interface Awaited {
  readonly app: AppContext;
  readonly config: Config;
  readonly served: Served;
  /** The server, for people. */
  readonly server: string;
  readonly spool: SpoolIntake | undefined;
  readonly open: () => Promise<Tenant>;
}

/** What takes webhooks meanwhile. */
interface Meanwhile {
  readonly intake: Intake;
  readonly receiver: Receiver;
  readonly metrics: Metrics;
  accepted: number;
}

/** Takes webhooks while it waits for its state, and then is what that makes of it. */
export class WaitingTenant implements Tenant {
  readonly #awaited: Awaited;
  readonly #meanwhile: Meanwhile;
  readonly #life = new AbortController();
  /** Why it waits. */
  #failure: unknown;
  /** The last failure that was told. */
  #told = "";
  #tenant: Tenant | undefined;
  #isStarted = false;
  #takesOver = false;

  private constructor(awaited: Awaited, meanwhile: Meanwhile) {
    this.#awaited = awaited;
    this.#meanwhile = meanwhile;
  }

  /** Takes webhooks from now on. @param failure Why it waits. */
  static async begin(awaited: Awaited, failure: unknown): Promise<WaitingTenant> {
    const { app: { log }, served: { sections, options }, spool } = awaited;
    const intake = await Intake.open({
      add: (events) => spool === undefined ? Promise.reject(tenant.#failure) : spool.add(events),
      sizes: () => Promise.resolve([]),
    });
    const meanwhile: Meanwhile = {
      intake,
      receiver: {
        admission: createAdmission(options),
        webhooks: webhookSettings({ options, sections, log }, async (event) => {
          await intake.accept(event);
          meanwhile.accepted++;
        }),
        calls: new OpenCalls(),
      },
      metrics: new Metrics(),
      accepted: 0,
    };
    const tenant = new WaitingTenant(awaited, meanwhile);
    tenant.#note(failure);
    void tenant.#wait();
    return tenant;
  }

  get hasWebhooks(): boolean {
    return this.#awaited.served.hasWebhooks;
  }

  get isWaiting(): boolean {
    return this.#tenant === undefined;
  }

  get options(): Served["options"] {
    return this.#awaited.served.options;
  }

  get receiver(): Receiver {
    return this.#tenant?.receiver ?? this.#meanwhile.receiver;
  }

  get metrics(): Metrics {
    return this.#tenant?.metrics ?? this.#meanwhile.metrics;
  }

  readonly unready = (): string | undefined => {
    if (this.#tenant !== undefined) return this.#tenant.unready();
    if (this.#life.signal.aborted) return "ending";
    if (!mayPass(this.#failure)) return "the state cannot be used: see the log";
    if (this.#awaited.spool === undefined) return "the state cannot be reached: see the log";
    return this.#meanwhile.intake.failure === undefined ? undefined : cannotKeep;
  };

  readonly readSources = async (): Promise<MetricsSources> => {
    const { accepted } = this.#meanwhile;
    if (this.#tenant !== undefined) {
      const sources = await this.#tenant.readSources();
      return { ...sources, accepted: sources.accepted + accepted };
    }
    const { config, served, spool } = this.#awaited;
    return {
      sections: served.sections.map(({ name }) => name),
      scheduled: new Set(scheduledSections(config).map(({ name }) => name)),
      ...{ lastSuccess: undefined, inbox: undefined, accepted },
      spooled: spool?.spooled,
      isReady: () => this.unready() === undefined,
    };
  };

  takeOver(): void {
    this.#takesOver = true;
    this.#tenant?.takeOver();
  }

  start(): void {
    this.#isStarted = true;
    this.#tenant?.start();
  }

  end(lastCall: Promise<void>): Ending {
    this.#life.abort();
    if (this.#tenant !== undefined) return this.#tenant.end(lastCall);
    const all = lastCall.then(() => this.#meanwhile.intake.end());
    return { webhooks: all, all };
  }

  stopWork(reason: Error): void {
    this.#tenant?.stopWork(reason);
  }

  /** Does not wait for an attempt that is under way: a server may take long to say nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort();
    this.#meanwhile.intake.end();
    await this.#tenant?.[Symbol.asyncDispose]();
  }

  /** Tries until it is there. Never rejects. */
  async #wait(): Promise<void> {
    const { signal } = this.#life;
    while (!signal.aborted) {
      try {
        await sleep(mayPass(this.#failure) ? againMs : mendedMs, signal);
        // That the disk of the spool is full has to be known also while no events come.
        this.#meanwhile.intake.try();
        const tenant = await this.#awaited.open();
        return await (signal.aborted ? tenant[Symbol.asyncDispose]() : this.#begin(tenant));
      } catch (thrown) {
        if (!signal.aborted) this.#note(thrown);
      }
    }
  }

  #begin(tenant: Tenant): void {
    const { app: { log }, server } = this.#awaited;
    this.#tenant = tenant;
    if (this.#takesOver) tenant.takeOver();
    this.#meanwhile.intake.end();
    log.info(`PostgreSQL at ${server} answers: the service is at work`);
    if (this.#isStarted) tenant.start();
  }

  /** What may pass is told once, and what somebody has to mend by its words. */
  #note(failure: unknown): void {
    const { app: { log }, spool } = this.#awaited;
    const isPassing = mayPass(failure);
    const told = isPassing ? "away" : messageOf(failure);
    this.#failure = failure;
    spool?.hold(failure);
    if (told === this.#told) return log.debug(messageOf(failure));
    this.#told = told;
    if (isPassing) {
      const meanwhile = spool === undefined ? "refused" : `kept in ${spool.path}`;
      log.warning(
        `${
          messageOf(failure)
        }. The service waits for it and tries again; webhook events are ${meanwhile} until then`,
      );
      return;
    }
    const [line, ...details] = errorLines(failure, { verbose: false, mostFindings });
    const what = "The service cannot begin, and refuses webhook events until it can";
    log.error(`${what}: ${line}`, details);
  }
}
