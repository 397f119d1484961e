/**
 * One tenant of many, while its configuration comes, changes, breaks and goes.
 *
 * @module
 */

import { dirname } from "node:path";
import { withConfig } from "../app/configuration.ts";
import type { AppContext } from "../app/context.ts";
import type { TenantFile } from "../app/tenant_files.ts";
import { checkTenant, tenantContext } from "../app/tenant_rules.ts";
import { AgentError } from "../base/errors.ts";
import { errorLines } from "../logging/error.ts";
import { tenantLog } from "../logging/tenant.ts";
import { connectMeanwhile, type PatientUploads } from "./connection.ts";
import type { TenantCondition } from "./metrics_page.ts";
import { mostFindings } from "./scheduler.ts";
import type { SpoolFile } from "../state/spool.ts";
import { SpoolIntake } from "../state/spooled_inbox.ts";
import type { ServerTrials } from "./server_trials.ts";
import type { Tenant, TenantSettings, WorkingSettings } from "./tenant.ts";
import type { FairTurns } from "./turns.ts";
import { makeStateFolder } from "./state.ts";
import { openTenant, type PatientSettings } from "./open_tenant.ts";

/** What a tenant gets that all of them have. */
export interface SlotSettings {
  readonly app: AppContext;
  /** The address to listen on. */
  readonly host: string;
  /** Folder in which each tenant has one for its state. */
  readonly stateFolder: string;
  readonly working: WorkingSettings & Pick<TenantSettings, "limiters">;
  /** The turns of connecting to Oomnitza. */
  readonly connectTurns: FairTurns;
  /** The turns of scheduled runs. */
  readonly turns: FairTurns;
  /** The turns of batches of webhooks. */
  readonly webhookTurns: FairTurns;
  /** Where events wait while states are away; nothing where they are refused. */
  readonly spool: SpoolFile | undefined;
  readonly trials: ServerTrials;
}

/** A configuration at work, with what ends it. */
interface Running {
  readonly tenant: Tenant;
  /** Whether its events may come through the spool. */
  readonly usesSpool: boolean;
  /** Aborted when nothing more is to begin. */
  readonly ending: AbortController;
  /** Aborted when even running work is to end. */
  readonly stopping: AbortController;
  /** Closes the state and all that the configuration needed; fulfilled when that is done. */
  readonly close: () => Promise<void>;
}

/** For sections without webhooks: nobody asks for uploads. */
const noUploads: PatientUploads = { uploads: new Promise(() => {}), connected: undefined };

/** A tenant. Its methods are called one after another. */
export class TenantSlot {
  readonly name: string;
  readonly #settings: SlotSettings;
  #running: Running | undefined;
  /** Configurations that were replaced, until what they began has ended. */
  readonly #replaced = new Map<Running, Promise<void>>();
  /** Fulfilled when the configurations of before process no webhooks any more. */
  #handover: Promise<unknown> = Promise.resolve();
  /** Where events come in under all configurations whose states are in PostgreSQL. */
  #intake: SpoolIntake | undefined;
  /** The version of the file that was tried last. */
  #tried: string | undefined;
  /** Why that is not used. */
  #failure: string | undefined;

  constructor(name: string, settings: SlotSettings) {
    this.name = name;
    const { app } = settings;
    this.#settings = { ...settings, app: { ...app, log: tenantLog(app.log, name) } };
  }

  /** The configuration that takes calls; absent until the first could be used. */
  get tenant(): Tenant | undefined {
    return this.#running?.tenant;
  }

