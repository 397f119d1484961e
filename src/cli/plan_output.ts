/**
 * Plans as text, JSON and CSV.
 *
 * @module
 */

import { stringifyExactJson } from "../base/json.ts";
import { indentDetails, neutralise } from "../logging/log.ts";
import { describeEmptyPaths, type SectionError } from "../sync/report.ts";
import { version } from "../runtime/version.ts";
import type { FieldChange } from "../sync/changes/delta.ts";
import type { DriftedSection } from "../sync/changes/drift.ts";
import type { PlannedChange } from "../sync/changes/found_changes.ts";
import { countDifferences, type PlanCounts, type PlannedSection } from "../sync/changes/plan.ts";
import { describeRefusal } from "../sync/field_refusals.ts";
import type { CommandContext } from "./command.ts";
import { csvRow } from "./csv.ts";

/** How plans are to be shown. */
export interface PlanLook {
  readonly csv: boolean;
  /** Records to show in text; 0 shows all. */
  readonly limit: number;
  /** Whether it was asked who changed what. */
  readonly history: boolean;
}

const labels: readonly (readonly [keyof PlanCounts, string])[] = [
  ["new", "new"],
  ["renamed", "renamed"],
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
type HeadLines = readonly [string, ...string[]];

function describeHidden(fields: readonly string[]): string[] {
  return fields.length === 0 ? [] : [`Oomnitza does not show ${fields.join(", ")}: not compared`];
}

function describeError(error: SectionError | null): string[] {
  if (error === null) return [];
  return error.hint === null ? [error.message] : [error.message, error.hint];
}

function planHead({ report }: PlannedSection): HeadLines {
  const { section, counts, waiting, has_baseline, guard, error } = report;
  const lines: [string, ...string[]] = [
    `${section}: ${phrase(counts)}; ${counts.to_send} would be sent`,
  ];
  if (!has_baseline) {
    lines.push(
      report.compared_with === "live"
        ? "No full upload is recorded yet: records that are gone cannot be determined"
        : "No full upload is recorded yet, to compare with",
    );
  }
  lines.push(...describeHidden(report.not_compared));
  lines.push(...describeEmptyPaths(report.empty_paths));
  lines.push(...report.refusals.map(describeRefusal));
  if (counts.gone === null) {
    lines.push("Not everything was read: records that are gone cannot be determined");
  }
  if (counts.blanked > 0) lines.push(`${counts.blanked} would lose the value of a field`);
  if (waiting > 0) lines.push(`${waiting} records of an earlier run wait and are sent first`);
  if (guard !== null) lines.push(`The guard would stop it: ${guard} --accept lets it pass`);
  return [...lines, ...describeError(error)];
}

function driftHead({ report }: DriftedSection): HeadLines {
  const { section, counts, error } = report;
  const { compared, changed, unchanged, gone } = counts;
  return [
    `${section}: ${compared} compared: ${changed} changed in Oomnitza, ${unchanged} as sent` +
    (gone === 0 ? "" : `, ${gone} gone from Oomnitza`),
    ...compared === 0 && error === null
      ? ["The state file remembers no record that Oomnitza accepted"]
      : [],
    ...describeHidden(report.not_compared),
    ...describeError(error),
  ];
}

function formatValue(value: unknown): string {
  return value === undefined ? "(nothing)" : stringifyExactJson(value);
}

const signs = { new: "+", renamed: ">", changed: "~", gone: "-" } as const;

function describeChangedBy({ changed_by, changed_at }: FieldChange): string {
  if (changed_by === undefined) return "";
  return ` (${changed_by}${changed_at === undefined ? "" : `, ${changed_at}`})`;
}

function changeLines({ kind, record, was, fields, reason }: PlannedChange): string[] {
  const now = record === "" ? "(no sync field)" : record;
  const name = was === undefined ? now : `${was} → ${now}`;
  const head = `  ${signs[kind]} ${kind} ${name}${reason === undefined ? "" : `: ${reason}`}`;
  if (kind === "gone") return [head];
  const rows = fields.map((change) =>
    kind === "new"
      ? `      ${change.field}: ${formatValue(change.new)}`
      : `      ${change.field}: ${formatValue(change.old)} → ${formatValue(change.new)}` +
        describeChangedBy(change)
  );
  return [head, ...rows];
}

/** Sections of one kind, and how they are shown. */
interface Shown {
  readonly sections: readonly {
    readonly head: HeadLines;
    readonly report: { readonly section: string };
    readonly total: number;
    changes(): AsyncGenerator<PlannedChange>;
  }[];
  /** The member that names the format of the JSON. */
  readonly format: "plan" | "drift";
  readonly exit: number;
}

async function printText(
  { print }: CommandContext,
  { limit }: PlanLook,
  { sections }: Shown,
): Promise<void> {
  for (const { head } of sections) print(indentDetails(head));
  for (const one of sections) {
    let shown = 0;
    for await (const change of one.changes()) {
      if (shown === 0) print(`\n${one.report.section}`);
      if (limit > 0 && shown === limit) break;
      print(changeLines(change).map(neutralise).join("\n"));
      shown++;
    }
    const more = one.total - shown;
    if (more > 0) print(`  … and ${more} more: --limit 0, --csv and --output json show all`);
  }
}

async function printJson(
  { print }: CommandContext,
  { sections, format, exit }: Shown,
): Promise<void> {
  // Written piece by piece: there may be more changes than fit into memory.
  print(`{"${format}":1,"agent":${stringifyExactJson(version)},"exit":${exit},"sections":[`);
  for (const [index, one] of sections.entries()) {
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

async function printCsv(
  { print, log }: CommandContext,
  { history }: PlanLook,
  { sections }: Shown,
): Promise<void> {
  for (const { head: [line, ...details] } of sections) log.info(line, details);
  print(`section,change,record,field,old,new${history ? ",changed_by,changed_at" : ""}`);
  for (const one of sections) {
    const { section } = one.report;
    for await (const { kind, record, fields } of one.changes()) {
      const rows: readonly Partial<FieldChange>[] = fields.length === 0 ? [{}] : fields;
      for (const { field, old, new: now, changed_by, changed_at } of rows) {
        const by = history ? [changed_by, changed_at] : [];
        print(csvRow([section, kind, record, field, old, now, ...by]));
      }
    }
  }
}

async function printShown(context: CommandContext, look: PlanLook, shown: Shown): Promise<void> {
  if (look.csv) await printCsv(context, look, shown);
  else if (context.global.output === "json") await printJson(context, shown);
  else await printText(context, look, shown);
}

/** Prints plans: the counts first, then what changes. */
export async function printPlans(
  context: CommandContext,
  look: PlanLook,
  planned: readonly PlannedSection[],
  exit: number,
): Promise<void> {
  const sections = planned.map((one) => {
    const total = countDifferences(one.report.counts);
    return { report: one.report, head: planHead(one), total, changes: () => one.changes() };
  });
  await printShown(context, look, { sections, format: "plan", exit });
}

/** Prints what was changed in Oomnitza, in the form of plans. */
export async function printDrift(
  context: CommandContext,
  look: PlanLook,
  drifted: readonly DriftedSection[],
  exit: number,
): Promise<void> {
  const sections = drifted.map((one) => {
    const { changed, gone } = one.report.counts;
    return {
      ...{ report: one.report, head: driftHead(one), total: changed + gone },
      changes: () => one.changes(),
    };
  });
  await printShown(context, look, { sections, format: "drift", exit });
}
