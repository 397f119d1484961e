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
import { checkTenants, type FileCheck } from "../app/check_tenants.ts";
import { opt, type Values } from "../sdk/option.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { paintFirstWords } from "./paint.ts";
import { tenantFolders } from "./paths.ts";

/** What a result is about, before its message. */
function subject(result: CheckResult | FileCheck): string {
  const file = "file" in result && result.file !== "" ? `${result.file} ` : "";
  return result.section === null ? file : `${file}[${result.section}] `;
}

function show(context: CommandContext, result: CheckResult | FileCheck): void {
  const stop = /[.!?]$/.test(result.message) ? "" : ".";
  const hint = result.hint === null ? "" : `${stop} ${result.hint}`;
  const state = result.ok ? "ok    " : "FAILED";
  const line = neutralise(`${state} ${subject(result)}${result.message}${hint}`);
  context.print(line, paintFirstWords);
  for (const warning of result.warnings) {
    context.print(neutralise(`warn   ${subject(result)}${warning}`), paintFirstWords);
  }
}

function report(context: CommandContext, results: readonly (CheckResult | FileCheck)[]): number {
  if (context.global.output === "json") context.print(JSON.stringify(results, null, 2));
  else for (const result of results) show(context, result);
  return results.every(({ ok }) => ok) ? exitCodes.ok : exitCodes.failed;
}

const flags = {
  "file-only": opt.flag("Check the file only: fetch no secrets and send no requests.", {
    default: false,
  }),
  "compare-apis": opt.flag(
    "Read some records by the older and by the newer API of the vendor, and compare every mapped field. Where the section leaves the choice open (api = auto), it is read by the newer one once nothing differs.",
    { default: false },
  ),
  "configs": opt.path(
    "Folder of configuration files, one for each tenant: check all of them, and listener.ini, as serve --configs would use them.",
    { default: "" },
  ),
  "host": opt.text("With --configs: the address that serve is to listen on.", {
    default: "127.0.0.1",
  }),
} as const;

async function checkFolder(
  context: CommandContext,
  values: Values<typeof flags>,
  names: readonly string[],
): Promise<number> {
  const { global } = context;
  const given = [
    ...(names.length === 0 ? [] : ["the names of sections"]),
    ...(values["compare-apis"] ? ["--compare-apis"] : []),
    ...(global.ini === "" ? [] : ["--ini"]),
    ...(global["no-state"] ? ["--no-state"] : []),
  ];
  if (given.length > 0) {
    throw new UsageError(`check does not take --configs together with ${given.join(" and ")}`, {
      hint: "For one tenant, name its file with --ini and leave --configs out.",
    });
  }
  const results = await checkTenants(context, {
    ...tenantFolders(context, values.configs),
    host: values.host,
    isFileOnly: values["file-only"],
  });
  return report(context, results);
}

/** Validates sections, then tries Oomnitza and each source. Nothing is sent. */
export const check = defineCommand({
  name: "check",
  summary: "Check the configuration of sections, and try their credentials and Oomnitza's.",
  details:
    "Nothing is sent to Oomnitza. Without names, every enabled section is checked. A section that depends on something that its vendor ends within 30 days fails. Secrets that are referred to are fetched from their stores.\n\nWith --configs, the files of all tenants of a folder and listener.ini are checked as serve --configs would use them, with --state for the folder of their states. Exit 0 means that all of them can be used, 3 that one cannot.",
  positionals: {
    usage: "[NAME...]",
    names: "sections",
    help: "Sections to check.",
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
  },
  flags,
  examples: [
    { line: "agent check csv_assets", does: "check one section" },
    { line: "agent check", does: "check every enabled section" },
    {
      line: "agent check casper --compare-apis",
      does: "see whether the newer API of Jamf Pro gives the same",
    },
    { line: "agent check --file-only", does: "check the file only, offline" },
    {
      line: "agent check --configs tenants",
      does: "check the files of all tenants, and listener.ini",
    },
  ],
  async run(context, flags, names) {
    if (flags.configs !== "") return await checkFolder(context, flags, names);
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
    return report(context, results);
  },
});
