/**
 * A configuration whose sections do well and badly, with their past.
 *
 * @module
 */
import { openCursors } from "../../src/state/cursor.ts";
import { type PastRun, writePast } from "./past_runs.ts";

const csv = (name: string, more = "") =>
  `[csv_assets.${name}]\nenable = True\nfilename = assets.csv\nsync_field = BARCODE\n` +
  `mapping.BARCODE = tag\n${more}\n`;

/** Sections that do well and badly. */
export const sampleConfig =
  "[oomnitza]\nurl = https://example.oomnitza.com\napi_token = abcdefgh\n" +
  csv("well", "schedule = every 1d") + csv("refused") + csv("guarded") +
  csv("broken", "schedule = sometimes") + csv("failing") + csv("late", "schedule = every 1h") +
  csv("new") + "[okta]\nenable = False\n";

function pastOf(section: string, count: number, last: Partial<PastRun> = {}): PastRun[] {
  return Array.from({ length: count }, (_, index) => ({
    section: `csv_assets.${section}`,
    minutesAgo: 5 + (count - index - 1) * 1440,
    counts: { fetched: 300 + index, sent: 40 + (index * 37) % 90, unchanged: 200, failed: 0 },
    ...index === count - 1 ? last : {},
  }));
}

/** Why records of one of them are refused. */
export const refusals = { model: "400 MODEL: not in the list", date: "400 BOUGHT: not a date" };

const past: readonly PastRun[] = [
  ...pastOf("well", 40),
  ...pastOf("refused", 30, {
    outcome: "failed",
    counts: { fetched: 300, sent: 283, failed: 17 },
    refused: [...Array<string>(12).fill(refusals.model), ...Array<string>(5).fill(refusals.date)],
  }),
  ...pastOf("guarded", 12, {
    outcome: "failed",
    guard: true,
    counts: { fetched: 150, held: 150 },
    error: "151 of 301 records are gone from the source",
  }),
  ...pastOf("failing", 8, {
    outcome: "failed",
    counts: { fetched: 0 },
    error: "The file assets.csv does not exist",
  }),
  // Its schedule says every hour; the last run was a day ago.
  ...pastOf("late", 5).map((run) => ({ ...run, minutesAgo: run.minutesAgo + 1440 })),
];

/** How they do, in the words of the GUI, worst first. */
export const sampleStates: string[][] = [
  ["csv_assets.broken", "Not valid"],
  ["csv_assets.guarded", "Failed"],
  ["csv_assets.failing", "Failed"],
  ["csv_assets.late", "Late"],
  ["csv_assets.refused", "Partly"],
  ["csv_assets.new", "Never ran"],
  ["csv_assets.well", "OK"],
];

/** Writes the past of the sections into a state file. */
export async function writeSamplePast(state: string): Promise<void> {
  writePast(state, past);
  // As the service notes it when it sees a schedule for the first time.
  const cursor = openCursors(state).cursor("csv_assets.late");
  const since = new Date(Date.now() - 7 * 86_400_000).toISOString();
  cursor.set("agent:schedule", JSON.stringify({ text: '["every 1h",""]', since }));
  await cursor.commit();
  cursor.close();
}
