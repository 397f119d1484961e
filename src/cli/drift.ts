/**
 * `agent drift`: what was changed in Oomnitza since it accepted our records.
 *
 * @module
 */

import { withConfig } from "../app/configuration.ts";
import { opt } from "../sdk/option.ts";
import type { DriftedSection } from "../sync/changes/drift.ts";
import { defineCommand, exitCodes } from "./command.ts";
import { historyFlag } from "./flags.ts";
import { printDrift } from "./plan_output.ts";

const flags = {
  "history": historyFlag,
  "csv": opt.flag("Show the changes as CSV, a line for each field.", { default: false }),
  "limit": opt.integer("Records to show in text, per section. 0 shows all.", { default: 200 }),
} as const;

/** Shows what people changed in Oomnitza. */
export const driftCommand = defineCommand({
  name: "drift",
  summary: "Show what was changed in Oomnitza since it accepted the records of sections.",
  details:
    `What Oomnitza holds now is read, page by page, and compared with what it accepted last, as the state file has it. Sources are not read, and nothing is sent. Exit code 4 means that something was changed.

Each change shows what was sent and what Oomnitza holds now.`,
  positionals: {
    usage: "[NAME...]",
    names: "sections",
    help: "Sections to compare. By default, all that are enabled.",
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
  },
  flags,
  examples: [
    { line: "agent drift", does: "compare all enabled sections" },
    { line: "agent drift csv_assets --history", does: "say who changed what, and when" },
  ],
  run: (context, values, names) => {
    const wanted = names.length === 0 ? "all" : names;
    return withConfig(context, wanted, async (config) => {
      const { withDrift } = await import("../app/drift.ts");
      const request = { sections: wanted, history: values.history } as const;
      return await withDrift(context, config, request, async ({ sections, notEnabled }) => {
        const exit = exitCode(sections, notEnabled.length);
        await printDrift(context, values, sections, exit);
        return exit;
      });
    });
  },
});

function exitCode(drifted: readonly DriftedSection[], notEnabled: number): number {
  if (drifted.some(({ report }) => report.error?.bug === true)) return exitCodes.bug;
  if (notEnabled > 0 || drifted.some(({ report }) => report.error !== null)) {
    return exitCodes.failed;
  }
  return drifted.some((one) => one.isPending) ? exitCodes.pending : exitCodes.ok;
}
