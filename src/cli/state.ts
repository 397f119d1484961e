/**
 * The state file of a command that looks into it.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import { openExistingStore, type OpenStore } from "../app/store.ts";
import type { CommandContext } from "./command.ts";

/**
 * Opens the state file to look into it; without a file there is nothing to see.
 *
 * @throws {UsageError} with `--no-state`.
 */
export async function openExisting(context: CommandContext): Promise<OpenStore> {
  requireState(context);
  return await openExistingStore(context);
}

/**
 * Refuses `--no-state` for what cannot do without the state file.
 *
 * @throws {UsageError}
 */
export function requireState({ stateFile }: CommandContext): void {
  if (stateFile !== undefined) return;
  throw new UsageError("this command reads the state file, which --no-state excludes", {
    hint: "Leave it out.",
  });
}
