/**
 * `agent plan`: what an upload would do, and nothing of it done.
 *
 * @module
 */

import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { ConfigError } from "../base/errors.ts";
import type { Plan } from "../config/plan.ts";
import { version } from "../runtime/version.ts";
import { opt, type Values } from "../sdk/option.ts";
import type { StateStore } from "../state/store.ts";
import { type PlannedSection, planSection } from "../sync/changes/plan.ts";
import { mappingFingerprint, savePlan } from "../sync/changes/plan_file.ts";
import type { PreparedSection } from "../sync/prepare.ts";
import { openReadSession, type ReadSession } from "../app/session.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { choose, withPlan } from "../app/configuration.ts";
import { uploadFlags } from "./flags.ts";
import { printPlans } from "./plan_output.ts";
import { startProgress } from "./progress.ts";
import { openExisting, stateFile } from "./state.ts";

const flags = {
  "record-count": uploadFlags["record-count"],
  "workers": uploadFlags.workers,
  "full": opt.flag("Plan an upload with --full.", { default: false }),
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
    `Everything is read, mapped and compared with what Oomnitza accepted last, as the state file has it: which records are new, changed field by field, unchanged, or gone from the source. Exit code 4 says that there is something to do.

With --save, agent upload --plan sends exactly what was shown, and refuses to when anything changed since.`,
  positionals: {
    usage: "NAME...",
    help: "Sections to plan.",
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
  },
  flags,
  examples: [
    { line: "agent plan csv_assets", does: "show what would change" },
    { line: "agent plan csv_assets --csv > changes.csv", does: "the same for a spreadsheet" },
    { line: "agent plan csv_assets --save friday.plan", does: "keep it, to send exactly that" },
  ],
  run: (context, values, names) =>
    withPlan(context, names, (plan) => run(context, values, names, plan)),
});

async function run(
  context: CommandContext,
  values: PlanFlags,
  names: readonly string[],
  plan: Plan,
): Promise<number> {
  const { chosen, notEnabled } = choose(context, plan, names);
  if (chosen.length === 0) throw new ConfigError(`None of ${notEnabled.join(", ")} is enabled`);
  const path = stateFile(context, plan.file);
  using state = path === undefined ? undefined : openExisting(context);
  const store = state?.store;
  const session = await openReadSession({ ...context, stateFile: path }, plan, chosen);
  if (store !== undefined) store.accepted.instance = session.oomnitza.url;
  const sections = await session.prepare();
  const planned: PlannedSection[] = [];
  try {
    for (const prepared of sections) {
      if (context.signal.aborted) break;
      planned.push(await planOne({ context, values, plan, session, store, path }, prepared));
    }
    if (values.save !== "") {
      save(resolve(context.directory, values.save), sections, planned, session);
    }
    const exit = exitOf(planned);
    await printPlans(context, values, planned, exit);
    return exit;
  } finally {
    for (const one of planned) one.close();
  }
}

/** What planning one section works with. */
interface Surroundings {
  readonly context: CommandContext;
  readonly values: PlanFlags;
  readonly plan: Plan;
  readonly session: ReadSession;
  readonly store: StateStore | undefined;
  readonly path: string | undefined;
}

async function planOne(
  { context, values, plan, session, store, path }: Surroundings,
  prepared: PreparedSection,
): Promise<PlannedSection> {
  const progress = startProgress(context);
  try {
    return await planSection(prepared, {
      oomnitza: session.oomnitza,
      http: session.http,
      signal: context.signal,
      redactor: context.redactor,
      workers: values.workers,
      recordCount: values["record-count"],
      store,
      stateFile: path,
      beside: path ?? join(tmpdir(), "agent-plan"),
      full: values.full,
      guard: plan.oomnitza ?? {},
      onStart: progress.watch,
    });
  } finally {
    progress.stop();
  }
}

function save(
  path: string,
  sections: readonly PreparedSection[],
  planned: readonly PlannedSection[],
  { oomnitza }: ReadSession,
): void {
  const all = planned.flatMap((one, index) => {
    const prepared = sections[index];
    if (prepared === undefined) return [];
    return [{ planned: one, mapping: mappingFingerprint(prepared, oomnitza.url) }];
  });
  savePlan(path, version, all);
}

function exitOf(planned: readonly PlannedSection[]): number {
  if (planned.some(({ report }) => report.error?.bug === true)) return exitCodes.bug;
  if (planned.some(({ report }) => report.error !== null)) return exitCodes.failed;
  return planned.some((one) => one.isPending) ? exitCodes.pending : exitCodes.ok;
}
