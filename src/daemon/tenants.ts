/**
 * Many tenants in one process: a configuration file each, one listener, and fair shares of the work.
 *
 * @module
 */

import type { AppContext } from "../app/context.ts";
import {
  listenerFile,
  readTenantFolder,
  type RefusedFile,
  type TenantFile,
} from "../app/tenant_files.ts";
import { AgentError, messageOf } from "../base/errors.ts";
import { mapOrdered } from "../base/iteration.ts";
import { RateLimiters } from "../sdk/http/rate_limiter.ts";
import { PgServers } from "../state/postgres/servers.ts";
import type { Receiver } from "./app.ts";
import { Counters } from "./counters.ts";
import { ListenerFile } from "./listener_file.ts";
import { rulesOf } from "./listener_rules.ts";
import { announce, type ListeningSettings, startListener } from "./listener.ts";
import { type MetricsPart, renderMetrics } from "./metrics_page.ts";
import { watchOver } from "./process.ts";
import type { Tenant, WorkingSettings } from "./tenant.ts";
import { type SlotSettings, TenantSlot } from "./tenant_slot.ts";
import type { SpoolFile } from "../state/spool.ts";
import { ServerTrials } from "./server_trials.ts";
import { openSharedSpool, tellOthers } from "./spools.ts";
import { FairTurns } from "./turns.ts";

/** How the daemon is to run for many tenants. */
export interface TenantsSettings
  extends ListeningSettings, Pick<WorkingSettings, "workers" | "isSingle"> {
  /** Folder of the configuration files, absolute. */
  readonly folder: string;
  /** Folder in which each tenant has one for its state, absolute. */
  readonly stateFolder: string;
  /** Scheduled sections of all tenants that run side by side, and batches of webhooks likewise. */
  readonly parallel: number;
  /** Calls what it is given whenever the files are to be looked at. */
  readonly onReload: (look: () => void) => void;
}

/** The files are looked at this often, in milliseconds. */
const lookMs = 60_000;
/** A file that was changed less than so many milliseconds ago may still be being written. */
const settleMs = 1000;
/** Configurations that are opened at once. */
const openWidth = 16;
/** Tenants that connect to Oomnitza at once. */
const connectWidth = 64;

/** The tenants of a folder, as its files come, change and go. */
class Tenants {
  readonly #settings: TenantsSettings;
  readonly #slotSettings: SlotSettings;
  readonly #listener: ListenerFile;
  readonly #slots = new Map<string, TenantSlot>();
  /** Tenants whose file is gone, until what they began has ended. */
  readonly #leaving = new Map<TenantSlot, Promise<void>>();
  /** Missing since the last look: a file that is being replaced is away for a moment. */
  #missing = new Set<string>();
  #refused = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: Promise<void> | undefined;
  #isAsked = false;
  /** Whether nobody is writing the files. */
  #areDone = false;
  #isStarted = false;
  #isEnding = false;

  constructor(settings: TenantsSettings, slotSettings: SlotSettings, listener: ListenerFile) {
    this.#settings = settings;
    this.#listener = listener;
    this.#slotSettings = slotSettings;
  }

