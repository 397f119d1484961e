/**
 * `agent upload`: the main job.
 *
 * @module
 */

import { resolve } from "node:path";
import { AgentError, ConfigError, UsageError } from "../base/errors.ts";
import type { Plan } from "../config/plan.ts";
import { version } from "../runtime/version.ts";
import {
  checkSaved,
  openPlan,
  type SavedPlan,
  type SavedSection,
} from "../sync/changes/plan_file.ts";
import type { PreparedSection } from "../sync/prepare.ts";
import { describeSection, type RunReport } from "../sync/report.ts";
import { choose, withPlan } from "../app/configuration.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { uploadFlags } from "./flags.ts";
import { withLock } from "../app/upload_lock.ts";
import { startProgress } from "./progress.ts";
import { openSession, type Session } from "./session.ts";
import { showMappings } from "./show_mappings.ts";
import { noState, openStore } from "./state.ts";
import type { Values } from "../sdk/option.ts";
import type { StateStore } from "../state/store.ts";

type UploadFlags = Values<typeof uploadFlags>;

/** Reads the named sections and uploads them. */
export const upload = defineCommand({
  name: "upload",
  keepsLog: true,
  summary: "Read the named sections and upload them to Oomnitza.",
  details:
    `Sections run one after the other, in the order named. A section that fails does not stop the others.

Every record that is read ends as sent, filtered, incomplete (a required field is empty), failed or kept for the next run; the report names the failed ones. What an earlier run left is sent first.`,
  positionals: {
    usage: "NAME...",
    help:
      "Sections to run, exactly as written in the configuration file, for example csv_assets or casper.MDM.",
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
  },
  flags: uploadFlags,
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
    { line: "agent upload --plan friday.plan", does: "send a plan that was looked at" },
    { line: "agent upload --show-mappings", does: "show how fields are mapped" },
  ],
  run: (context, flags, names) =>
    withLock(flags.singleton !== 0, () => {
      context.log.info(`agent ${version}`);
      if (flags.plan !== "") return uploadSaved(context, flags, names);
      const wanted = flags["show-mappings"] ? "all" : names;
      return withPlan(context, wanted, (plan) => run(context, flags, { names, plan }));
    }),
});

/** What is to be uploaded. */
interface Job {
  readonly plan: Plan;
  readonly names: readonly string[];
  /** A plan to deliver in place of reading the sources. */
  readonly saved?: SavedPlan;
}

async function uploadSaved(
  context: CommandContext,
  flags: UploadFlags,
  names: readonly string[],
): Promise<number> {
  if (names.length > 0) {
    throw new UsageError("The plan says which sections to upload", { hint: "Name none of them." });
  }
  const saved = openPlan(resolve(context.directory, flags.plan));
  const wanted = saved.sections.map(({ report }) => report.section);
  try {
    return await withPlan(
      context,
      wanted,
      (plan) => run(context, flags, { names: wanted, plan, saved }),
    );
  } finally {
    saved.close();
  }
}

/** The saved plans of sections, once all of them were found to hold still. */
function checkedPlans(
  sections: readonly PreparedSection[],
  { saved }: Job,
  store: StateStore | undefined,
  instance: string,
  testmode: boolean,
): Map<string, SavedSection> {
  const plans = new Map(saved?.sections.map((section) => [section.report.section, section]));
  const missing = [...plans.keys()].find((name) =>
    !sections.some(({ section }) => section.name === name)
  );
  if (missing !== undefined) throw new AgentError(`[${missing}] of the plan is not enabled`);
  if (store !== undefined) store.accepted.instance = instance;
  for (const prepared of sections) {
    const section = plans.get(prepared.section.name);
    if (section !== undefined && !testmode) checkSaved(section, prepared, { store, instance });
  }
  return plans;
}

async function run(context: CommandContext, flags: UploadFlags, job: Job): Promise<number> {
  const { plan, names } = job;
  const started = new Date();
  if (flags["show-mappings"]) {
    const choice = choose(context, plan, "all");
    return await showMappings(context, await openSession(context, plan, choice.chosen));
  }
  if (names.length === 0) {
    const enabled = plan.sections.map(({ name }) => name).join(", ");
    throw new ConfigError("No section was named", [], {
      hint: enabled === "" ? "Nothing is enabled yet." : `Enabled are: ${enabled}`,
    });
  }
  const choice = choose(context, plan, names);
  if (flags.testmode) context.log.info("Test mode: nothing is sent");
  using state = flags.testmode ? noState : openStore(context, plan);
  const session = await openSession(context, plan, choice.chosen);
  const sections = await runAll(context, session, flags, job, state.store);
  const report: RunReport = {
    report: 1,
    agent: version,
    started: started.toISOString(),
    ended: new Date().toISOString(),
    testmode: flags.testmode,
    not_enabled: choice.notEnabled,
    sections,
    error: null,
    exit: exitOf(sections),
  };
  if (context.global.output === "json") context.print(JSON.stringify(report, null, 2));
  context.log.info("Done");
  return report.exit;
}

function exitOf(sections: RunReport["sections"]): number {
  if (sections.some(({ error }) => error?.bug === true)) return exitCodes.bug;
  if (sections.some((section) => section.stopped_by_guard)) return exitCodes.guarded;
  return sections.some(({ outcome }) => outcome === "failed") ? exitCodes.failed : exitCodes.ok;
}

async function runAll(
  context: CommandContext,
  session: Session,
  flags: UploadFlags,
  job: Job,
  store: StateStore | undefined,
): Promise<RunReport["sections"]> {
  const all = await session.prepare();
  const plans = checkedPlans(all, job, store, session.oomnitza.url, flags.testmode);
  const sections: RunReport["sections"][number][] = [];
  const toStdout = context.global.output === "text";
  for (const prepared of all) {
    if (context.signal.aborted) break;
    const progress = startProgress(context);
    const report = await session.run(prepared, {
      workers: flags.workers,
      recordCount: flags["record-count"],
      testmode: flags.testmode ? context.print : undefined,
      saveData: flags["save-data"] ? context.directory : undefined,
      store,
      full: flags.full,
      accept: flags.accept,
      saved: plans.get(prepared.section.name),
      onStart: progress.watch,
    });
    progress.stop();
    sections.push(report);
    // In test mode standard output belongs to the payloads.
    if (toStdout && !flags.testmode) context.print(describeSection(report));
    else context.log.info(describeSection(report));
    if (report.error !== null) context.log.error(`${report.section}: ${report.error.message}`);
  }
  return sections;
}
