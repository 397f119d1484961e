/**
 * `agent check`: is the configuration right, and do the credentials work?
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import { neutralise } from "../logging/log.ts";
import { checkFile, type CheckResult, checkSections } from "../app/check.ts";
import { compareApis } from "../app/compare_apis.ts";
import { withConfig } from "../app/configuration.ts";
import { opt } from "../sdk/option.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { paintFirstWords } from "./paint.ts";

function show(context: CommandContext, result: CheckResult): void {
  const hint = result.hint === null ? "" : `. ${result.hint}`;
  const state = result.ok ? "ok    " : "FAILED";
  const line = neutralise(`${state} [${result.section}] ${result.message}${hint}`);
  context.print(line, paintFirstWords);
  for (const warning of result.warnings) {
    context.print(neutralise(`warn   [${result.section}] ${warning}`), paintFirstWords);
  }
}

/** Validates sections, then tries Oomnitza and each source. Nothing is sent. */
export const check = defineCommand({
  name: "check",
  summary: "Check the configuration of sections, and try their credentials and Oomnitza's.",
  details:
    "Nothing is sent to Oomnitza. Without names, every enabled section is checked. A section that depends on something that its vendor ends within 30 days fails. Secrets that are referred to are fetched from their stores.",
  positionals: {
    usage: "[NAME...]",
    names: "sections",
    help: "Sections to check.",
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
  },
  flags: {
    "file-only": opt.flag("Check the file only: fetch no secrets and send no requests.", {
      default: false,
    }),
    "compare-apis": opt.flag(
      "Read some records by the older and by the newer API of the vendor, and compare every mapped field. Where the section leaves the choice open (api = auto), it is read by the newer one once nothing differs.",
      { default: false },
    ),
  },
  examples: [
    { line: "agent check csv_assets", does: "check one section" },
    { line: "agent check", does: "check every enabled section" },
    {
      line: "agent check casper --compare-apis",
      does: "see whether the newer API of Jamf Pro gives the same",
    },
    { line: "agent check --file-only", does: "check the file only, offline" },
  ],
  async run(context, flags, names) {
    const wanted = names.length === 0 ? "all" : names;
    if (flags["file-only"] && flags["compare-apis"]) {
      throw new UsageError("check takes --file-only or --compare-apis, not both", {
        hint: "To compare, requests must be sent.",
      });
    }
    const work = flags["compare-apis"] ? compareApis : checkSections;
    const results = flags["file-only"]
      ? await checkFile(context, wanted)
      : await withConfig(context, wanted, (config) => work(context, config, wanted));
    if (context.global.output === "json") context.print(JSON.stringify(results, null, 2));
    else for (const result of results) show(context, result);
    return results.every(({ ok }) => ok) ? exitCodes.ok : exitCodes.failed;
  },
});
