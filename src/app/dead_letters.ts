/**
 * Records that Oomnitza refused and webhook events that were given up: listed, sent again, discarded.
 *
 * @module
 */

import type { Config } from "../config/config.ts";
import { deliveryLimits } from "../oomnitza/options.ts";
import { version } from "../runtime/version.ts";
import type { DeadEvent } from "../state/dead_events.ts";
import type { DeadLetter } from "../state/dead_letters.ts";
import type { StateStore } from "../state/store.ts";
import { resend, type Resent } from "../sync/deliver/resend.ts";
import { withConfig } from "./configuration.ts";
import { type AppContext, defaultWorkers } from "./context.ts";
import { openSession } from "./session.ts";
import { openExistingStore } from "./store.ts";

/** What is kept of what could not be delivered, the oldest first. */
export interface DeadRecords {
  readonly letters: readonly DeadLetter[];
  readonly events: readonly DeadEvent[];
}

/** The id by which people name a webhook event: letters have numbers without a `w`. */
export function eventId({ id }: Pick<DeadEvent, "id">): string {
  return `w${id}`;
}

/** The ids of all of them, as people name them. */
export function listIds({ letters, events }: DeadRecords): string[] {
  return [...letters.map(({ id }) => String(id)), ...events.map(eventId)];
}

/** Those of a section, or of all; with ids, those of them that are there. */
export function findDeadRecords(
  store: StateStore | undefined,
  section: string | undefined,
  ids?: readonly string[],
): DeadRecords {
  const letterIds = ids?.filter((id) => !id.startsWith("w")).map(Number);
  const letters = store?.deadLetters({ ids: letterIds, section }) ?? [];
  const events = store?.deadEvents(section) ?? [];
  if (ids === undefined) return { letters, events };
  return { letters, events: events.filter((event) => ids.includes(eventId(event))) };
}

/** Forgets them. */
export function discardDeadRecords(store: StateStore, { letters, events }: DeadRecords): void {
  store.removeDeadLetters(letters.map(({ id }) => id));
  store.removeDeadEvents(events.map(({ id }) => id));
}

async function resendLetters(
  app: AppContext,
  config: Config,
  letters: readonly DeadLetter[],
  workers: number,
  resent: Resent,
): Promise<void> {
  const { oomnitza, settings } = await openSession(app, config, []);
  using opened = openExistingStore(app, config);
  const { store } = opened;
  if (store === undefined) return;
  const { log } = app;
  const own = { ...deliveryLimits(settings), workers, version, log };
  await resend(letters, { store, oomnitza, ...own }, resent);
}

/**
 * Sends letters again, and lets `agent serve` try events again.
 *
 * @param resent counts what became of the letters, also when this throws.
 * @throws {AgentError} as the configuration, Oomnitza or the state file does.
 */
export async function retryDeadRecords(
  app: AppContext,
  { letters, events }: DeadRecords,
  resent: Resent,
  workers = defaultWorkers,
): Promise<void> {
  {
    using opened = openExistingStore(app);
    opened.store?.reviveEvents(events.map(({ id }) => id));
  }
  if (letters.length === 0) return;
  await withConfig(app, [], (config) => resendLetters(app, config, letters, workers, resent));
}

/** Counts for {@linkcode retryDeadRecords}. */
export function countResent(): Resent {
  return { accepted: 0, refused: 0, unanswered: 0 };
}
