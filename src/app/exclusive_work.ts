/**
 * Work that one process does at a time, of all that share a state.
 *
 * @module
 */

import type { State } from "../state/state.ts";

/** While another process does it, it is looked again after so many milliseconds. */
const waitMs = 200;

/**
 * Does some work when no other process does work of the same name; until then it waits.
 *
 * @param name No section can be called so: it has a colon.
 */
export async function doAlone<T>(
  store: State | undefined,
  name: `agent:${string}`,
  work: () => Promise<T>,
): Promise<T> {
  for (;;) {
    const hold = await store?.holdSection(name);
    if (hold?.kind === "busy") {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      continue;
    }
    try {
      return await work();
    } finally {
      await hold?.release();
    }
  }
}
