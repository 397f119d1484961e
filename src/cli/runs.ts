/**
 * `agent runs`: the accounts of past runs.
 *
 * @module
 */

import { describeState, findState } from "../app/state_location.ts";
import { UsageError } from "../base/errors.ts";
import type { StoredRun } from "../state/run_account.ts";
import { describeOutcome, isUndecided } from "../sync/stored_run.ts";
import { describeCounts } from "../sync/report.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { paintColumn } from "./paint.ts";
import { openExisting } from "./state.ts";
import { table } from "./table.ts";

/** Where the state is among the columns of the list. */
const stateColumn = 3;

/** Runs that are listed. */
const listed = 20;

function formatRunRow(run: StoredRun): string[] {
  const { id, section, origin, state, started, counts, waiting } = run;
  const wait = waiting > 0 ? `, ${waiting} waiting` : "";
  const receipt = isUndecided(run) ? ", receipt awaited" : "";
  return [id, section, origin, state, started, `${describeCounts(counts)}${wait}${receipt}`];
}

async function list(
  context: CommandContext,
  runs: readonly StoredRun[],
  isThere: boolean,
): Promise<void> {
  const where = describeState(await findState(context));
  if (context.global.output === "json") context.print(JSON.stringify(runs, null, 2));
  else if (runs.length === 0) {
    const why = isThere ? "it has no run yet" : "it does not exist, so there was no run yet";
    context.print(`${where}: ${why}`);
  } else {
    context.print(
      table([
        ["ID", "SECTION", "ORIGIN", "STATE", "STARTED", "RECORDS"],
        ...runs.map(formatRunRow),
      ]),
      paintColumn(stateColumn),
    );
    context.print(where);
  }
}

function show(context: CommandContext, run: StoredRun): void {
  if (context.global.output === "json") {
    context.print(JSON.stringify(run, null, 2));
    return;
  }
  const facts: (readonly [string, string | number | null])[] = [
    ["section", run.section],
    ["origin", run.origin],
    ["state", run.state],
    ["started", run.started],
    ["ended", run.ended],
    ["records", describeCounts(run.counts)],
    ["waiting", run.waiting],
    ["claimed", run.claimed],
    ["api", run.api],
    ["requests", run.requests],
    ...describeOutcome(run),
    ["error", run.error],
  ];
  const rows = facts.flatMap(([name, value]) => value === null ? [] : [[name, String(value)]]);
  context.print(`run ${run.id}\n${table(rows)}`);
}

/** Lists the latest runs, or shows one. */
export const runs = defineCommand({
  name: "runs",
  summary: "List the latest runs of all sections, or show one.",
  details:
    "A run that was killed is shown as interrupted, with the counts that were written last; what it left is sent by the next run of its section.",
  positionals: { usage: "[ID]", help: "A run, as listed.", minimum: 0, maximum: 1 },
  flags: {},
  examples: [
    { line: "agent runs", does: `list the latest ${listed} runs` },
    { line: "agent runs --output json", does: "list them for a program" },
  ],
  async run(context, _flags, [id]) {
    await using state = await openExisting(context);
    if (id === undefined) {
      await list(context, await state.store?.runs(listed) ?? [], state.store !== undefined);
      return exitCodes.ok;
    }
    const run = await state.store?.run(id);
    if (run === undefined) {
      throw new UsageError(`There is no run "${id}"`, { hint: "agent runs lists the latest." });
    }
    show(context, run);
    return exitCodes.ok;
  },
});
