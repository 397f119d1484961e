/**
 * Where the state is: in a file of this machine, or in the PostgreSQL that `[state]` names.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import type { StateSettings } from "../config/state_section.ts";
import { parsePgUrl, type PgTarget } from "../state/postgres/target.ts";
import { loadStateSettings } from "./configuration.ts";
import type { AppContext } from "./context.ts";

/** A server that keeps the state, and how it is used. */
export interface ServerLocation {
  readonly kind: "postgres";
  readonly server: PgTarget;
  readonly settings: StateSettings;
}

/** Where the state is; `none` where nothing is remembered. */
export type StateLocation =
  | { readonly kind: "none" }
  | { readonly kind: "file"; readonly path: string }
  | ServerLocation;

/** What says where the state is. */
export type StateContext = Pick<
  AppContext,
  | "directory"
  | "env"
  | "ini"
  | "iniPlaces"
  | "log"
  | "redactor"
  | "signal"
  | "sources"
  | "stateFile"
  | "stateUrl"
  | "tenant"
  | "servers"
>;

/** Whether a text of `--state` names a server and not a file. */
export function isStateUrl(text: string): boolean {
  return /^postgres(ql)?:/i.test(text);
}

/**
 * The server that `--state` names. Command lines can be seen by everybody on a machine: the password comes
 * from the configuration.
 *
 * @throws {UsageError} when the URL has a password.
 */
function serverOfFlag(url: string, { password, server }: StateSettings): PgTarget {
  const named = parsePgUrl(url);
  if (named.password !== "") {
    throw new UsageError(
      "The URL of the state may not hold a password on the command line: other accounts can read it",
      {
        hint: "Leave it out, and write password = ${env:NAME} into [state] of the configuration.",
      },
    );
  }
  const isSame = server !== undefined && server.name === named.name && server.user === named.user;
  return { ...named, password: isSame ? server.password : password };
}

/**
 * Finds out where the state is: `--no-state` means nowhere, a URL in `--state` comes before `url` of
 * `[state]`, and that before a file.
 *
 * @param config The configuration, where it was read; else only its `[state]` is.
 * @throws {ConfigError} when `[state]` has errors: to begin with an empty state instead would send
 * everything again.
 */
export async function findState(
  app: StateContext,
  config?: Pick<Config, "state">,
): Promise<StateLocation> {
  const { stateFile, stateUrl } = app;
  if (stateFile === undefined) return { kind: "none" };
  const settings = config?.state ?? await loadStateSettings(app);
  const server = stateUrl === undefined ? settings.server : serverOfFlag(stateUrl, settings);
  if (server === undefined) return { kind: "file", path: stateFile };
  return { kind: "postgres", server, settings };
}

/** Where the state is, for people; never with a password. */
export function describeState(location: StateLocation): string {
  if (location.kind === "none") return "No state";
  if (location.kind === "file") return `State file ${location.path}`;
  return `State in PostgreSQL at ${location.server.name}, tenant ${location.settings.tenant}`;
}
