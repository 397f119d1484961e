/**
 * The state file of a command.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { UsageError } from "../base/errors.ts";
import type { Plan } from "../config/plan.ts";
import { StateStore } from "../state/store.ts";
import type { CommandContext } from "./command.ts";
import { iniPath, statePath } from "./configuration.ts";

/** A state file open for a while; without `store` nothing is remembered. */
export interface OpenStore {
  readonly store: StateStore | undefined;
  [Symbol.dispose](): void;
}

/** For runs that remember nothing. */
export const noState: OpenStore = { store: undefined, [Symbol.dispose]() {} };

/** The state file to use, or none with `--no-state`. */
export function stateFile({ global }: CommandContext, ini: string): string | undefined {
  return global["no-state"] ? undefined : statePath(global.state, ini);
}

function open(context: CommandContext, path: string): OpenStore & { readonly store: StateStore } {
  const store = new StateStore({ path, redact: (text) => context.redactor.redact(text) });
  return { store, [Symbol.dispose]: () => store.close() };
}

/** Opens the state file for uploading, unless there is to be none, and removes old dead letters. */
export function openStore(context: CommandContext, plan: Plan): OpenStore {
  const path = stateFile(context, plan.file);
  if (path === undefined) return noState;
  const opened = open(context, path);
  if (plan.oomnitza === undefined) return opened;
  const { dead_letter_days: days, dead_letter_count: count } = plan.oomnitza;
  const pruned = opened.store.pruneDeadLetters(days, count);
  if (pruned > 0) {
    context.log.warning(
      `${pruned} refused records were discarded: more than ${days} days old, or more than ${count}`,
    );
  }
  return opened;
}

/** Opens the state file to look into it; without a file there is nothing to see. */
export function openExisting(context: CommandContext): OpenStore {
  const path = stateFile(context, iniPath(context.global.ini));
  if (path === undefined) {
    throw new UsageError("--no-state leaves nothing to look into", { hint: "Leave it out." });
  }
  return existsSync(path) ? open(context, path) : noState;
}
