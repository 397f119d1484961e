/**
 * `agent schedule`: what `agent serve` runs next.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import { loadConfig, selectSections } from "../app/configuration.ts";
import { nextRuns, type UpcomingRun } from "../app/schedule.ts";
import { isCompiled } from "../runtime/program.ts";
import { opt, type Values } from "../sdk/option.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { requireState } from "./state.ts";
import { table } from "./table.ts";

async function readNextRuns(context: CommandContext): Promise<UpcomingRun[]> {
  requireState(context);
  const config = loadConfig(context);
  selectSections(context, config, "all");
  return await nextRuns(context, config);
}

/** A task that uploads the enabled sections, for Windows' Task Scheduler. */
async function showTask(context: CommandContext, values: Values<typeof flags>): Promise<void> {
  const { managerNamed } = await import("../os_service/mod.ts");
  const { taskXml } = await import("../os_service/task_xml.ts");
  const { chosen } = selectSections(context, loadConfig(context), "all");
  if (chosen.length === 0) {
    throw new UsageError("No section is enabled", { hint: "Set enable = True in one." });
  }
  if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(values["task-time"])) {
    throw new UsageError(`--task-time takes HH:MM, not "${values["task-time"]}"`);
  }
  const isHere = isCompiled && process.platform === "win32";
  const { program, ini } = managerNamed("windows").defaults;
  context.print(taskXml({
    program: isHere ? process.execPath : program,
    ini: isHere ? context.ini : ini,
    sections: chosen.map(({ name }) => name),
    user: values["task-user"],
    time: values["task-time"],
  }));
}

const flags = {
  "task-xml": opt.flag(
    "Print a task for Windows' Task Scheduler that uploads all enabled sections every day, instead.",
    { default: false },
  ),
  "task-user": opt.text("With --task-xml: the account that runs the task.", {
    default: "NT AUTHORITY\\NETWORK SERVICE",
  }),
  "task-time": opt.text("With --task-xml: when it starts, HH:MM.", {
    default: "02:00",
  }),
} as const;

/** Shows what is due next. */
export const schedule = defineCommand({
  name: "schedule",
  summary: "Show the sections that agent serve runs by schedule, and when they run next.",
  details: "A missed run starts as soon as agent serve does, once, however often it was missed.",
  flags,
  examples: [
    { line: "agent schedule", does: "show the next runs" },
    { line: "agent schedule --task-xml --task-user EXAMPLE\\agent$", does: "print a task" },
  ],
  async run(context, values) {
    if (values["task-xml"]) {
      await showTask(context, values);
      return exitCodes.ok;
    }
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
