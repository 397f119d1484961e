/**
 * `agent upload`: the main job.
 *
 * @module
 */

import { resolve } from "node:path";
import { UsageError } from "../base/errors.ts";
import type { NotEnabled } from "../config/choose.ts";
import type { Config } from "../config/config.ts";
import { version } from "../runtime/version.ts";
import { withConfig } from "../app/configuration.ts";
import { uploadSections } from "../app/upload.ts";
import { withLock } from "../app/upload_lock.ts";
import type { Values } from "../sdk/option.ts";
import type { SavedPlan } from "../sync/changes/plan_file.ts";
import {
  describeSection,
  type RunReport,
  sectionLines,
  type SectionReport,
} from "../sync/report.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { parallelFlag, uploadFlags } from "./flags.ts";
import { startProgress } from "./progress.ts";
import { showMappings } from "./show_mappings.ts";
import { paintOutcome } from "./paint.ts";

const flags = { ...uploadFlags, "parallel": parallelFlag(1) } as const;

type UploadFlags = Values<typeof flags>;

/** Reads the named sections and uploads them. */
export const upload = defineCommand({
  name: "upload",
  keepsLog: true,
  summary: "Read the named sections and upload them to Oomnitza.",
  details:
    `Sections run one after the other, in the order named; with --parallel, so many run side by side, and a section with after waits for those that it names. A section that fails does not stop the others.

Every record that is read ends as sent, filtered, incomplete (a required field is empty), failed or kept for the next run; the report names the failed ones. What an earlier run left is sent first.`,
  positionals: {
    usage: "NAME...",
    names: "sections",
    help:
      "Sections to run, exactly as written in the configuration file, for example csv_assets or casper.MDM.",
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
  },
  flags,
  examples: [
    { line: "agent upload csv_assets", does: "upload one section" },
    {
      line: "agent upload csv_assets --testmode --record-count 2",
      does: "show the first two payloads, send nothing",
    },
    {
      line: "agent upload csv_assets csv_users --ini /etc/agent/config.ini",
      does: "upload two sections",
    },
    {
      line: "agent upload okta casper zendesk --parallel 3",
      does: "upload three sections side by side",
    },
    { line: "agent upload --plan friday.plan", does: "send a reviewed plan" },
    { line: "agent upload --show-mappings", does: "show how fields are mapped" },
  ],
  run: (context, flags, names) =>
    withLock(flags.singleton !== 0, context, async (onDelivered) => {
      context.log.info(`agent ${version}`);
      if (flags.plan !== "") return await uploadSaved(context, flags, { names, onDelivered });
      if (flags["show-mappings"]) {
        return await withConfig(context, "all", (config) => showMappings(context, config));
      }
      return await withConfig(context, names, (config) =>
        run(context, flags, { names, config, onDelivered }));
    }),
});

/** What is to be uploaded. */
interface Job {
  readonly config: Config;
  readonly names: readonly string[];
  /** A plan to deliver instead of reading the sources. */
  readonly plan?: SavedPlan;
  /** Called when only receipts are still waited for. */
  readonly onDelivered: () => void;
}

async function uploadSaved(
  context: CommandContext,
  flags: UploadFlags,
  { names: words, onDelivered }: Pick<Job, "names" | "onDelivered">,
): Promise<number> {
  if (words.length > 0) {
    throw new UsageError("The plan says which sections to upload", { hint: "Name none of them." });
  }
  const { openPlan } = await import("../sync/changes/plan_reading.ts");
  const plan = openPlan(resolve(context.directory, flags.plan));
  const names = plan.sections.map(({ report }) => report.section);
  try {
    return await withConfig(
      context,
      names,
      (config) => run(context, flags, { names, config, plan, onDelivered }),
    );
  } finally {
    plan.close();
  }
}

async function run(
  context: CommandContext,
  flags: UploadFlags,
  { config, names, plan, onDelivered }: Job,
): Promise<number> {
  const started = new Date();
  const progress = startProgress(context, flags["record-count"]);
  const { sections, notEnabled } = await uploadSections(context, config, {
    sections: names,
    plan,
    onDelivered,
    parallel: flags.parallel,
    workers: flags.workers,
    recordCount: flags["record-count"],
    testmode: flags.testmode ? context.print : undefined,
    saveData: flags["save-data"] ? context.directory : undefined,
    full: flags.full,
    accept: flags.accept,
    onStart: progress.watch,
    onReport(report) {
      progress.end(report.section);
      showSection(context, flags, report);
    },
  });
  const report: RunReport = {
    report: 1,
    agent: version,
    started: started.toISOString(),
    ended: new Date().toISOString(),
    testmode: flags.testmode,
    not_enabled: notEnabled.map(({ section }) => section),
    sections,
    error: null,
    exit: exitCode(sections, notEnabled.length),
  };
  showNotEnabled(context, flags, notEnabled);
  if (context.global.output === "json") context.print(JSON.stringify(report, null, 2));
  context.log.info("Done");
  return report.exit;
}

function exitCode(sections: RunReport["sections"], notEnabled: number): number {
  if (sections.some(({ error }) => error?.bug === true)) return exitCodes.bug;
  if (sections.some((section) => section.stopped_by_guard)) return exitCodes.guarded;
  const isFailed = notEnabled > 0 || sections.some(({ outcome }) => outcome === "failed");
  return isFailed ? exitCodes.failed : exitCodes.ok;
}

/** Repeated below the reports, where it is not overlooked; the log has it from the start. */
function showNotEnabled(
  { global, print }: CommandContext,
  { testmode }: UploadFlags,
  notEnabled: readonly NotEnabled[],
): void {
  if (global.output !== "text" || testmode) return;
  for (const { section, message } of notEnabled) print(`${section}: did not run: ${message}`);
}

/** In test mode and with JSON standard output belongs to others. */
function showSection(
  { global, print, log }: CommandContext,
  { testmode }: UploadFlags,
  report: SectionReport,
): void {
  const [line, ...details] = sectionLines(report);
  if (global.output === "text" && !testmode) print(describeSection(report), paintOutcome);
  else log.info(line, details);
  if (report.error !== null) log.error(`${report.section}: ${report.error.message}`);
}
