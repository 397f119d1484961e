/**
 * The files that a command works with: as its flags name them, or where they are by default.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { AppContext } from "../app/context.ts";
import { isStateUrl } from "../app/state_location.ts";
import type { ServiceSettings } from "../os_service/manager.ts";
import { managerFor } from "../os_service/mod.ts";
import { isCompiled, programDirectory } from "../runtime/program.ts";
import type { FileLocation } from "./flags.ts";
import { runsLogFolder } from "./log.ts";

/** Where the service of this system has its files. */
export type ServiceFiles = Pick<ServiceSettings, "ini" | "state">;

/** The files of a command, and where its configuration was looked for. */
export interface Files
  extends Pick<AppContext, "ini" | "iniPlaces" | "stateFile" | "stateUrl" | "logFolder"> {
  /** Where files of runs belong that nobody names: beside the state file, else the configuration. */
  readonly dataFolder: string;
}

/**
 * Where a configuration file is looked for, in this order: beside the program, in the working directory,
 * and where the service has it. On Windows the working directory is last: schedulers and the terminals of
 * administrators begin in System32, and a folder of a user is no place to take commands from.
 */
function placesOfIni(
  directory: string,
  service: string | undefined,
  platform: NodeJS.Platform,
): string[] {
  const here = join(directory, "config.ini");
  const installed = service === undefined ? [] : [service];
  const places = [
    ...(isCompiled ? [join(programDirectory(directory), "config.ini")] : []),
    ...(platform === "win32" ? [...installed, here] : [here, ...installed]),
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
  { service, platform }: { service: ServiceFiles | undefined; platform: NodeJS.Platform },
): string | undefined {
  if (global["no-state"]) return undefined;
  if (global.state !== "" && !isStateUrl(global.state)) return resolve(directory, global.state);
  // The service makes it: made by hand, it would belong to another account. On Windows the folder gives
  // the service its rights, whoever makes the file.
  const made = (path: string) => existsSync(platform === "win32" ? dirname(path) : path);
  if (service?.ini === ini && made(service.state)) return service.state;
  return join(dirname(ini), "agent-state.sqlite");
}

/** Configuration, state and logs: where the flags put them, else where they are looked for. */
export function resolveFiles(
  location: FileLocation,
  service: ServiceFiles | undefined = managerFor(process.platform)?.defaults,
  platform: NodeJS.Platform = process.platform,
): Files {
  const { global, directory } = location;
  const places = placesOfIni(directory, service?.ini, platform);
  const ini = global.ini !== ""
    ? resolve(directory, global.ini)
    : places.find((place) => existsSync(place)) ?? join(directory, "config.ini");
  const stateFile = statePath(location, ini, { service, platform });
  const dataFolder = dirname(stateFile ?? ini);
  return {
    ini,
    iniPlaces: global.ini === "" ? places : undefined,
    stateFile,
    stateUrl: isStateUrl(location.global.state) ? location.global.state : undefined,
    dataFolder,
    logFolder: runsLogFolder(location, dataFolder),
  };
}

/** The folder that `--configs` names, and that of the states of its tenants: `--state`, or the same. */
export function tenantFolders(
  { global, directory, stateUrl }:
    & Pick<FileLocation, "global" | "directory">
    & Pick<Files, "stateUrl">,
  configs: string,
): { readonly folder: string; readonly stateFolder: string } {
  const folder = resolve(directory, configs);
  const isNamed = global.state !== "" && stateUrl === undefined;
  return { folder, stateFolder: isNamed ? resolve(directory, global.state) : folder };
}
