/**
 * `agent schedule`: what `agent serve` runs next.
 *
 * @module
 */

import { loadConfig, selectSections } from "../app/configuration.ts";
import { nextRuns, type UpcomingRun } from "../app/schedule.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { requireState } from "./state.ts";
import { table } from "./table.ts";

async function readNextRuns(context: CommandContext): Promise<UpcomingRun[]> {
  requireState(context);
  const config = loadConfig(context);
  selectSections(context, config, "all");
  return await nextRuns(context, config);
}

/** Shows what is due next. */
export const schedule = defineCommand({
  name: "schedule",
  summary: "Show the sections that agent serve runs by schedule, and when they run next.",
  details: "A missed run starts as soon as agent serve does, once, however often it was missed.",
  flags: {},
  examples: [{ line: "agent schedule", does: "show the next runs" }],
  async run(context) {
    const rows = await readNextRuns(context);
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
