/**
 * `agent failed`, `agent retry` and `agent discard`: what to do about refused records.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import { version } from "../runtime/version.ts";
import { opt } from "../sdk/option.ts";
import type { DeadEvent } from "../state/dead_events.ts";
import type { DeadLetter } from "../state/dead_letters.ts";
import type { StateStore } from "../state/store.ts";
import { resend, type Resent } from "../sync/deliver/resend.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { withPlan } from "../app/configuration.ts";
import { uploadFlags } from "./flags.ts";
import { openSession } from "./session.ts";
import { withLock } from "../app/upload_lock.ts";
import { openExisting } from "./state.ts";
import { table } from "./table.ts";

const section = opt.text("Only refused records of this section.", { default: "" });

const positionals = {
  usage: "[ID...]",
  help: "Refused records, by the ids that failed lists.",
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
} as const;

/** What a command line means. */
interface Chosen {
  readonly letters: readonly DeadLetter[];
  /** Webhook events that were given up; their ids are shown with a `w` in front. */
  readonly events: readonly DeadEvent[];
}

function label({ id }: DeadEvent): string {
  return `w${id}`;
}

/** The letters and events that a command line means. Ids that are not there are an error. */
function choose(
  store: StateStore | undefined,
  words: readonly string[],
  section: string,
): Chosen {
  const strange = words.find((word) => !/^w?\d+$/.test(word));
  if (strange !== undefined) throw new UsageError(`"${strange}" is no id of a refused record`);
  const all = words.length === 0;
  const name = section === "" ? undefined : section;
  const ids = all ? undefined : words.filter((word) => !word.startsWith("w")).map(Number);
  const letters = store?.deadLetters({ ids, section: name }) ?? [];
  const events = store?.deadEvents(name).filter((one) => all || words.includes(label(one))) ?? [];
  const found = new Set([...letters.map(({ id }) => String(id)), ...events.map(label)]);
  const missing = words.filter((word) => !found.has(word));
  if (missing.length === 0) return { letters, events };
  const where = section === "" ? "" : ` in [${section}]`;
  throw new UsageError(`There is no refused record ${missing.join(", ")}${where}`, {
    hint: "agent failed lists them.",
  });
}

function rowOf(id: string, { section, at, record, reason }: DeadLetter | DeadEvent): string[] {
  return [id, section, at, record, reason];
}

function rowsOf({ letters, events }: Chosen): string[][] {
  return [
    ...letters.map((letter) => rowOf(String(letter.id), letter)),
    ...events.map((event) => rowOf(label(event), event)),
  ];
}

/** What programs get: events have no run, and their payload is what was kept of them. */
function shownOf({ letters, events }: Chosen): unknown[] {
  return [
    ...letters.map(({ upload: _upload, ...letter }) => letter),
    ...events.map((event) => ({ ...event, id: label(event), run: null, status: null })),
  ];
}

/** Lists the refused records. */
export const failed = defineCommand({
  name: "failed",
  summary: "List the records that Oomnitza refused, and the webhook events that were given up.",
  details:
    "With --output json, each comes with its payload, which may hold personal data. They are removed when they are older than dead_letter_days, or more than dead_letter_count. The ids of webhook events begin with w.",
  flags: { section },
  examples: [
    { line: "agent failed", does: "list all of them" },
    { line: "agent failed --section okta --output json", does: "those of one section, in full" },
  ],
  run(context, flags) {
    using state = openExisting(context);
    const chosen = choose(state.store, [], flags.section);
    const rows = rowsOf(chosen);
    const { global, print } = context;
    if (global.output === "json") print(JSON.stringify(shownOf(chosen), null, 2));
    else if (rows.length === 0) print("No refused records are kept");
    else print(table([["ID", "SECTION", "REFUSED", "RECORD", "REASON"], ...rows]));
    return Promise.resolve(exitCodes.ok);
  },
});

async function retryLetters(
  context: CommandContext,
  workers: number,
  section: string,
  words: readonly string[],
): Promise<number> {
  using state = openExisting(context);
  const { letters, events } = choose(state.store, words, section);
  const resent: Resent = { accepted: 0, refused: 0, unanswered: 0 };
  state.store?.reviveEvents(events.map(({ id }) => id));
  if (state.store !== undefined && letters.length > 0) {
    const { store } = state;
    await withPlan(context, [], async (plan) => {
      const { oomnitza } = await openSession(context, plan, []);
      store.accepted.instance = oomnitza.url;
      const { api_version: apiVersion = "auto", batch_size: batchSize = 1 } = plan.oomnitza ?? {};
      const settings = { store, oomnitza, apiVersion, batchSize, workers, version };
      try {
        await resend(letters, { ...settings, log: context.log }, resent);
      } finally {
        tell(context, letters.length, resent, events.length);
      }
    });
  } else tell(context, 0, resent, events.length);
  return resent.accepted === letters.length ? exitCodes.ok : exitCodes.failed;
}

function tell(
  { global, print }: CommandContext,
  letters: number,
  resent: Resent,
  webhooks: number,
): void {
  if (global.output === "json") {
    print(JSON.stringify({ letters, ...resent, webhooks }, null, 2));
    return;
  }
  const { accepted, refused, unanswered } = resent;
  print(
    `${letters} sent again: ${accepted} accepted, ${refused} refused, ${unanswered} not answered`,
  );
  if (webhooks > 0) {
    print(`${webhooks} webhook events are due again: agent serve works them off within a minute`);
  }
}

/** Sends refused records again. */
export const retry = defineCommand({
  name: "retry",
  summary: "Send refused records to Oomnitza again, after the cause was mended.",
  details:
    "Without ids and without --section, all of them. Those that are accepted are removed, those that are refused again stay with the new reason. Webhook events (ids that begin with w) are left to agent serve, which tries them again within a minute.",
  positionals,
  flags: { section, workers: uploadFlags.workers, singleton: uploadFlags.singleton },
  examples: [
    { line: "agent retry", does: "send all of them again" },
    { line: "agent retry 17 18", does: "send two of them again" },
  ],
  run: (context, flags, words) =>
    withLock(
      flags.singleton !== 0,
      () => retryLetters(context, flags.workers, flags.section, words),
    ),
});

/** Removes refused records. */
export const discard = defineCommand({
  name: "discard",
  summary: "Forget refused records.",
  positionals,
  flags: { section, all: opt.flag("Forget all of them.", { default: false }) },
  examples: [
    { line: "agent discard 17", does: "forget one" },
    { line: "agent discard --all", does: "forget all" },
  ],
  run(context, flags, words) {
    if (words.length === 0 && flags.section === "" && !flags.all) {
      throw new UsageError("Nothing was named to discard", {
        hint: "Give ids, --section NAME or --all.",
      });
    }
    if (flags.all && words.length > 0) throw new UsageError("Give ids or --all, not both");
    using state = openExisting(context);
    const { letters, events } = choose(state.store, words, flags.section);
    state.store?.removeDeadLetters(letters.map(({ id }) => id));
    state.store?.removeDeadEvents(events.map(({ id }) => id));
    const { global, print } = context;
    const discarded = letters.length + events.length;
    if (global.output === "json") print(JSON.stringify({ discarded }));
    else print(`${discarded} discarded`);
    return Promise.resolve(exitCodes.ok);
  },
});
