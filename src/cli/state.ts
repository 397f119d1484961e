/**
 * The state file of a command.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { UsageError } from "../base/errors.ts";
import type { Plan } from "../config/plan.ts";
import { noState, openState, type OpenStore, openStore as open } from "../app/session.ts";
import type { CommandContext } from "./command.ts";
import { iniPath, statePath } from "../app/configuration.ts";

export { noState, type OpenStore } from "../app/session.ts";

/** The state file to use, or none with `--no-state`. */
export function stateFile(context: CommandContext, ini: string): string | undefined {
  return context.global["no-state"] ? undefined : statePath(context, ini);
}

/** Opens the state file for uploading, unless there is to be none, and removes old dead letters. */
export function openStore(context: CommandContext, plan: Plan): OpenStore {
  return open({ ...context, stateFile: stateFile(context, plan.file) }, plan);
}

/** Opens the state file to look into it; without a file there is nothing to see. */
export function openExisting(context: CommandContext): OpenStore {
  const path = stateFile(context, iniPath(context));
  if (path === undefined) {
    throw new UsageError("--no-state leaves nothing to look into", { hint: "Leave it out." });
  }
  return existsSync(path) ? openState(path, context.redactor) : noState;
}
