/**
 * Uploads that the pages begin: one at a time, in this process, the way `agent upload` does them.
 *
 * @module
 */
import { AgentError, ConfigError, type Finding } from "../base/errors.ts";
import { createLog, type Log, type LogEntry } from "../logging/log.ts";
import { chooseSections, type Plan } from "../config/plan.ts";
import type { Account } from "../sync/account.ts";
import { faultOf, type SectionFault, type SectionReport } from "../sync/report.ts";
import { openSession, openStore, type Session, type SessionContext } from "../app/session.ts";
import { withLock } from "../app/upload_lock.ts";
import type { StateStore } from "../state/store.ts";
import type { DeskSettings } from "./context.ts";
import type { IniFile } from "./ini_file.ts";

/** How an upload is to go. */
export interface HowToUpload {
  /** Sends also what did not change. */
  readonly full: boolean;
  /** Lets everything pass that the guard would stop. */
  readonly accept: boolean;
}

/** How far a section is. */
export interface SectionProgress {
  readonly name: string;
  /** Its account so far, once it has begun. */
  account?: Account;
  /** How it went, once it has ended. */
  report?: SectionReport;
}

/** An upload of some sections, under way or ended. */
export interface Job {
  readonly how: HowToUpload;
  readonly started: Date;
  readonly sections: readonly SectionProgress[];
  ended?: Date;
  isStopping: boolean;
  /** What kept it from beginning, or ended it as a whole. */
  fault?: SectionFault & { readonly findings: readonly Finding[] };
}

/** What uploading needs of the desk. */
export interface WorkSettings
  extends Pick<DeskSettings, "state" | "log" | "redactor" | "signal" | "withPlan"> {
  /** Reads the configuration file as it is now. */
  read(): IniFile;
  /** Keeps the program from stopping for idleness until it is disposed of. */
  keepAwake(): Disposable;
}

/** Lines of the log that are remembered. */
const rememberedLines = 500;

/** Requests to Oomnitza under way at once, as `agent upload` has it by default. */
const workers = 2;

/** A log that writes into two. */
function both(one: Log, other: Log): Log {
  return {
    debug: (message) => (one.debug(message), other.debug(message)),
    info: (message) => (one.info(message), other.info(message)),
    warning: (message) => (one.warning(message), other.warning(message)),
    error: (message) => (one.error(message), other.error(message)),
    named: (name) => both(one.named(name), other.named(name)),
  };
}

/** What the GUI does, and what it did last. */
export class Work {
  readonly #settings: WorkSettings;
  readonly #log: Log;
  readonly #lines: LogEntry[] = [];
  #job: Job | undefined;
  #running: Promise<void> | undefined;
  #stop = new AbortController();

  constructor(settings: WorkSettings) {
    this.#settings = settings;
    const own = createLog("agent", settings.redactor, [(entry) => this.#remember(entry)]);
    this.#log = both(settings.log, own);
  }

  /** The upload under way, or the last one. */
  get job(): Job | undefined {
    return this.#job;
  }

  /** Whether an upload is under way. */
  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  /** The last lines of the log of what was begun here, redacted. */
  get lines(): readonly LogEntry[] {
    return this.#lines;
  }

  /** What work that is begun here is done with; its log lines are remembered. */
  get context(): SessionContext {
    const { redactor, signal, state } = this.#settings;
    const ends = AbortSignal.any([signal, this.#stop.signal]);
    return { log: this.#log, redactor, signal: ends, stateFile: state };
  }

  /**
   * Begins to upload sections, one after the other.
   *
   * @throws {AgentError} when an upload is under way
   */
  start(names: readonly string[], how: HowToUpload): void {
    this.#begin();
    const job: Job = {
      how,
      started: new Date(),
      sections: names.map((name) => ({ name })),
      isStopping: false,
    };
    this.#job = job;
    this.#running = this.#upload(job).finally(() => this.#running = undefined);
  }

  /** Does something else that must not go on beside an upload. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    this.#begin();
    const awake = this.#settings.keepAwake();
    const doing = withLock(true, work);
    const settled = doing.then(() => {}, () => {});
    this.#running = settled.finally(() => this.#running = undefined);
    try {
      return await doing;
    } finally {
      awake[Symbol.dispose]();
    }
  }

  /** Ends the upload under way; what Oomnitza was asked already is still waited for. */
  stop(): void {
    if (this.#job !== undefined && this.isBusy) this.#job.isStopping = true;
    this.#stop.abort();
  }

  /** Ends what is under way, and waits for it. */
  async end(): Promise<void> {
    this.stop();
    await this.#running;
  }

  #begin(): void {
    if (this.isBusy) {
      throw new AgentError("Something is under way already", { hint: "Wait for its end." });
    }
    this.#stop = new AbortController();
  }

  #remember(entry: LogEntry): void {
    if (entry.level === "debug") return;
    this.#lines.push(entry);
    if (this.#lines.length > rememberedLines) this.#lines.shift();
  }

  async #upload(job: Job): Promise<void> {
    const { read, withPlan, keepAwake } = this.#settings;
    const awake = keepAwake();
    try {
      const names = job.sections.map(({ name }) => name);
      const { document } = read();
      await withLock(true, () => withPlan(document, names, (plan) => this.#run(job, plan)));
    } catch (thrown) {
      const findings = thrown instanceof ConfigError ? thrown.findings : [];
      job.fault = { ...faultOf(thrown), findings };
      this.#log.error(job.fault.message);
    } finally {
      job.ended = new Date();
      awake[Symbol.dispose]();
    }
  }

  async #run(job: Job, plan: Plan): Promise<void> {
    const { context } = this;
    const names = job.sections.map(({ name }) => name);
    const { chosen } = chooseSections(plan, names);
    using state = openStore(context, plan);
    const session = await openSession(context, plan, chosen);
    for (const prepared of await session.prepare()) {
      if (context.signal.aborted) break;
      const section = job.sections.find(({ name }) => name === prepared.section.name);
      if (section !== undefined) await runOne(session, prepared, section, job.how, state.store);
      const error = section?.report?.error;
      if (error) this.#log.error(`${section?.name}: ${error.message}`);
    }
  }
}

async function runOne(
  session: Session,
  prepared: Parameters<Session["run"]>[0],
  section: SectionProgress,
  how: HowToUpload,
  store: StateStore | undefined,
): Promise<void> {
  section.report = await session.run(prepared, {
    ...how,
    workers,
    recordCount: 0,
    store,
    onStart: (_name, account) => section.account = account,
  });
}
