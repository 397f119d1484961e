/**
 * Records that Oomnitza refused and webhook events that were given up: listed, sent again, discarded.
 *
 * @module
 */

import type { Config } from "../config/config.ts";
import { deliveryLimits } from "../oomnitza/options.ts";
import { version } from "../runtime/version.ts";
import type { DeadEvent, DeadLetter, State } from "../state/state.ts";
import { resend, type Resent } from "../sync/deliver/resend.ts";
import { withConfig } from "./configuration.ts";
import { type AppContext, defaultWorkers } from "./context.ts";
import { openSession, receiptOptions } from "./session.ts";
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

/** Which of them are meant: those for which all of it holds that is there. */
export interface DeadSelection {
  readonly section?: string | undefined;
  /** As {@linkcode listIds} gives them. */
  readonly ids?: readonly string[] | undefined;
  readonly reason?: string | undefined;
}

/** Those that are meant and there. */
export async function findDeadRecords(
  store: State | undefined,
  { section, ids, reason }: DeadSelection,
): Promise<DeadRecords> {
  const letterIds = ids?.filter((id) => !id.startsWith("w")).map(Number);
  const letters = await store?.deadLetters.find({ ids: letterIds, section, reason }) ?? [];
  const events = await store?.deadEvents.find(section) ?? [];
  const isMeant = (event: DeadEvent) =>
    (ids?.includes(eventId(event)) ?? true) && (reason === undefined || event.reason === reason);
  return { letters, events: events.filter(isMeant) };
}

/** How many were refused for the same reason, the most frequent first. */
export interface ReasonCount {
  readonly reason: string;
  readonly count: number;
}

/** Why those of a section, or of all, are there. */
export async function countReasons(
  store: State | undefined,
  section: string | undefined,
): Promise<ReasonCount[]> {
  const counts = new Map<string, number>();
  const refused = (await store?.unfinishedWork())?.refused ?? [];
  const given = await store?.deadEvents.find(section) ?? [];
  const events = given.map((event) => ({ ...event, count: 1 }));
  for (const { section: of, reason, count } of [...refused, ...events]) {
    if (section === undefined || of === section) {
      counts.set(reason, (counts.get(reason) ?? 0) + count);
    }
  }
  return [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) =>
    b.count - a.count
  );
}

/** Forgets them. */
export async function discardDeadRecords(
  store: State,
  { letters, events }: DeadRecords,
): Promise<void> {
  await store.deadLetters.remove(letters.map(({ id }) => id));
  await store.deadEvents.remove(events.map(({ id }) => id));
}

/** How letters are sent again. */
export interface RetrySettings {
  /** Requests to Oomnitza in flight at once. */
  readonly workers: number;
  /** The longest wait for a receipt in milliseconds, when `receipt_timeout` is too long. */
  readonly waitMs?: number | undefined;
}

async function resendLetters(
  app: AppContext,
  config: Config,
  letters: readonly DeadLetter[],
  { workers, waitMs = Number.POSITIVE_INFINITY }: RetrySettings,
  resent: Resent,
): Promise<void> {
  const { oomnitza, settings } = await openSession(app, config, []);
  await using opened = await openExistingStore(app, config);
  const { store } = opened;
  if (store === undefined) return;
  const { log, redactor, signal } = app;
  const redact = (text: string) => redactor.redact(text);
  const { mode, timeoutMs } = receiptOptions(settings);
  const receipts = { mode, timeoutMs: Math.min(timeoutMs, waitMs) };
  const own = { ...deliveryLimits(settings), receipts, version, log, redact, signal };
  await resend(letters, { store, oomnitza, ...own, workers }, resent);
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
  settings: RetrySettings = { workers: defaultWorkers },
): Promise<void> {
  {
    await using opened = await openExistingStore(app);
    await opened.store?.deadEvents.revive(events.map(({ id }) => id));
  }
  if (letters.length === 0) return;
  await withConfig(app, [], (config) => resendLetters(app, config, letters, settings, resent));
}

/** Counts for {@linkcode retryDeadRecords}. */
export function countResent(): Resent {
  return { accepted: 0, refused: 0, unanswered: 0, processing: 0 };
}
