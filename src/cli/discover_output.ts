/**
 * What was discovered, as text, JSON and CSV.
 *
 * @module
 */

import type { DiscoveredPath, Discovery } from "../app/discover.ts";
import { mostDistinct } from "../app/distinct.ts";
import { describeTypes, shareOf } from "../app/source_paths.ts";
import { neutralise } from "../logging/log.ts";
import { describeEmptyPath } from "../sync/read/missing_paths.ts";
import type { CommandContext } from "./command.ts";
import { csvRow } from "./csv.ts";
import { table } from "./table.ts";

function describeDistinct({ distinct, hasMoreDistinct, filled }: DiscoveredPath): string {
  if (hasMoreDistinct) return `more than ${mostDistinct}`;
  return distinct === undefined || filled === 0 ? "" : String(distinct);
}

function toRow(path: DiscoveredPath, count: number): string[] {
  return [
    path.path,
    describeTypes(path),
    shareOf(path, count),
    describeDistinct(path),
    path.examples.join("  "),
    path.fields.join(", "),
  ];
}

/** A heading and its lines; nothing without lines. */
function block(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", heading, ...lines.map((line) => `  ${neutralise(line)}`)];
}

function oomnitzaLines({ oomnitza }: Discovery): string[] {
  if (!oomnitza.isTold) {
    return [
      "",
      neutralise(`Which fields of Oomnitza are not mapped is not known: ${oomnitza.reason}`),
    ];
  }
  const { unmapped } = oomnitza;
  const names = unmapped.map(({ field, label }) => label === "" ? field : `${field} (${label})`);
  return block(`${unmapped.length} fields of Oomnitza that are not mapped`, names);
}

function textLines(found: Discovery): string[] {
  const { section, count, paths, hasMore, unreadable, skipped, emptyPaths, hint } = found;
  const head = ["PATH", "TYPE", "FILLED", "DISTINCT", "EXAMPLES", "MAPPED TO"];
  const more = unreadable === 0 ? "" : `, ${unreadable} could not be read`;
  const hidden = unreadable - skipped.length;
  return [
    neutralise(`[${section}] ${count} records read${more}, ${paths.length} paths`),
    ...paths.length === 0 ? [] : [table([head, ...paths.map((path) => toRow(path, count))])],
    ...hasMore ? ["There are more paths than can be listed."] : [],
    ...block("Could not be read", [
      ...skipped.map(({ identity, reason }) => `${identity}: ${reason}`),
      ...hidden > 0 ? [`… and ${hidden} more`] : [],
    ]),
    ...block("Mapped, but no record has it", [
      ...emptyPaths.map(describeEmptyPath),
      ...hint === undefined || emptyPaths.length === 0 ? [] : [hint],
    ]),
    ...oomnitzaLines(found),
    ...block(
      "Suggestions",
      found.suggestions.map(({ field, path, reasons }) =>
        `mapping.${field} = ${path}  (${reasons.join("; ")})`
      ),
    ),
  ];
}

function pathJson(path: DiscoveredPath, count: number) {
  const { filled, types, format, distinct, hasMoreDistinct, examples, fields, meaning } = path;
  return {
    path: path.path,
    types,
    format: format ?? null,
    filled,
    share: count === 0 ? 0 : filled / count,
    distinct: distinct ?? null,
    more_distinct: hasMoreDistinct,
    examples,
    mapped_to: fields,
    meaning,
  };
}

function toJson(found: Discovery): string {
  const { section, count, paths, hasMore, emptyPaths, hint, unreadable, skipped } = found;
  const { oomnitza, suggestions } = found;
  return JSON.stringify(
    {
      discover: 1,
      section,
      records: count,
      paths: paths.map((path) => pathJson(path, count)),
      more_paths: hasMore,
      empty_paths: emptyPaths,
      empty_paths_hint: hint ?? null,
      unreadable,
      unreadable_records: skipped,
      unmapped_fields: oomnitza.isTold
        ? oomnitza.unmapped.map(({ field, label, type }) => ({ field, label, type }))
        : null,
      unmapped_fields_unknown: oomnitza.isTold ? null : oomnitza.reason,
      suggestions,
    },
    null,
    2,
  );
}

function csvLines({ paths, count, suggestions }: Discovery): string[] {
  const suggested = new Map<string, string[]>();
  for (const { path, field } of suggestions) {
    suggested.set(path, [...suggested.get(path) ?? [], field]);
  }
  const rows = paths.map((path) => [
    path.path,
    describeTypes(path),
    path.filled,
    count,
    describeDistinct(path),
    ...[0, 1, 2].map((index) => path.examples[index]),
    path.fields.join(", "),
    (suggested.get(path.path) ?? []).join(", "),
    path.meaning,
  ]);
  const head = "path,type,filled,records,distinct,example_1,example_2,example_3,mapped_to," +
    "suggested_for,meaning";
  return [head, ...rows.map(csvRow)];
}

/** Prints what was discovered in the format that was asked for. */
export function printDiscovery(
  { global, print, log }: CommandContext,
  found: Discovery,
  csv: boolean,
): void {
  if (csv) {
    for (const { identity, reason } of found.skipped) {
      log.error(`Unreadable: ${identity}: ${reason}`);
    }
    print(csvLines(found).join("\n"));
  } else if (global.output === "json") print(toJson(found));
  else print(textLines(found).join("\n"));
}
