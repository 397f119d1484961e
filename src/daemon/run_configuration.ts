/**
 * The configuration of scheduled runs: read anew for each, so that secrets may change.
 *
 * @module
 */

import { readOwnIni, withDocument } from "../app/configuration.ts";
import type { AppContext } from "../app/context.ts";
import { ConfigError } from "../base/errors.ts";
import { chooseSections } from "../config/choose.ts";
import type { Config } from "../config/config.ts";
import type { IniDocument } from "../config/ini.ts";
import { ConfigMemory } from "../config/memory.ts";
import { errorLines } from "../logging/error.ts";
import { mostFindings } from "./scheduler.ts";

/** The file as it is now has errors that stop a section. */
class BrokenFile extends Error {
  readonly fault: unknown;

  constructor(fault: unknown) {
    super("The configuration file has errors", { cause: fault });
    this.fault = fault;
  }
}

/** What stops a section, but for its not being enabled: that is what somebody wants. */
function faultOf(config: Config, section: string): ConfigError | undefined {
  if (!config.fatal && config.oomnitza !== undefined && !config.broken.has(section)) {
    return undefined;
  }
  try {
    chooseSections(config, [section]);
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

/** Gets why a section runs by the configuration of before, and nothing when it runs by the file as it is. */
export type OnFault = (section: string, reason: string | undefined) => void;

/** The configuration file, and while it is broken the last one that could be used. */
export class RunConfiguration {
  readonly #log: AppContext["log"];
  readonly #memory = new ConfigMemory();
  /** What could be used last. */
  #usable: IniDocument;
  /** Why the file as it is now is not used; blank when it is. */
  #told = "";
  readonly #onFault: OnFault;

  /** @throws {ConfigError} when the file cannot be read. */
  constructor(app: AppContext, onFault: OnFault) {
    this.#log = app.log;
    this.#onFault = onFault;
    this.#usable = readOwnIni(app, this.#memory);
  }

  /**
   * Does some work for a section with the file as it is now; when that has errors which it had not before, with
   * the one of before.
   *
   * @throws {AgentError} when neither can be used, and what the work throws.
   */
  async use<T>(
    app: AppContext,
    section: string,
    work: (config: Config) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.#useFile(app, section, work);
    } catch (error) {
      if (!(error instanceof BrokenFile)) throw error;
      this.#onFault(section, this.#tell(error.fault));
      return await withDocument(app, this.#usable, [section], work, this.#memory);
    }
  }

  async #useFile<T>(
    app: AppContext,
    section: string,
    work: (config: Config) => Promise<T>,
  ): Promise<T> {
    const document = this.#read(app);
    return await withDocument(app, document, [section], (config) => {
      const fault = document === this.#usable ? undefined : faultOf(config, section);
      if (fault !== undefined) throw new BrokenFile(fault);
      this.#usable = document;
      if (this.#told !== "") this.#log.info("The configuration can be used again");
      this.#told = "";
      this.#onFault(section, undefined);
      return work(config);
    }, this.#memory);
  }

  #read(app: AppContext): IniDocument {
    try {
      return readOwnIni(app, this.#memory);
    } catch (error) {
      throw new BrokenFile(error);
    }
  }

  /** Logs a fault once; gives what to say of it. */
  #tell(fault: unknown): string {
    const [line, ...details] = errorLines(fault, { verbose: false, mostFindings });
    const effect = `Scheduled runs go on with the configuration of before: ${line}`;
    const told = [effect, ...details].join("\n");
    if (told !== this.#told) this.#log.error(effect, details);
    this.#told = told;
    return told;
  }
}
