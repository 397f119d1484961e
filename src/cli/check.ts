/**
 * `agent check`: is the configuration right, and do the credentials work?
 *
 * @module
 */

import { retryPolicies } from "../sdk/http/retry.ts";
import type { Plan } from "../config/plan.ts";
import { opt } from "../sdk/option.ts";
import { checkSource as askSource } from "../sync/read/probe.ts";
import type { PreparedSection } from "../sync/prepare.ts";
import { faultOf } from "../sync/report.ts";
import { choose, loadPlan, withPlan } from "../app/configuration.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { openSession } from "./session.ts";

/** What became of a section. */
export interface Result {
  readonly section: string;
  readonly ok: boolean;
  readonly message: string;
  readonly hint: string | null;
}

/** Asks a source whether its address and credentials are right. */
export async function checkSource(
  context: CommandContext,
  prepared: PreparedSection,
): Promise<Result> {
  const { section } = prepared;
  try {
    await askSource(prepared, context);
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

function disabled(names: readonly string[]): Result[] {
  return names.map((section) => {
    return { section, ok: false, message: "is not enabled", hint: "Set enable = True." };
  });
}

/** Asks nobody: is the file well written? */
function checkFile(context: CommandContext, names: readonly string[]): Result[] {
  const plan = loadPlan(context);
  const { chosen, notEnabled } = choose(context, plan, names.length === 0 ? "all" : names);
  const written = chosen.map(({ name, line }) => {
    return { section: name, ok: true, message: `is well written (line ${line})`, hint: null };
  });
  return [...written, ...disabled(notEnabled)];
}

async function checkAll(
  context: CommandContext,
  names: readonly string[],
  plan: Plan,
): Promise<Result[]> {
  const choice = choose(context, plan, names.length === 0 ? "all" : names);
  const session = await openSession(context, plan, choice.chosen, retryPolicies.interactive);
  const message = `${session.oomnitza.url} accepts the credentials`;
  const results: Result[] = [{ section: "oomnitza", ok: true, message, hint: null }];
  for (const prepared of await session.prepare()) {
    results.push(await checkSource(context, prepared));
  }
  return [...results, ...disabled(choice.notEnabled)];
}

/** Validates sections, then tries Oomnitza and each source. Nothing is sent. */
export const check = defineCommand({
  name: "check",
  summary: "Check the configuration of sections, and try their credentials and Oomnitza's.",
  details:
    "Nothing is sent to Oomnitza. Without names, every enabled section is checked. Secrets that are referred to are fetched from their stores.",
  positionals: {
    usage: "[NAME...]",
    help: "Sections to check.",
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
  },
  flags: {
    "file-only": opt.flag("Look at the file only: no secret is fetched, and nobody is asked.", {
      default: false,
    }),
  },
  examples: [
    { line: "agent check csv_assets", does: "check one section" },
    { line: "agent check", does: "check every enabled section" },
    { line: "agent check --file-only", does: "look for mistakes in the file, offline" },
  ],
  async run(context, flags, names) {
    const wanted = names.length === 0 ? "all" : names;
    const results = flags["file-only"]
      ? checkFile(context, names)
      : await withPlan(context, wanted, (plan) => checkAll(context, names, plan));
    if (context.global.output === "json") context.print(JSON.stringify(results, null, 2));
    else for (const result of results) show(context, result);
    return results.every(({ ok }) => ok) ? exitCodes.ok : exitCodes.failed;
  },
});
