/**
 * Plans as text, JSON and CSV.
 *
 * @module
 */

import { stringifyExactJson } from "../base/json.ts";
import { indentDetails, neutralise } from "../logging/log.ts";
import { describeEmptyPaths } from "../sync/report.ts";
import { version } from "../runtime/version.ts";
import type { FieldChange } from "../sync/changes/delta.ts";
import type { PlanCounts, PlannedChange, PlannedSection } from "../sync/changes/plan.ts";
import type { CommandContext } from "./command.ts";

/** How plans are to be shown. */
export interface PlanLook {
  readonly csv: boolean;
  /** Records to show in text; 0 shows all. */
  readonly limit: number;
}

const labels: readonly (readonly [keyof PlanCounts, string])[] = [
  ["new", "new"],
  ["changed", "changed"],
  ["unchanged", "unchanged"],
  ["gone", "gone from the source"],
  ["filtered", "filtered"],
  ["incomplete", "incomplete"],
  ["failed", "failed"],
  ["unreadable", "unreadable"],
];

function phrase(counts: PlanCounts): string {
  const parts = labels.flatMap(([key, label]) => {
    const count = counts[key];
    const isAlwaysShown = key === "new" || key === "changed" || key === "unchanged";
    return count === null || (count === 0 && !isAlwaysShown) ? [] : [`${count} ${label}`];
  });
  return `${counts.fetched} read: ${parts.join(", ")}`;
}

/** A line, and details below it. What comes from outside is not escaped yet. */
function headLines({ report }: PlannedSection): readonly [string, ...string[]] {
  const { section, counts, waiting, has_baseline, guard, error } = report;
  const lines: [string, ...string[]] = [
    `${section}: ${phrase(counts)}; ${counts.to_send} would be sent`,
  ];
  if (!has_baseline) lines.push("No full upload is recorded yet, to compare with");
  lines.push(...describeEmptyPaths(report.empty_paths));
  if (counts.gone === null) {
    lines.push("Not everything was read: records that are gone cannot be determined");
  }
  if (counts.blanked > 0) lines.push(`${counts.blanked} would lose the value of a field`);
  if (waiting > 0) lines.push(`${waiting} records of an earlier run wait and are sent first`);
  if (guard !== null) lines.push(`The guard would stop it: ${guard} --accept lets it pass`);
  if (error !== null) {
    lines.push(`${error.message}`);
    if (error.hint !== null) lines.push(`${error.hint}`);
  }
  return lines;
}

function formatValue(value: unknown): string {
  return value === undefined ? "(nothing)" : stringifyExactJson(value);
}

const signs = { new: "+", changed: "~", gone: "-" } as const;

function changeLines({ kind, record, fields, reason }: PlannedChange): string[] {
  const name = record === "" ? "(no sync field)" : record;
  const head = `  ${signs[kind]} ${kind} ${name}${reason === undefined ? "" : `: ${reason}`}`;
  if (kind === "gone") return [head];
  const rows = fields.map((change) =>
    kind === "new"
      ? `      ${change.field}: ${formatValue(change.new)}`
      : `      ${change.field}: ${formatValue(change.old)} → ${formatValue(change.new)}`
  );
  return [head, ...rows];
}

async function printText(
  { print }: CommandContext,
  { limit }: PlanLook,
  planned: readonly PlannedSection[],
): Promise<void> {
  for (const one of planned) print(indentDetails(headLines(one)));
  for (const one of planned) {
    let shown = 0;
    for await (const change of one.changes()) {
      if (shown === 0) print(`\n${one.report.section}`);
      if (limit > 0 && shown === limit) break;
      print(changeLines(change).map(neutralise).join("\n"));
      shown++;
    }
    const { counts } = one.report;
    const more = counts.new + counts.changed + (counts.gone ?? 0) - shown;
    if (more > 0) print(`  … and ${more} more: --limit 0, --csv and --output json show all`);
  }
}

async function printJson(
  { print }: CommandContext,
  planned: readonly PlannedSection[],
  exit: number,
): Promise<void> {
  // Written piece by piece: there may be more changes than fit into memory.
  print(`{"plan":1,"agent":${stringifyExactJson(version)},"exit":${exit},"sections":[`);
  for (const [index, one] of planned.entries()) {
    const head = stringifyExactJson(one.report).slice(0, -1);
    print(`${index === 0 ? "" : ","}${head},"changes":[`);
    let isFirst = true;
    for await (const change of one.changes()) {
      print(`${isFirst ? "" : ","}${stringifyExactJson(change)}`);
      isFirst = false;
    }
    print("]}");
  }
  print("]}");
}

/** A value as a CSV cell that no spreadsheet takes for a formula. */
export function csvCell(value: unknown): string {
  if (value === undefined || value === null) return "";
  const text = typeof value === "string" ? value : stringifyExactJson(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function csvRow(cells: readonly unknown[]): string {
  return cells.map(csvCell).join(",");
}

async function printCsv(
  { print, log }: CommandContext,
  planned: readonly PlannedSection[],
): Promise<void> {
  for (const one of planned) {
    const [line, ...details] = headLines(one);
    log.info(line, details);
  }
  print("section,change,record,field,old,new");
  for (const one of planned) {
    const { section } = one.report;
    for await (const { kind, record, fields } of one.changes()) {
      const rows: readonly Partial<FieldChange>[] = fields.length === 0 ? [{}] : fields;
      for (const { field, old, new: now } of rows) {
        print(csvRow([section, kind, record, field, old, now]));
      }
    }
  }
}

/** Prints plans: the counts first, then what changes. */
export async function printPlans(
  context: CommandContext,
  look: PlanLook,
  planned: readonly PlannedSection[],
  exit: number,
): Promise<void> {
  if (look.csv) await printCsv(context, planned);
  else if (context.global.output === "json") await printJson(context, planned, exit);
  else await printText(context, look, planned);
}
