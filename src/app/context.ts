/**
 * What every use case works with, whoever calls it: the command line, the GUI or the service.
 *
 * @module
 */

import type { Environment } from "../base/environment.ts";
import type { Redactor } from "../base/redact.ts";
import type { Log } from "../logging/log.ts";
import type { Source } from "../sdk/source.ts";
import type { PgServers } from "../state/postgres/servers.ts";

/** What every use case works with. */
export interface AppContext {
  readonly log: Log;
  readonly redactor: Redactor;
  /** Aborted when the work is to end. */
  readonly signal: AbortSignal;
  readonly env: Environment;
  /** The working directory, absolute: relative paths that somebody names begin there. */
  readonly directory: string;
  /** The sources that a configuration may name. */
  readonly sources: readonly Source[];
  /** Absolute path of the configuration file, which need not be there yet. */
  readonly ini: string;
  /** Where the configuration was looked for, in this order; absent when it was named. */
  readonly iniPlaces?: readonly string[] | undefined;
  /**
   * Absolute path of the state file, beside which temporary files are kept; absent when nothing is remembered.
   * The state itself may be in PostgreSQL: `findState` says where it is.
   */
  readonly stateFile: string | undefined;
  /** The PostgreSQL that was named for the state, without a password; absent when the configuration names it. */
  readonly stateUrl?: string | undefined;
  /** The tenant that the configuration is of; absent where that is for the configuration to say. */
  readonly tenant?: string | undefined;
  /** Connections to PostgreSQL that several states share; absent where each has its own. */
  readonly servers?: PgServers | undefined;
  /** Absolute path of the folder with the log files of runs; absent when none are written. */
  readonly logFolder: string | undefined;
  /** Called by what runs for months when it does its work; absent when nobody waits for it. */
  readonly onReady?: (() => void) | undefined;
}

/** Requests to Oomnitza that are in flight at once, per section, unless somebody says otherwise. */
export const defaultWorkers = 2;
