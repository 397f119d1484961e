/**
 * `agent check`: is the configuration right, and do the credentials work?
 *
 * @module
 */

import { hideSecrets, sourceContext } from "../sync/source_context.ts";
import type { PreparedSection } from "../sync/prepare.ts";
import { faultOf } from "../sync/report.ts";
import { choose, loadPlan } from "./configuration.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { openSession } from "./session.ts";

/** Attempts are few: a person waits for the answer. */
const impatient = { attempts: 2, budgetMs: 15_000 };

interface Result {
  readonly section: string;
  readonly ok: boolean;
  readonly message: string;
  readonly hint: string | null;
}

async function checkSource(context: CommandContext, prepared: PreparedSection): Promise<Result> {
  const { section } = prepared;
  hideSecrets(prepared, context.redactor);
  try {
    await section.source.check?.(
      sourceContext(prepared, { signal: context.signal, workers: 1, retry: impatient }),
    );
  } catch (error) {
    const { message, hint } = faultOf(error);
    return { section: section.name, ok: false, message, hint };
  }
  return {
    section: section.name,
    ok: true,
    message: `${section.source.title} can be read`,
    hint: null,
  };
}

function show(context: CommandContext, result: Result): void {
  const hint = result.hint === null ? "" : ` ${result.hint}`;
  context.print(`${result.ok ? "ok    " : "FAILED"} [${result.section}] ${result.message}${hint}`);
}

/** Validates sections, then tries Oomnitza and each source. Nothing is sent. */
export const check = defineCommand({
  name: "check",
  summary: "Check the configuration of sections, and try their credentials and Oomnitza's.",
  details: "Nothing is sent to Oomnitza. Without names, every enabled section is checked.",
  positionals: {
    usage: "[NAME...]",
    help: "Sections to check.",
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
  },
  flags: {},
  examples: [
    { line: "agent check csv_assets", does: "check one section" },
    { line: "agent check", does: "check every enabled section" },
  ],
  async run(context, _flags, names) {
    const plan = loadPlan(context);
    const choice = choose(context, plan, names.length === 0 ? "all" : names);
    const results: Result[] = [];
    const session = await openSession(context, plan, choice.chosen, impatient);
    results.push({
      section: "oomnitza",
      ok: true,
      message: `${session.oomnitza.url} accepts the credentials`,
      hint: null,
    });
    for (const prepared of await session.prepare()) {
      results.push(await checkSource(context, prepared));
    }
    for (const name of choice.notEnabled) {
      results.push({
        section: name,
        ok: false,
        message: "is not enabled",
        hint: "Set enable = True.",
      });
    }
    if (context.global.output === "json") context.print(JSON.stringify(results, null, 2));
    else for (const result of results) show(context, result);
    return results.every(({ ok }) => ok) ? exitCodes.ok : exitCodes.failed;
  },
});
