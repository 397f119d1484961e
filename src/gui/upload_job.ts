/**
 * Uploads that the pages begin: one at a time, in this process, the way `agent upload` does them.
 *
 * @module
 */
import { withConfig } from "../app/configuration.ts";
import type { AppContext } from "../app/context.ts";
import { uploadSections } from "../app/upload.ts";
import { withLock } from "../app/upload_lock.ts";
import { AgentError, ConfigError, type Finding } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import { createLog, type Log, type LogEntry } from "../logging/log.ts";
import type { Account } from "../sync/account.ts";
import { type SectionError, type SectionReport, toSectionError } from "../sync/report.ts";

/** How an upload is to go. */
export interface UploadOptions {
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
  /** When it began, in milliseconds of the clock of this process. */
  begunMs?: number;
  /** How it went, once it has ended. */
  report?: SectionReport;
}

/** An upload of some sections, running or ended. */
export interface UploadJob {
  readonly options: UploadOptions;
  readonly started: Date;
  readonly sections: readonly SectionProgress[];
  ended?: Date;
  isStopping: boolean;
  /** What kept it from beginning, or ended it as a whole. */
  error?: SectionError & { readonly findings: readonly Finding[] };
}

/** Lines of the log that are remembered. */
const rememberedLines = 500;

/** A log that writes into two. */
function both(one: Log, other: Log): Log {
  return {
    debug: (message) => (one.debug(message), other.debug(message)),
    info: (message) => (one.info(message), other.info(message)),
    warning: (message) => (one.warning(message), other.warning(message)),
    error: (message) => (one.error(message), other.error(message)),
    write: (entry) => (one.write(entry), other.write(entry)),
    named: (name) => both(one.named(name), other.named(name)),
  };
}

/** The running upload, and the last one. */
export class UploadJobs {
  readonly #app: AppContext;
  readonly #keepAwake: () => Disposable;
  /** Takes what work that is begun here logs; its last lines are remembered. */
  readonly log: Log;
  readonly #lines: LogEntry[] = [];
  #job: UploadJob | undefined;
  #running: Promise<void> | undefined;
  #stop = new AbortController();

  constructor(app: AppContext, keepAwake: () => Disposable) {
    this.#app = app;
    this.#keepAwake = keepAwake;
    const own = createLog("agent", app.redactor, [(entry) => this.#remember(entry)]);
    this.log = both(app.log, own);
  }

  /** The running upload, or the last one. */
  get job(): UploadJob | undefined {
    return this.#job;
  }

  /** Whether an upload is running. */
  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  /** The last lines of the log of what was begun here, redacted. */
  get lines(): readonly LogEntry[] {
    return this.#lines;
  }

  /**
   * Begins to upload sections, so many side by side as `parallel` of `[oomnitza]` says.
   *
   * @throws {AgentError} when an upload is running
   */
  start(names: readonly string[], options: UploadOptions): void {
    this.#begin();
    const job: UploadJob = {
      options,
      started: new Date(),
      sections: names.map((name) => ({ name })),
      isStopping: false,
    };
    this.#job = job;
    this.#running = this.#upload(job).finally(() => this.#running = undefined);
  }

  /** Does something else that must not go on beside an upload. */
  async runAlone<T>(work: (app: AppContext) => Promise<T>): Promise<T> {
    this.#begin();
    const awake = this.#keepAwake();
    const doing = withLock(true, this.#app, () => work(this.#context()));
    const finished = doing.then(() => {}, () => {});
    this.#running = finished.finally(() => this.#running = undefined);
    try {
      return await doing;
    } finally {
      awake[Symbol.dispose]();
    }
  }

  /** Ends the running upload; requests that were sent are still waited for. */
  stop(): void {
    if (this.#job !== undefined && this.isBusy) this.#job.isStopping = true;
    this.#stop.abort(
      new AgentError("Stopped on this page before the end", {
        hint: "What was not answered is sent first by the next upload.",
      }),
    );
  }

  /** Ends the running upload, and waits for it. */
  async end(): Promise<void> {
    this.stop();
    await this.#running;
  }

  #begin(): void {
    if (this.isBusy) {
      throw new AgentError("An upload is running already", { hint: "Wait for its end." });
    }
    this.#stop = new AbortController();
  }

  #remember(entry: LogEntry): void {
    if (entry.level === "debug") return;
    this.#lines.push(entry);
    if (this.#lines.length > rememberedLines) this.#lines.shift();
  }

  /** What is begun here is logged on its page, and ends when somebody stops it. */
  #context(): AppContext {
    const signal = AbortSignal.any([this.#app.signal, this.#stop.signal]);
    return { ...this.#app, log: this.log, signal };
  }

  async #upload(job: UploadJob): Promise<void> {
    const awake = this.#keepAwake();
    const app = this.#context();
    try {
      const names = job.sections.map(({ name }) => name);
      await withLock(
        true,
        app,
        () => withConfig(app, names, (config) => this.#run(app, config, job)),
      );
    } catch (thrown) {
      const findings = thrown instanceof ConfigError ? thrown.findings : [];
      job.error = { ...toSectionError(thrown), findings };
      this.log.error(job.error.message);
    } finally {
      job.ended = new Date();
      awake[Symbol.dispose]();
    }
  }

  async #run(app: AppContext, config: Config, { sections, options }: UploadJob): Promise<void> {
    const progressOf = (name: string) => sections.find((section) => section.name === name);
    await uploadSections(app, config, {
      ...options,
      sections: sections.map(({ name }) => name),
      onStart(name, account) {
        const progress = progressOf(name);
        if (progress === undefined) return;
        progress.account = account;
        progress.begunMs = performance.now();
      },
      onReport: (report) => {
        const progress = progressOf(report.section);
        if (progress !== undefined) progress.report = report;
        if (report.error !== null) this.log.error(`${report.section}: ${report.error.message}`);
      },
    });
  }
}