  get condition(): TenantCondition {
    const isConfigured = this.#tried !== undefined && this.#failure === undefined;
    return { tenant: this.name, isUp: this.#running !== undefined, isConfigured };
  }

  /** Whether a file is to be tried: it is another one, or could not be used. */
  isNews({ version }: TenantFile): boolean {
    return version !== this.#tried || this.#failure !== undefined;
  }

  /**
   * Uses a configuration from now on. When it has errors, the one before goes on. Never throws: what is wrong is
   * logged, once.
   */
  async use({ path, version }: TenantFile): Promise<void> {
    const { app: { log, signal } } = this.#settings;
    this.#tried = version;
    let next: Running;
    try {
      next = await this.#open(path);
    } catch (error) {
      if (!signal.aborted) this.#reportFailure(error);
      return;
    }
    this.#failure = undefined;
    const before = this.#running;
    // Calls that come from now on are for the new one.
    this.#running = next;
    next.tenant.takeOver();
    if (before !== undefined) {
      log.info("The configuration was changed: the new one is used for what begins from now on");
      this.#handover = Promise.all([this.#handover, this.#replace(before)]);
    }
    // However long that takes, other tenants are looked at meanwhile.
    void this.#handover.then(() => next.ending.signal.aborted || next.tenant.start());
  }

  /** Has nothing more begin; calls are still taken. */
  beginNothingMore(): void {
    this.#running?.ending.abort();
  }

  /** Ends it all. @param lastCall Fulfilled when no more calls come. */
  async end(lastCall: Promise<void>): Promise<void> {
    const running = this.#running;
    if (running !== undefined) await this.#finish(running, lastCall).all;
    await Promise.all(this.#replaced.values());
    this.#running = undefined;
    const { signal } = this.#settings.app;
    await this.#closeIntake(signal.aborted ? undefined : "when its file is there again");
  }

  /** Stops what is still running. */
  stopWork(reason: Error): void {
    for (const running of [...this.#replaced.keys(), ...(this.#running ? [this.#running] : [])]) {
      running.stopping.abort(reason);
      running.tenant.stopWork(reason);
    }
  }

  #reportFailure(error: unknown): void {
    const { log } = this.#settings.app;
    const [line, ...details] = errorLines(error, { verbose: false, mostFindings });
    const failure = [line, ...details].join("\n");
    if (failure === this.#failure) return;
    this.#failure = failure;
    const effect = this.#running === undefined
      ? "The tenant does not run"
      : "The tenant goes on with the configuration of before";
    log.error(`${effect}: ${line}`, details);
  }

  /** Ends a configuration, whose runs go on to their ends; fulfilled when it processes no webhooks any more. */
  #replace(before: Running): Promise<void> {
    const { webhooks, all } = this.#finish(before, before.tenant.receiver.calls.idle());
    const over = all.then(async () => {
      this.#replaced.delete(before);
      if (this.#running?.usesSpool === false) {
        await this.#closeIntake("when its state is in PostgreSQL and has a spool again");
      }
    });
    this.#replaced.set(before, over);
    return webhooks;
  }

  async #closeIntake(whenForwarded: string | undefined): Promise<void> {
    const intake = this.#intake;
    this.#intake = undefined;
    await intake?.close(whenForwarded);
  }

  /** Opens where events come in, unless that is open already. */
  #openIntake(): SpoolIntake | undefined {
    const { spool, app: { log } } = this.#settings;
    if (spool === undefined) return undefined;
    return this.#intake ??= new SpoolIntake({ spool: spool.of(this.name), log });
  }

  #finish(running: Running, lastCall: Promise<void>) {
    const { app: { log } } = this.#settings;
    running.ending.abort();
    const { webhooks, all } = running.tenant.end(lastCall);
    const report = (error: unknown) => log.error(errorLines(error, { verbose: false })[0]);
    const closed = all.catch(report).then(() => running.close()).catch(report);
    return { webhooks: webhooks.catch(() => {}), all: closed };
  }

  /** Opens a configuration. Throws when it cannot be used. */
  async #open(ini: string): Promise<Running> {
    const life = new AbortController();
    const app = this.#contextOf(ini, life.signal);
    const { promise, resolve, reject } = Promise.withResolvers<Running>();
    const over = Promise.withResolvers<void>();
    // What the secret stores have begun lasts as long as the configuration is used.
    const closed = withConfig(app, "all", async (config) => {
      const ending = new AbortController();
      const stopping = new AbortController();
      checkTenant(config, app.log, this.#settings.host);
      if (app.stateFile !== undefined) makeStateFolder(dirname(app.stateFile));
      let usesSpool = false;
      await using tenant = await openTenant(app, config, {
        ...this.#tenantSettings(ending, stopping),
        openIntake: ({ spool }) => {
          const intake = spool === "none" ? undefined : this.#openIntake();
          usesSpool = intake !== undefined;
          return intake;
        },
      });
      const close = async () => {
        life.abort(new AgentError("The configuration is not used any more"));
        over.resolve();
        await closed;
      };
      resolve({ tenant, usesSpool, ending, stopping, close });
      await over.promise;
    });
    closed.catch(reject);
    return await promise;
  }

  #contextOf(ini: string, life: AbortSignal): AppContext {
    const { app, stateFolder } = this.#settings;
    const signal = AbortSignal.any([app.signal, life]);
    return tenantContext({ ...app, signal }, { tenant: this.name, path: ini }, stateFolder);
  }

  #tenantSettings(
    ending: AbortController,
    stopping: AbortController,
  ): Omit<PatientSettings, "openIntake"> {
    const { working, turns, webhookTurns, connectTurns, trials } = this.#settings;
    return {
      ...working,
      isOnly: false,
      // Else the configuration of before takes the calls as long as its successor cannot.
      mayWait: this.#running?.tenant.isWaiting ?? true,
      trials,
      connect: (app, open, hasWebhooks) =>
        hasWebhooks
          ? connectMeanwhile(app, async () => {
            const opened = await connectTurns.take(this.name, open, app.signal);
            if (opened === undefined) throw app.signal.reason;
            return opened;
          })
          : noUploads,
      takeTurn: (work) => turns.take(this.name, work, ending.signal),
      takeWebhookTurn: (work) => webhookTurns.take(this.name, work, stopping.signal),
    };
  }
}
