/**
 * `agent plan`: what an upload would do, and nothing of it done.
 *
 * @module
 */

import type { Config } from "../config/config.ts";
import { withConfig } from "../app/configuration.ts";
import { UsageError } from "../base/errors.ts";
import { withPlans } from "../app/plan.ts";
import { opt, type Values } from "../sdk/option.ts";
import type { PlannedSection } from "../sync/changes/plan.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { historyFlag, uploadFlags } from "./flags.ts";
import { printPlans } from "./plan_output.ts";
import { startProgress } from "./progress.ts";

const flags = {
  "record-count": uploadFlags["record-count"],
  "workers": uploadFlags.workers,
  "full": opt.flag("Plan an upload with --full.", { default: false }),
  "live": opt.flag("Compare with what Oomnitza holds now, and not with what it accepted last.", {
    default: false,
  }),
  "history": historyFlag,
  "save": opt.path("Write the plan into a file, for agent upload --plan.", { default: "" }),
  "csv": opt.flag("Show the changes as CSV, a line for each field.", { default: false }),
  "limit": opt.integer("Records to show in text, per section. 0 shows all.", { default: 200 }),
} as const;

type PlanFlags = Values<typeof flags>;

/** Shows what an upload would do. */
export const planCommand = defineCommand({
  name: "plan",
  summary: "Show what an upload of sections would change. Nothing is sent.",
  details:
    `Everything is read, mapped and compared with what Oomnitza accepted last, as the state file has it: which records are new, changed field by field, unchanged, or gone from the source. Exit code 4 means that there are changes to upload.

With --live, all assets or people that Oomnitza shows are read first, page by page, and compared instead: so changes that people made in Oomnitza are found, too.

With --save, agent upload --plan sends exactly what was shown, and refuses to when anything changed since.`,
  positionals: {
    usage: "NAME...",
    names: "sections",
    help: "Sections to plan.",
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
  },
  flags,
  examples: [
    { line: "agent plan csv_assets", does: "show what would change" },
    { line: "agent plan csv_assets --csv > changes.csv", does: "the same for a spreadsheet" },
    {
      line: "agent plan csv_assets --live --history",
      does: "compare with Oomnitza itself, and say who changed what",
    },
    {
      line: "agent plan csv_assets --save friday.plan",
      does: "save it, to send exactly that later",
    },
  ],
  run: (context, values, names) =>
    withConfig(context, names, (config) => run(context, values, names, config)),
});

async function run(
  context: CommandContext,
  values: PlanFlags,
  names: readonly string[],
  config: Config,
): Promise<number> {
  if (values.history && !values.live) {
    throw new UsageError("--history needs --live: only Oomnitza knows who changed what");
  }
  const progress = startProgress(context, values["record-count"]);
  const request = {
    sections: names,
    workers: values.workers,
    recordCount: values["record-count"],
    full: values.full,
    isSaved: values.save !== "",
    live: values.live,
    history: values.history,
    onStart: progress.watch,
    onPlanned: progress.end,
  };
  return await withPlans(context, config, request, async ({ sections, notEnabled, save }) => {
    if (values.save !== "") save(values.save);
    const exit = exitCode(sections, notEnabled.length);
    await printPlans(context, values, sections, exit);
    return exit;
  });
}

function exitCode(planned: readonly PlannedSection[], notEnabled: number): number {
  if (planned.some(({ report }) => report.error?.bug === true)) return exitCodes.bug;
  if (notEnabled > 0 || planned.some(({ report }) => report.error !== null)) {
    return exitCodes.failed;
  }
  return planned.some((one) => one.isPending) ? exitCodes.pending : exitCodes.ok;
}
