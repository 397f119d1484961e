/**
 * A state file with a past: runs and refused records that need not be made by running.
 *
 * @module
 */
import { openState } from "../../src/state/file.ts";
import { addDeadLetter } from "../../src/state/dead_letters.ts";
import type { RunOrigin } from "../../src/state/run_account.ts";
import { endRun, insertRun } from "../../src/state/runs.ts";

/** A run that ended. */
export interface PastRun {
  readonly section: string;
  readonly origin?: RunOrigin;
  /** How many minutes ago it began. */
  readonly minutesAgo: number;
  readonly outcome?: "ok" | "failed";
  readonly counts?: Readonly<Record<string, number>>;
  readonly error?: string;
  readonly guard?: boolean;
  /** Why records of it were refused, one for each record. */
  readonly refused?: readonly string[];
}

/** How long each of them took, in milliseconds. */
const tookMs = 42_000;

function iso(at: number): string {
  return new Date(at).toISOString();
}

/** Writes runs into a state file, which is created when it is not there. */
export function writePast(path: string, runs: readonly PastRun[]): void {
  const database = openState(path);
  const now = Date.now();
  try {
    database.transaction(() => {
      for (const [index, run] of runs.entries()) {
        const { section, origin = "upload", outcome = "ok", counts = {}, refused = [] } = run;
        const id = String(index + 1).padStart(10, "0");
        const began = now - run.minutesAgo * 60_000;
        insertRun(database, {
          ...{ id, section, origin, owner: "past", started: iso(began), upload: "{}" },
        });
        endRun(database, id, {
          ended: iso(began + tookMs),
          outcome,
          counts,
          claimed: null,
          api: "v3",
          requests: 4,
          error: run.error ?? null,
          stopped_by_guard: run.guard ?? false,
          times: { source_ms: tookMs * 0.6, agent_ms: tookMs * 0.1, oomnitza_ms: tookMs * 0.3 },
        });
        for (const [number, reason] of refused.entries()) {
          addDeadLetter(database, {
            ...{ run: id, section, at: iso(began), record: `T-${number}`, status: 400, reason },
            ...{ payload: `{"TAG":"T-${number}"}`, upload: "{}" },
          });
        }
      }
      database.run("UPDATE runs SET is_open = 0");
    });
  } finally {
    database.close();
  }
}
