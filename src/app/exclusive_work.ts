/**
 * Work that one process does at a time, of all that share a state.
 *
 * @module
 */

import { sleep } from "../base/iteration.ts";
import type { State } from "../state/state.ts";

/** While another process does it, it is looked again after so many milliseconds. */
const waitMs = 200;

/**
 * Does some work when no other process does work of the same name; until then it waits.
 *
 * @param name No section can be called so: it has a colon.
 * @param signal Ends the waiting; work that has begun goes on.
 * @throws what the signal is aborted with, while it waits.
 */
export async function doAlone<T>(
  store: State | undefined,
  name: `agent:${string}`,
  work: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    const hold = await store?.holdSection(name);
    if (hold?.kind === "busy") {
      await sleep(waitMs, signal);
      continue;
    }
    try {
      return await work();
    } finally {
      await hold?.release();
    }
  }
}
