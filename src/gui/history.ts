/**
 * What the state file remembers, for the pages.
 *
 * @module
 */
import { openExistingStore } from "../app/store.ts";
import type { State } from "../state/state.ts";
import type { GuiContext } from "./context.ts";

/** Looks into the state file; without one there is nothing to see. */
export async function withState<T>(
  gui: GuiContext,
  look: (store: State) => T | Promise<T>,
): Promise<T | undefined> {
  await using opened = await openExistingStore(gui);
  return opened.store === undefined ? undefined : await look(opened.store);
}
