/**
 * The file of the listener that many tenants share, while it comes, changes, breaks and goes.
 *
 * @module
 */

import { join } from "node:path";
import { type ListenerSettings, loadListenerSettings } from "../app/configuration.ts";
import type { AppContext } from "../app/context.ts";
import { listenerFile, readListenerFile } from "../app/tenant_files.ts";
import { errorLines } from "../logging/error.ts";
import type { ServeOptions } from "../settings/serve_options.ts";
import { mostFindings } from "./scheduler.ts";

/** Options that are taken when the agent begins: by the web server, and where the spool is opened. */
const fixed = ["cert", "key", "idle_seconds", "body_seconds", "spool"] as const;

/** Who is told of other options than those of before. */
export type UseOptions = (options: ServeOptions) => void;

/** The options of the listener, which follow its file. */
export class ListenerFile {
  readonly #app: AppContext;
  readonly #folder: string;
  /** What the web server was started with, and the spool. */
  readonly #begun: ListenerSettings;
  readonly #use: UseOptions;
  #options: ServeOptions;
  /** The version of the file that was tried last; blank when there was none. */
  #tried: string;
  /** Why that is not used. */
  #failure: string | undefined;
  /** Whether the file was missing at the last look: one that is being replaced is away for a moment. */
  #isMissing = false;
  /** What was said of the options that wait for a restart. */
  #told = "";

  private constructor(
    app: AppContext,
    folder: string,
    use: UseOptions,
    { version, ...begun }: ListenerSettings & { readonly version: string },
  ) {
    this.#app = app;
    this.#folder = folder;
    this.#use = use;
    this.#begun = begun;
    this.#options = begun.serve;
    this.#tried = version;
  }

  /**
   * Reads the file, which need not be there. What is read later goes to `use`.
   *
   * @throws {AgentError} when it has errors.
   */
  static async open(app: AppContext, folder: string, use: UseOptions): Promise<ListenerFile> {
    const context = { ...app, ini: join(folder, listenerFile), iniPlaces: undefined };
    const version = readListenerFile(folder)?.version ?? "";
    const settings = await loadListenerSettings(context);
    return new ListenerFile(context, folder, use, { version, ...settings });
  }

  /** The options in use. */
  get options(): ServeOptions {
    return this.#options;
  }

  /** The spool that it named when the agent began. */
  get spool(): string {
    return this.#begun.spool;
  }

  /**
   * Uses what the file says now. When it has errors, what it said before goes on. Never throws: what is wrong is
   * logged, once.
   *
   * @param isWritten Whether what was changed a moment ago is complete.
   * @returns whether nothing is to be looked at again soon.
   */
  async look(isWritten: (changed: number) => boolean): Promise<boolean> {
    const file = readListenerFile(this.#folder);
    const version = file?.version ?? "";
    if (version === this.#tried && this.#failure === undefined) return true;
    // Now missing for the first time counts as changed now.
    if (!isWritten(file?.changed ?? (this.#isMissing ? 0 : Date.now()))) {
      this.#isMissing = file === undefined;
      return false;
    }
    this.#isMissing = false;
    this.#tried = version;
    try {
      this.#take(await loadListenerSettings(this.#app));
    } catch (error) {
      this.#reportFailure(error);
    }
    return true;
  }

  #take({ serve: options, spool }: ListenerSettings): void {
    const { log } = this.#app;
    const hasFailed = this.#failure !== undefined;
    this.#failure = undefined;
    const begun = { ...this.#begun.serve, spool: this.#begun.spool };
    const now = { ...options, spool };
    const waiting = fixed.filter((option) => now[option] !== begun[option]);
    const told = JSON.stringify(waiting.map((option) => now[option]));
    if (waiting.length > 0 && told !== this.#told) {
      log.warning(
        `${waiting.join(", ")} in ${listenerFile}: changed, which needs a restart of the agent`,
      );
    }
    this.#told = told;
    const isSame = JSON.stringify(options) === JSON.stringify(this.#options);
    this.#options = options;
    if (isSame && !hasFailed) return;
    this.#use(options);
    log.info(`${listenerFile} was changed: the new one is used for calls from now on`);
  }

  #reportFailure(error: unknown): void {
    const { log, signal } = this.#app;
    if (signal.aborted) return;
    const [line, ...details] = errorLines(error, { verbose: false, mostFindings });
    const failure = [line, ...details].join("\n");
    if (failure === this.#failure) return;
    this.#failure = failure;
    log.error(`The listener goes on with the options of before: ${line}`, details);
  }
}
