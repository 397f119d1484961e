/**
 * What the state file remembers, for the pages.
 *
 * @module
 */
import { existsSync } from "node:fs";
import type { StoredRun } from "../state/runs.ts";
import { StateStore } from "../state/store.ts";
import type { Desk } from "./context.ts";

/** Runs that are looked through for the last one of each section. */
const runsLookedThrough = 1000;

/** Looks into the state file; without one there is nothing to see. */
export function withState<T>(desk: Desk, look: (store: StateStore) => T): T | undefined {
  const path = desk.state;
  // Opening would make the file, and looking is no reason to.
  if (path === undefined || !existsSync(path)) return undefined;
  const store = new StateStore({ path, redact: (text) => desk.redactor.redact(text) });
  try {
    return look(store);
  } finally {
    store.close();
  }
}

/** The last run of every section that has run. */
export function lastRuns(desk: Desk): ReadonlyMap<string, StoredRun> {
  const runs = withState(desk, (store) => store.runs(runsLookedThrough)) ?? [];
  // Newest first: the oldest is put in first, so that the newest stays.
  return new Map(runs.toReversed().map((run) => [run.section, run]));
}
