/**
 * What the tests of delta, guard and plan share.
 *
 * @module
 */
import type { Recorder } from "../support/recorder.ts";
import type { Workspace } from "../support/workspace.ts";
import { section } from "./state_run.ts";

/** The section with only_changed. */
export const onlyChanged = `${section}only_changed = True\n`;

/** Rows of tag and model. */
export function csv(rows: readonly (readonly [string, string])[]): string {
  return `tag,model\n${rows.map((row) => row.join(",")).join("\n")}\n`;
}

/** So many rows whose model is recognised by their number. */
export function numbered(
  count: number,
  model: (row: number) => string = (row) => `model ${row}`,
): string {
  return csv(Array.from({ length: count }, (_, row) => [`T${row}`, model(row)] as const));
}

/** One section's part of a JSON report. */
export interface Shown {
  readonly outcome: string;
  readonly counts: Record<string, number>;
  readonly changes: Record<string, unknown> | null;
  readonly stopped_by_guard: boolean;
  readonly requests: number;
  readonly error: { message: string; hint: string } | null;
}

/** Uploads one section; gives exit code and report. */
export async function upload(space: Workspace, words: readonly string[] = []) {
  const run = await space.agent(["upload", "csv_assets", "--output", "json", ...words]);
  let report: { sections: Shown[] };
  try {
    report = JSON.parse(run.stdout);
  } catch {
    throw new Error(run.stdout + run.stderr);
  }
  return { code: run.code, section: report.sections[0] as Shown, stderr: run.stderr };
}

/** The tags that a recorder got since it was asked last, in the order they came, by API v3. */
export function newTags(recorder: Recorder, seen: { count: number }): string[] {
  const fresh = recorder.uploads().slice(seen.count);
  seen.count = recorder.uploads().length;
  return fresh.flatMap(({ body }) =>
    ((JSON.parse(body).records ?? []) as { BARCODE: string }[]).map(({ BARCODE }) => BARCODE)
  );
}

/** A plan as JSON. */
export interface Planned {
  readonly exit: number;
  readonly sections: {
    readonly counts: Record<string, number | null>;
    readonly waiting: number;
    readonly has_baseline: boolean;
    readonly guard: string | null;
    readonly error: { message: string } | null;
    readonly changes: {
      kind: string;
      record: string;
      fields: { field: string; old?: unknown; new?: unknown }[];
    }[];
  }[];
}

/** Plans one section; gives exit code and plan. */
export async function plan(space: Workspace, words: readonly string[] = []) {
  const run = await space.agent(["plan", "csv_assets", "--output", "json", ...words]);
  let planned: Planned;
  try {
    planned = JSON.parse(run.stdout);
  } catch {
    throw new Error(run.stdout + run.stderr);
  }
  const [first] = planned.sections;
  if (first === undefined) throw new Error(run.stdout + run.stderr);
  return { ...first, code: run.code };
}
