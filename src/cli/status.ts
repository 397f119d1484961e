/**
 * `agent status`: how every section does, on one screen.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { loadConfig } from "../app/configuration.ts";
import { describeState, findState, type StateLocation } from "../app/state_location.ts";
import {
  countRefused,
  needsAttention,
  readStatus,
  type RunResult,
  type SectionStatus,
} from "../app/status.ts";
import { ConfigError } from "../base/errors.ts";
import { describeCounts } from "../sync/report.ts";
import { defineCommand, exitCodes } from "./command.ts";
import { paintFirstWords } from "./paint.ts";
import { requireState } from "./state.ts";
import { table } from "./table.ts";

const marks: Readonly<Record<RunResult, string>> = {
  ok: "+",
  partly: "~",
  failed: "x",
  guard: "g",
  interrupted: "!",
  running: ">",
};

/** Runs whose marks fit on a line. */
const markedRuns = 10;

function describeWork(status: SectionStatus): string {
  const { waiting, events } = status;
  const refused = countRefused(status);
  const parts = [
    ...waiting > 0 ? [`${waiting} waiting`] : [],
    ...refused > 0 ? [`${refused} refused`] : [],
    ...events.waiting > 0
      ? [`${events.waiting} ${events.waiting === 1 ? "event" : "events"} waiting`]
      : [],
    ...events.dead > 0 ? [`${events.dead} ${events.dead === 1 ? "event" : "events"} given up`] : [],
  ];
  return parts.length === 0 ? "-" : parts.join(", ");
}

function toRow(status: SectionStatus): readonly string[] {
  const { section, condition, last, next, recent } = status;
  return [
    condition,
    section,
    recent.slice(-markedRuns).map(({ result }) => marks[result]).join(""),
    last?.started ?? "never",
    last === null ? "-" : describeCounts(last.counts, last.stopped_by_guard),
    describeWork(status),
    next ?? "-",
  ];
}

/** A mistyped path is no installation that never ran. */
function requireFolder(location: StateLocation): void {
  const folder = location.kind === "file" ? dirname(location.path) : undefined;
  if (folder === undefined || existsSync(folder)) return;
  throw new ConfigError(`The folder of the state file does not exist: ${folder}`, [], {
    hint: "Name the state file that the service or the schedule uses with --state.",
  });
}

/** A section's status as programs read it. */
function toJson({ last, recent, lastSuccess, refused, ...rest }: SectionStatus) {
  return {
    ...rest,
    refused,
    last,
    last_success: lastSuccess,
    recent: recent.map(({ result, run }) => ({ id: run.id, started: run.started, result })),
  };
}

/** Shows how every section does. */
export const statusCommand = defineCommand({
  name: "status",
  summary: "Show how every enabled section does: its last runs, what waits, and when it runs next.",
  details:
    `The worst comes first: invalid (its configuration has errors), failed, late (its schedule, once agent serve has seen it, is due for more than ten minutes and nothing started it), partly (some records failed), running, never, ok.

RUNS are its latest runs, the newest last: + ok, ~ partly, x failed, g stopped by the guard, ! interrupted, > running.

The exit code is 3 when a section is invalid, failed, late or partly, or when refused records or webhook events are kept; else 0. It is 1 when the configuration cannot be read or [oomnitza] has errors.`,
  flags: {},
  examples: [
    { line: "agent status", does: "show how all sections do" },
    { line: "agent status --output json", does: "the same for a program" },
  ],
  async run(context) {
    requireState(context);
    const config = loadConfig(context);
    if (config.fatal) {
      const errors = config.findings.filter(({ severity }) => severity === "error");
      throw new ConfigError(`${context.ini} has errors`, errors);
    }
    const location = await findState(context, config);
    requireFolder(location);
    const all = await readStatus(context, config);
    if (context.global.output === "json") {
      context.print(JSON.stringify({ status: 1, sections: all.map(toJson) }, null, 2));
    } else if (all.length === 0) context.print("No section is enabled");
    else {
      const head = ["STATE", "SECTION", "RUNS", "LAST START", "RECORDS", "OPEN", "NEXT"];
      context.print(table([head, ...all.map(toRow)]), paintFirstWords);
      const open = all.filter(needsAttention);
      for (const { section, last } of open) {
        if (last?.error != null) context.print(`  ${section}: ${last.error}`);
      }
      context.print(describeState(location));
    }
    return all.some(needsAttention) ? exitCodes.failed : exitCodes.ok;
  },
});
