/**
 * The files that a command works with: as its flags name them, or where they are by default.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { AppContext } from "../app/context.ts";
import type { ServiceSettings } from "../os_service/manager.ts";
import { managerFor } from "../os_service/mod.ts";
import { programDirectory } from "../runtime/program.ts";
import type { FileLocation } from "./flags.ts";
import { runsLogFolder } from "./log.ts";

/** Where the service of this system has its files. */
export type ServiceFiles = Pick<ServiceSettings, "ini" | "state">;

/** The files of a command, and where its configuration was looked for. */
export interface Files extends Pick<AppContext, "ini" | "iniPlaces" | "stateFile" | "logFolder"> {
  /** Where files of runs belong that nobody names: beside the state file, else the configuration. */
  readonly dataFolder: string;
}

/** Where a configuration file is looked for, in this order; the last is where the service has it. */
function placesOfIni(directory: string, service: string | undefined): string[] {
  const places = [
    join(programDirectory(directory), "config.ini"),
    join(directory, "config.ini"),
    ...(service === undefined ? [] : [service]),
  ];
  return [...new Set(places)];
}

/**
 * The state file to use: the named one, else that of the service for its configuration when there is one,
 * else agent-state.sqlite beside the configuration file.
 */
function statePath(
  { global, directory }: FileLocation,
  ini: string,
  service: ServiceFiles | undefined,
): string | undefined {
  if (global["no-state"]) return undefined;
  if (global.state !== "") return resolve(directory, global.state);
  // The service makes it: made by hand, it would belong to another account.
  if (service?.ini === ini && existsSync(service.state)) return service.state;
  return join(dirname(ini), "agent-state.sqlite");
}

/** Configuration, state and logs: where the flags put them, else where they are looked for. */
export function resolveFiles(
  location: FileLocation,
  service: ServiceFiles | undefined = managerFor(process.platform)?.defaults,
): Files {
  const { global, directory } = location;
  const places = placesOfIni(directory, service?.ini);
  const ini = global.ini !== ""
    ? resolve(directory, global.ini)
    : places.find((place) => existsSync(place)) ?? join(directory, "config.ini");
  const stateFile = statePath(location, ini, service);
  const dataFolder = dirname(stateFile ?? ini);
  return {
    ini,
    iniPlaces: global.ini === "" ? places : undefined,
    stateFile,
    dataFolder,
    logFolder: runsLogFolder(location, dataFolder),
  };
}
