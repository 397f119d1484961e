/**
 * The flags that every command understands.
 *
 * @module
 */

import type { Environment } from "../base/environment.ts";
import { defaultWorkers } from "../app/context.ts";
import { opt, type Values } from "../sdk/option.ts";

/** Flags valid with every command, before or after its name. */
export const globalFlags = {
  "ini": opt.path(
    "The configuration file. For generate-ini, the file to write. By default config.ini beside the program, else in the working directory, else where the service has it.",
    { default: "" },
  ),
  "logging-config": opt.path(
    "Where log lines go, in the form of Python's logging.config.dictConfig (JSON). By default logging.json beside the program or the state file when there is one, for upload and serve.",
    { default: "" },
  ),
  "log-dir": opt.path(
    "The folder of log files: info.log and errors.log, which upload and serve write when there is no logging configuration, and those that one names without a folder. none writes no such two. By default the folder of the state file.",
    { default: "" },
  ),
  "state": opt.path(
    "The file in which the agent remembers runs, records that still have to be sent and those that were refused. By default that of the service for its configuration, else agent-state.sqlite beside the configuration file.",
    { default: "" },
  ),
  "no-state": opt.flag(
    "Remember nothing and finish nothing that an earlier run left: what cannot be sent is lost.",
    { default: false },
  ),
  "verbose": opt.flag("Also show debug lines, and the stack trace of an error.", {
    default: false,
  }),
  "quiet": opt.flag("Show warnings and errors only.", { default: false }),
  "output": opt.choice("text for people, json for programs.", ["text", "json"], {
    default: "text",
  }),
  "help": opt.flag("Show the help of a command.", { default: false }),
  "version": opt.flag("Show the version and exit.", { default: false }),
} as const;

/** The values of {@linkcode globalFlags}. */
export type GlobalFlags = Values<typeof globalFlags>;

/** What says where files are. */
export interface FileLocation {
  readonly global: GlobalFlags;
  readonly env: Environment;
  /** Working directory, absolute. */
  readonly directory: string;
}

/** Flags of an upload; those of the Python connector keep their meaning. */
export const uploadFlags = {
  "record-count": opt.integer("Stop after so many source records per section. 0 means no limit.", {
    default: 0,
  }),
  "singleton": opt.integer(
    "1 refuses to run beside another upload with the same state file, 0 allows it.",
    {
      default: 1,
    },
  ),
  "workers": opt.integer("Requests to Oomnitza under way at once, per section.", {
    default: defaultWorkers,
    maximum: 256,
  }),
  "show-mappings": opt.flag(
    "Show the merged mappings of every enabled section and where each line comes from, then exit. Nothing is read or sent.",
    { default: false },
  ),
  "plan": opt.path(
    "Send exactly what a plan holds that agent plan --save wrote, and name no sections. A plan is refused when anything changed since.",
    { default: "" },
  ),
  "full": opt.flag("Send also what did not change, in sections with only_changed.", {
    default: false,
  }),
  "accept": opt.flag("Send also what the guard would stop; look at it with agent plan first.", {
    default: false,
  }),
  "testmode": opt.flag("Show what would be sent, as JSON, and send nothing.", { default: false }),
  "save-data": opt.flag(
    "Write source records and payloads into the folder saved_data of the working directory.",
    {
      default: false,
    },
  ),
} as const;