  get slots(): readonly TenantSlot[] {
    return [...this.#slots.values()];
  }

  find(name: string): TenantSlot | undefined {
    return this.#slots.get(name);
  }

  /** Those that work, by name. */
  get running(): ReadonlyMap<string, Tenant> {
    return new Map(
      this.slots.flatMap(({ name, tenant }) => tenant === undefined ? [] : [[name, tenant]]),
    );
  }

  /** Why no events are taken, nothing when they are. */
  unready(): string | undefined {
    if (this.#isEnding) return "ending";
    if (!this.#isStarted) return "starting";
    const takers = [...this.running.values()].filter(({ hasWebhooks }) => hasWebhooks);
    const reasons = takers.map((tenant) => tenant.unready());
    return reasons.every((reason) => reason !== undefined) ? reasons[0] : undefined;
  }

  /**
   * Looks at the files now; when that is under way, once more afterwards.
   *
   * @param areDone Whether somebody says that nobody is writing them at the moment.
   */
  look({ areDone }: { readonly areDone: boolean }): Promise<void> {
    this.#isAsked = !this.#isEnding;
    this.#areDone ||= areDone;
    this.#looking ??= this.#lookWhileAsked().finally(() => this.#looking = undefined);
    return this.#looking;
  }

  /** Ends all tenants. @param lastCall Fulfilled when no more calls come. */
  async end(lastCall: Promise<void>): Promise<void> {
    this.#isEnding = true;
    clearTimeout(this.#timer);
    for (const slot of this.slots) slot.beginNothingMore();
    await this.#looking;
    await Promise.all([...this.slots.map((slot) => slot.end(lastCall)), ...this.#leaving.values()]);
  }

  /** Stops what is still running. */
  stopWork(reason: Error): void {
    for (const slot of [...this.slots, ...this.#leaving.keys()]) slot.stopWork(reason);
  }

  async #lookWhileAsked(): Promise<void> {
    const { log } = this.#slotSettings.app;
    clearTimeout(this.#timer);
    let isSettled = true;
    while (this.#isAsked && !this.#isEnding) {
      const areDone = this.#areDone;
      this.#isAsked = false;
      this.#areDone = false;
      try {
        isSettled = await this.#compare(areDone);
      } catch (error) {
        // What runs goes on: the folder may be on a disk that is away for a moment.
        log.error(messageOf(error));
      }
    }
    if (!this.#isStarted) this.#tellStart();
    this.#isStarted = true;
    if (this.#isEnding) return;
    const look = () => void this.look({ areDone: false });
    this.#timer = setTimeout(look, isSettled ? lookMs : settleMs);
  }

  #tellStart(): void {
    const faulty = this.slots.filter(({ condition }) => !condition.isConfigured).length;
    const word = `Tenants at work: ${this.slots.length - faulty}`;
    const { app: { log }, spool } = this.#slotSettings;
    if (spool !== undefined) tellOthers(spool, (name) => this.#slots.has(name), log);
    log.info(
      faulty === 0 ? word : `${word}; not at work, as their configurations have errors: ${faulty}`,
    );
  }

  /** Takes up what is new; gives whether nothing is to be looked at again soon. */
  async #compare(areDone: boolean): Promise<boolean> {
    const isUsed = await this.#listener.look((changed) => areDone || isSettled(changed));
    const { files, refused } = readTenantFolder(this.#settings.folder);
    this.#tellRefused(refused);
    const isGone = this.#leave(new Set(files.map(({ tenant }) => tenant)), areDone);
    const news = files.filter((file) => this.#slots.get(file.tenant)?.isNews(file) ?? true);
    // One that comes back waits until its end is over: both would work on the same events.
    const leaving = new Set([...this.#leaving.keys()].map(({ name }) => name));
    const ready = news.filter(({ changed }) => areDone || isSettled(changed))
      .filter(({ tenant }) => !leaving.has(tenant));
    const used = mapOrdered(ready, openWidth, async (file) => {
      if (!this.#isEnding) await this.#slotOf(file).use(file);
    });
    for await (const _ of used);
    return isUsed && isGone && ready.length === news.length;
  }

  #tellRefused(refused: readonly RefusedFile[]): void {
    const lines = refused.map(({ name, reason }) => `${name} ${reason}`);
    const text = lines.join("\n");
    if (text === this.#refused) return;
    this.#refused = text;
    for (const line of lines) this.#slotSettings.app.log.error(line);
  }

  #slotOf({ tenant }: TenantFile): TenantSlot {
    const slot = this.#slots.get(tenant) ?? new TenantSlot(tenant, this.#slotSettings);
    this.#slots.set(tenant, slot);
    return slot;
  }

  /** Ends tenants whose files are gone; gives whether none is missing only since now. */
  #leave(there: ReadonlySet<string>, areDone: boolean): boolean {
    const missing = this.slots.filter(({ name }) => !there.has(name));
    const gone = missing.filter(({ name }) => areDone || this.#missing.has(name));
    this.#missing = new Set(missing.map(({ name }) => name));
    for (const slot of gone) this.#leaving.set(slot, this.#remove(slot));
    return gone.length === missing.length;
  }

  async #remove(slot: TenantSlot): Promise<void> {
    const { log } = this.#slotSettings.app;
    this.#slots.delete(slot.name);
    log.info(`${slot.name} is ended: its file is gone`);
    const { tenant } = slot;
    const drainMs = (tenant?.options.drain_seconds ?? 0) * 1000;
    const timer = setTimeout(
      () => slot.stopWork(new AgentError("The file of the tenant is gone")),
      drainMs,
    );
    await slot.end(tenant?.receiver.calls.idle() ?? Promise.resolve());
    clearTimeout(timer);
    this.#leaving.delete(slot);
  }
}

function isSettled(changed: number): boolean {
  const age = Date.now() - changed;
  // A clock that was set: nobody knows.
  return age < 0 || age >= settleMs;
}

/** The tenant that a path names: its last segment but one. */
function tenantInPath(path: string): string {
  return path.split("/").at(-2) ?? "";
}

function receiverFor(
  tenants: Tenants,
  nobody: () => Receiver,
): (path: string) => Receiver | string {
  return (path) => {
    const slot = tenants.find(tenantInPath(path));
    if (slot === undefined) return tenants.unready() === "starting" ? "starting" : nobody();
    if (slot.tenant === undefined) return "the tenant does not run: see the log of the agent";
    return slot.tenant.hasWebhooks ? slot.tenant.receiver : nobody();
  };
}

/** The metrics of those tenants whose states can be read. */
async function readParts(tenants: Tenants, { log }: Pick<AppContext, "log">) {
  const parts: MetricsPart[] = [];
  const read = mapOrdered(
    tenants.running,
    openWidth,
    async ([tenant, { metrics, readSources }]) => {
      try {
        parts.push({ tenant, metrics, sources: await readSources() });
      } catch (error) {
        log.error(`No metrics of ${tenant}: ${messageOf(error)}`);
      }
    },
  );
  for await (const _ of read);
  return parts;
}

/** How many events are in the spool of tenants that do not take them from there. */
function unservedEvents(
  spool: SpoolFile,
  parts: readonly MetricsPart[],
): ReadonlyMap<string, number> {
  const served = new Set(
    parts.flatMap(({ tenant, sources }) => sources.spooled === undefined ? [] : [tenant]),
  );
  return new Map([...spool.counts()].filter(([tenant]) => !served.has(tenant)));
}

function openTenants(
  app: AppContext,
  settings: TenantsSettings,
  listener: ListenerFile,
  spool: SpoolFile | undefined,
): Tenants {
  const { host, stateFolder, workers, parallel, isSingle } = settings;
  return new Tenants(settings, {
    app: { ...app, servers: new PgServers() },
    ...{ host, stateFolder },
    working: { workers, isSingle, limiters: new RateLimiters() },
    turns: new FairTurns(parallel),
    webhookTurns: new FairTurns(parallel),
    connectTurns: new FairTurns(connectWidth),
    ...{ spool, trials: new ServerTrials() },
  }, listener);
}

/**
 * Runs every configuration of a folder until the signal of the context ends it, in good order. What is wrong
 * with one stops no other.
 *
 * @throws {AgentError} when it cannot begin: the folder, the listener's file, the port.
 */
export async function runTenants(app: AppContext, settings: TenantsSettings): Promise<void> {
  const { host, port, folder, onReload } = settings;
  readTenantFolder(folder);
  const file = await ListenerFile.open(app, folder, (changed) => {
    rules = rulesOf(changed, app);
    listener.use(changed);
  });
  let rules = rulesOf(file.options, app);
  const named = `spool in [state] of ${listenerFile}`;
  const spool = openSharedSpool(file.spool, settings.stateFolder, named);
  using _closing = { [Symbol.dispose]: () => spool?.close() };
  const tenants = openTenants(app, settings, file, spool);
  const counters = new Counters();
  const listener = startListener({
    ...{ host, port, options: file.options, counters, log: app.log },
    receiverOf: receiverFor(tenants, () => rules.nobody),
    watchersNow: () => rules.watchers,
    unready: () => tenants.unready(),
    metrics: async () => {
      const parts = await readParts(tenants, app);
      return await renderMetrics(
        {
          counters,
          tenants: tenants.slots.map(({ condition }) => condition),
          unserved: spool && unservedEvents(spool, parts),
        },
        parts,
      );
    },
  });
  announce(listener, app.log, settings);
  const look = () => void tenants.look({ areDone: true });
  onReload(look);
  look();
  await watchOver({
    app,
    end: () => tenants.end(listener.drain()),
    drainMs: () => (file.options.drain_delay + file.options.drain_seconds) * 1000,
    stopWork: (reason) => tenants.stopWork(reason),
  });
}
