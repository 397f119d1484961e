/**
 * `agent failed`, `agent retry` and `agent discard`: what to do about refused records.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import { version } from "../runtime/version.ts";
import { opt } from "../sdk/option.ts";
import type { DeadLetter, Selection } from "../state/dead_letters.ts";
import type { StateStore } from "../state/store.ts";
import { resend, type Resent } from "../sync/resend.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { withPlan } from "./configuration.ts";
import { uploadFlags } from "./flags.ts";
import { openSession } from "./session.ts";
import { withLock } from "./single.ts";
import { openExisting } from "./state.ts";
import { table } from "./table.ts";

const section = opt.text("Only refused records of this section.", { default: "" });

const positionals = {
  usage: "[ID...]",
  help: "Refused records, by the ids that failed lists.",
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
} as const;

/** The letters that a command line means. Ids that are not there are an error. */
function choose(
  store: StateStore | undefined,
  words: readonly string[],
  section: string,
): DeadLetter[] {
  const ids = words.map(Number);
  const strange = words.find((_, index) => !Number.isSafeInteger(ids[index]));
  if (strange !== undefined) throw new UsageError(`"${strange}" is no id of a refused record`);
  const selection: Selection = {
    ids: words.length === 0 ? undefined : ids,
    section: section === "" ? undefined : section,
  };
  const letters = store?.deadLetters(selection) ?? [];
  const found = new Set(letters.map(({ id }) => id));
  const missing = ids.filter((id) => !found.has(id));
  if (missing.length === 0) return letters;
  const where = section === "" ? "" : ` in [${section}]`;
  throw new UsageError(`There is no refused record ${missing.join(", ")}${where}`, {
    hint: "agent failed lists them.",
  });
}

function rowOf({ id, section, at, record, reason }: DeadLetter): string[] {
  return [String(id), section, at, record, reason];
}

/** Lists the refused records. */
export const failed = defineCommand({
  name: "failed",
  summary: "List the records that Oomnitza refused.",
  details:
    "With --output json, each comes with its payload, which may hold personal data. They are removed when they are older than dead_letter_days, or more than dead_letter_count.",
  flags: { section },
  examples: [
    { line: "agent failed", does: "list all of them" },
    { line: "agent failed --section okta --output json", does: "those of one section, in full" },
  ],
  run(context, flags) {
    using state = openExisting(context);
    const letters = choose(state.store, [], flags.section);
    if (context.global.output === "json") {
      const shown = letters.map(({ upload: _upload, ...letter }) => letter);
      context.print(JSON.stringify(shown, null, 2));
    } else if (letters.length === 0) context.print("No refused records are kept");
    else {context.print(
        table([["ID", "SECTION", "REFUSED", "RECORD", "REASON"], ...letters.map(rowOf)]),
      );}
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
  const letters = choose(state.store, words, section);
  const resent: Resent = { accepted: 0, refused: 0, unanswered: 0 };
  if (state.store !== undefined && letters.length > 0) {
    const { store } = state;
    await withPlan(context, [], async (plan) => {
      const { oomnitza } = await openSession(context, plan, []);
      store.instance = oomnitza.url;
      const { api_version: apiVersion = "auto", batch_size: batchSize = 1 } = plan.oomnitza ?? {};
      const settings = { store, oomnitza, apiVersion, batchSize, workers, version };
      try {
        await resend(letters, { ...settings, log: context.log }, resent);
      } finally {
        tell(context, letters.length, resent);
      }
    });
  } else tell(context, 0, resent);
  return resent.accepted === letters.length ? exitCodes.ok : exitCodes.failed;
}

function tell({ global, print }: CommandContext, letters: number, resent: Resent): void {
  if (global.output === "json") print(JSON.stringify({ letters, ...resent }, null, 2));
  else {
    const { accepted, refused, unanswered } = resent;
    print(
      `${letters} sent again: ${accepted} accepted, ${refused} refused, ${unanswered} not answered`,
    );
  }
}

/** Sends refused records again. */
export const retry = defineCommand({
  name: "retry",
  summary: "Send refused records to Oomnitza again, after the cause was mended.",
  details:
    "Without ids and without --section, all of them. Those that are accepted are removed, those that are refused again stay with the new reason.",
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
    const letters = choose(state.store, words, flags.section);
    state.store?.removeDeadLetters(letters.map(({ id }) => id));
    const { global, print } = context;
    if (global.output === "json") print(JSON.stringify({ discarded: letters.length }));
    else print(`${letters.length} discarded`);
    return Promise.resolve(exitCodes.ok);
  },
});
