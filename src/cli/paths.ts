/**
 * The files that a command works with: as its flags name them, or where they are by default.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { AppContext } from "../app/context.ts";
import { programDirectory } from "../runtime/program.ts";
import { type LogLocation, runsLogFolder } from "./log.ts";

/** The configuration file to use: the named one, else config.ini beside the program, else here. */
function iniPath({ global, directory }: LogLocation): string {
  if (global.ini !== "") return resolve(directory, global.ini);
  const beside = join(programDirectory(directory), "config.ini");
  return existsSync(beside) ? beside : join(directory, "config.ini");
}

/** The state file to use: the named one, else agent-state.sqlite beside the configuration file. */
function statePath({ global, directory }: LogLocation, ini: string): string | undefined {
  if (global["no-state"]) return undefined;
  return global.state === ""
    ? join(dirname(ini), "agent-state.sqlite")
    : resolve(directory, global.state);
}

/** Configuration, state and logs: where the flags put them, else beside the program or here. */
export function resolveFiles(
  location: LogLocation,
): Pick<AppContext, "ini" | "stateFile" | "logFolder"> {
  const ini = iniPath(location);
  return {
    ini,
    stateFile: statePath(location, ini),
    logFolder: runsLogFolder(location),
  };
}
