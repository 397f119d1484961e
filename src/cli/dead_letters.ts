/**
 * `agent failed`, `agent retry` and `agent discard`: what to do about refused records.
 *
 * @module
 */

import { stringifyExactJson } from "../base/json.ts";
import { UsageError } from "../base/errors.ts";
import {
  countResent,
  type DeadRecords,
  discardDeadRecords,
  eventId,
  findDeadRecords,
  listIds,
  retryDeadRecords,
} from "../app/dead_letters.ts";
import { describeState, findState } from "../app/state_location.ts";
import { withLock } from "../app/upload_lock.ts";
import { opt } from "../sdk/option.ts";
import type { DeadEvent, DeadLetter, State } from "../state/state.ts";
import { describeResent, type Resent } from "../sync/deliver/resend.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { uploadFlags } from "./flags.ts";
import { openExisting } from "./state.ts";
import { table } from "./table.ts";

const section = opt.text("Only refused records of this section.", { default: "" });

const positionals = {
  usage: "[ID...]",
  help: "Refused records, by the ids that failed lists.",
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
} as const;

/** The letters and events that a command line means. Ids that are not there are an error. */
async function choose(
  store: State | undefined,
  words: readonly string[],
  section: string,
): Promise<DeadRecords> {
  const invalid = words.find((word) => !/^w?\d+$/.test(word));
  if (invalid !== undefined) throw new UsageError(`"${invalid}" is not the id of a refused record`);
  const name = section === "" ? undefined : section;
  const chosen = await findDeadRecords(store, {
    section: name,
    ids: words.length === 0 ? undefined : words,
  });
  const found = new Set(listIds(chosen));
  const missing = words.filter((word) => !found.has(word));
  if (missing.length === 0) return chosen;
  const where = section === "" ? "" : ` in [${section}]`;
  throw new UsageError(`There is no refused record ${missing.join(", ")}${where}`, {
    hint: "agent failed lists them.",
  });
}

function formatLetterRow(
  id: string,
  { section, at, record, reason }: DeadLetter | DeadEvent,
): string[] {
  return [id, section, at, record, reason];
}

function formatLetterRows({ letters, events }: DeadRecords): string[][] {
  return [
    ...letters.map((letter) => formatLetterRow(String(letter.id), letter)),
    ...events.map((event) => formatLetterRow(eventId(event), event)),
  ];
}

/** What programs get: events have no run, and their payload is what was kept of them. */
function toJsonRecords({ letters, events }: DeadRecords): unknown[] {
  return [
    ...letters.map(({ upload: _upload, ...letter }) => letter),
    ...events.map((event) => ({ ...event, id: eventId(event), run: null, status: null })),
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
  async run(context, flags) {
    await using state = await openExisting(context);
    const chosen = await choose(state.store, [], flags.section);
    const rows = formatLetterRows(chosen);
    const { global, print } = context;
    if (global.output === "json") print(stringifyExactJson(toJsonRecords(chosen), 2));
    else if (rows.length === 0) {
      print(`${describeState(await findState(context))}: no refused records are kept`);
    } else print(table([["ID", "SECTION", "REFUSED", "RECORD", "REASON"], ...rows]));
    return exitCodes.ok;
  },
});

async function retryChosen(
  context: CommandContext,
  workers: number,
  section: string,
  words: readonly string[],
): Promise<number> {
  const chosen = await chooseNow(context, words, section);
  const resent = countResent();
  try {
    await retryDeadRecords(context, chosen, resent, { workers });
  } finally {
    showResent(context, chosen, resent);
  }
  const { accepted, processing } = resent;
  return accepted + processing === chosen.letters.length ? exitCodes.ok : exitCodes.failed;
}

async function chooseNow(
  context: CommandContext,
  words: readonly string[],
  section: string,
): Promise<DeadRecords> {
  await using state = await openExisting(context);
  return await choose(state.store, words, section);
}

function showResent(
  { global, print }: CommandContext,
  { letters, events }: DeadRecords,
  resent: Resent,
): void {
  const webhooks = events.length;
  if (global.output === "json") {
    print(stringifyExactJson({ letters: letters.length, ...resent, webhooks }, 2));
    return;
  }
  print(describeResent(letters.length, resent));
  if (webhooks > 0) {
    print(`${webhooks} webhook events are due again: agent serve processes them within a minute`);
  }
}

/** Sends refused records again. */
export const retry = defineCommand({
  name: "retry",
  summary: "Send refused records to Oomnitza again, after the cause was fixed.",
  details:
    "Without ids and without --section, all of them. Those that are accepted are removed, those that are refused again, or fail when Oomnitza processes them, stay with the new reason. Those that are still processed after receipt_timeout stay, too, and are sent again the next time. Webhook events (ids that begin with w) are left to agent serve, which tries them again within a minute.",
  positionals,
  flags: { section, workers: uploadFlags.workers, singleton: uploadFlags.singleton },
  examples: [
    { line: "agent retry", does: "send all of them again" },
    { line: "agent retry 17 18", does: "send two of them again" },
  ],
  run: (context, flags, words) =>
    withLock(
      flags.singleton !== 0,
      context,
      () => retryChosen(context, flags.workers, flags.section, words),
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
  async run(context, flags, words) {
    if (words.length === 0 && flags.section === "" && !flags.all) {
      throw new UsageError("Nothing was named to discard", {
        hint: "Give ids, --section NAME or --all.",
      });
    }
    if (flags.all && words.length > 0) throw new UsageError("Give ids or --all, not both");
    await using state = await openExisting(context);
    const { store } = state;
    const chosen = await choose(store, words, flags.section);
    if (store !== undefined) await discardDeadRecords(store, chosen);
    const { global, print } = context;
    const discarded = listIds(chosen).length;
    if (global.output === "json") print(stringifyExactJson({ discarded }));
    else print(`${discarded} discarded`);
    return exitCodes.ok;
  },
});
