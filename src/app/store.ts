/**
 * Opens the state file.
 *
 * @module
 */

import { existsSync } from "node:fs";
import type { Config } from "../config/config.ts";
import { type Cursors, openCursors } from "../state/cursor.ts";
import type { State } from "../state/state.ts";
import { StateStore } from "../state/store.ts";
import type { ProbeContext } from "../sync/read/probe.ts";
import type { AppContext } from "./context.ts";

/** A state file open for a while; without `store` nothing is remembered. */
export interface OpenStore {
  readonly store: State | undefined;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The memories of sections as they are, which a trial run reads too; nothing with `--no-state`. */
export function findCursors({ stateFile }: Pick<AppContext, "stateFile">): Cursors | undefined {
  return stateFile === undefined ? undefined : openCursors(stateFile);
}

/** What a source is tried with. */
export function probeContext(
  app: Pick<AppContext, "stateFile" | "signal" | "redactor">,
): ProbeContext {
  return { signal: app.signal, redactor: app.redactor, cursors: findCursors(app) };
}

/** For what remembers nothing. */
export const noStore: OpenStore = {
  store: undefined,
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

function open(
  { redactor }: Pick<AppContext, "redactor">,
  path: string,
  instance: string | undefined,
): Promise<OpenStore> {
  return Promise.try(() => {
    const store = new StateStore({ path, instance, redact: (text) => redactor.redact(text) });
    return { store, [Symbol.asyncDispose]: () => store.close() };
  });
}

/** Opens the state file for uploading, unless there is to be none, and removes old dead letters. */
export async function openStore(app: AppContext, { oomnitza }: Config): Promise<OpenStore> {
  const { stateFile, log } = app;
  if (stateFile === undefined) return noStore;
  const opened = await open(app, stateFile, oomnitza?.url);
  const { store } = opened;
  if (oomnitza === undefined || store === undefined) return opened;
  const { dead_letter_days: days, dead_letter_count: count } = oomnitza;
  const pruned = await store.deadLetters.prune(days, count) +
    await store.deadEvents.prune(days, count);
  if (pruned > 0) {
    log.warning(
      `${pruned} refused records were discarded: more than ${days} days old, or more than ${count}`,
    );
  }
  return opened;
}

/**
 * Opens the state file if there is one: looking is no reason to make it. To compare with what was
 * accepted, the configuration has to say by which instance.
 */
export async function openExistingStore(
  app: Pick<AppContext, "stateFile" | "redactor">,
  config?: Config,
): Promise<OpenStore> {
  const { stateFile } = app;
  if (stateFile === undefined || !existsSync(stateFile)) return noStore;
  return await open(app, stateFile, config?.oomnitza?.url);
}
