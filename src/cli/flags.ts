/**
 * The flags that every command understands.
 *
 * @module
 */

import type { Environment } from "../base/environment.ts";
import { defaultWorkers } from "../app/context.ts";
import { mostParallel } from "../oomnitza/options.ts";
import { opt, optional, type Values } from "../sdk/option.ts";

/** Flags valid with every command, before or after its name. */
export const globalFlags = {
  "ini": opt.path(
    "The configuration file. For generate-ini, the file to write. By default config.ini beside the program, else in the working directory, else where the service has it (on Windows, there first).",
    { default: "" },
  ),
  "logging-config": opt.path(
    "Logging configuration in the format of Python's logging.config.dictConfig (JSON). By default logging.json beside the program or the state file when there is one, for upload and serve.",
    { default: "" },
  ),
  "log-dir": opt.path(
    "The folder of log files: info.log and errors.log, which upload and serve write when there is no logging configuration, and those that one names without a folder. none disables these two. By default the folder of the state file.",
    { default: "" },
  ),
  "state": opt.path(
    "State file, with the runs, the records that still have to be sent and those that were refused. By default that of the service for its configuration, else agent-state.sqlite beside the configuration file. Where [state] of the configuration names a PostgreSQL, the state is there; postgres://USER@HOST/DATABASE names another one, without a password.",
    { default: "" },
  ),
  "no-state": opt.flag(
    "Do not use the state file: records left by an earlier run are not sent, and records that cannot be sent are lost.",
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

/** Asks Oomnitza who made the changes that are shown. */
export const historyFlag = opt.flag(
  "Show who changed each field in Oomnitza last, and when: one request for each record shown.",
  { default: false },
);

/** How many sections run side by side, for the commands that run some. */
export function parallelFlag(otherwise: number) {
  return optional(opt.integer(
    `Sections that run side by side. Default: parallel of [oomnitza], else ${otherwise}.`,
    { minimum: 1, maximum: mostParallel },
  ));
}

/** Flags of an upload; those of the Python connector keep their meaning. */
export const uploadFlags = {
  "record-count": opt.integer("Maximum number of source records per section. 0 means no limit.", {
    default: 0,
  }),
  "singleton": opt.integer(
    "1 refuses to run while another upload with the same state file is running; 0 allows it. With a state in PostgreSQL, uploads of different sections run side by side, and one of the same section never.",
    {
      default: 1,
    },
  ),
  "workers": opt.integer("Concurrent requests to Oomnitza, per section.", {
    default: defaultWorkers,
    maximum: 256,
  }),
  "show-mappings": opt.flag(
    "Show the merged mappings of every enabled section and where each line comes from, then exit. Nothing is read or sent.",
    { default: false },
  ),
  "plan": opt.path(
    "Send exactly the contents of a plan file from agent plan --save, without naming sections. The plan is refused if anything has changed since.",
    { default: "" },
  ),
  "full": opt.flag(
    "Also send unchanged records, in sections with only_changed, and read all records, in sections with mode = changes.",
    { default: false },
  ),
  "accept": opt.flag("Also send what the guard would stop; check it with agent plan first.", {
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
