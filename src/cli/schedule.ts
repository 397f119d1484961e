/**
 * `agent schedule`: what `agent serve` runs next.
 *
 * @module
 */

import type { Plan } from "../config/plan.ts";
import { Scheduler } from "../daemon/scheduler.ts";
import type { StateStore } from "../state/store.ts";
import type { UpcomingRun } from "../gui/mod.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { choose, loadPlan } from "../app/configuration.ts";
import { pastOf, scheduledSections } from "../daemon/scheduled.ts";
import { openExisting } from "./state.ts";
import { table } from "./table.ts";

/** What is due when by the schedules of a plan, the next first; nothing is noted. */
export async function upcomingRuns(
  context: CommandContext,
  plan: Plan,
  store: StateStore | undefined,
): Promise<UpcomingRun[]> {
  const past = await pastOf(context, plan, store, false);
  const scheduler = new Scheduler({
    sections: scheduledSections(plan),
    past,
    run: () => Promise.resolve(false),
    log: context.log,
  });
  const texts = new Map(
    plan.sections.map(({ name, settings }) => [name, settings.schedule.trim()]),
  );
  return scheduler.upcoming().map(({ section, due }) => ({
    section,
    schedule: texts.get(section) ?? "",
    last: past(section).lastStart?.toISOString() ?? null,
    next: due?.toISOString() ?? null,
  }));
}

async function rowsOf(context: CommandContext): Promise<UpcomingRun[]> {
  const plan = loadPlan(context);
  choose(context, plan, "all");
  using state = openExisting(context);
  return await upcomingRuns(context, plan, state.store);
}

/** Shows what is due next. */
export const schedule = defineCommand({
  name: "schedule",
  summary: "Show which sections agent serve runs by itself, and when next.",
  details:
    "What is due in the past runs as soon as agent serve starts, once, however often it was missed.",
  flags: {},
  examples: [{ line: "agent schedule", does: "show what is next" }],
  async run(context) {
    const rows = await rowsOf(context);
    if (context.global.output === "json") context.print(JSON.stringify(rows, null, 2));
    else if (rows.length === 0) context.print("No enabled section has a schedule");
    else {
      const lines = rows.map(({ section, schedule, last, next }) => [
        section,
        schedule,
        last ?? "never",
        next ?? "never",
      ]);
      context.print(table([["SECTION", "SCHEDULE", "LAST START", "NEXT"], ...lines]));
    }
    return exitCodes.ok;
  },
});
