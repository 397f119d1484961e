/**
 * The calendar of scheduled runs: when they begin, and which overlap.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { planRuns, upcomingStarts } from "../../src/app/calendar.ts";
import { checkConfig, type Config } from "../../src/config/config.ts";
import { parseIni } from "../../src/config/ini.ts";
import { sources } from "../../src/sources/mod.ts";
import { StateStore } from "../../src/state/store.ts";
import { writePast } from "../support/past_runs.ts";
import { workspace } from "../support/workspace.ts";

const from = new Date("2026-03-02T00:00:00Z");
const until = new Date("2026-03-04T00:00:00Z");

function configOf(schedules: Readonly<Record<string, string>>): Config {
  const sections = Object.entries(schedules).map(([name, schedule]) =>
    `[csv_assets.${name}]\nenable = True\nfilename = a.csv\nsync_field = BARCODE\n` +
    `schedule = ${schedule}\nschedule_timezone = UTC\n`
  );
  const text = `[oomnitza]\nurl = https://example.com\napi_token = abcd\n${sections.join("")}`;
  return checkConfig(parseIni(text, "config.ini"), { sources, env: {}, directory: "/" });
}

test("patterns go by the clock, intervals count from the last start", () => {
  const config = configOf({ daily: "0 3 * * *", often: "every 20h" });
  const last = new Date("2026-03-01T10:00:00Z");
  const starts = upcomingStarts(config, from, until, (name) => {
    return name === "csv_assets.often" ? last : undefined;
  });
  expect(starts.map(({ section, start }) => [section, start.toISOString().slice(5, 16)])).toEqual([
    ["csv_assets.daily", "03-02T03:00"],
    ["csv_assets.often", "03-02T06:00"],
    ["csv_assets.often", "03-03T02:00"],
    ["csv_assets.daily", "03-03T03:00"],
    ["csv_assets.often", "03-03T22:00"],
  ]);
});

test("an interval that is overdue begins at once, and goes on from there", () => {
  const config = configOf({ often: "every 1d" });
  const starts = upcomingStarts(config, from, until, () => new Date("2026-01-01T00:00:00Z"));
  expect(starts.map(({ start }) => start.toISOString().slice(5, 16))).toEqual([
    "03-02T00:00",
    "03-03T00:00",
    "03-04T00:00",
  ]);
});

test("sections overlap when one begins before the other has probably ended", async () => {
  using space = workspace();
  const path = join(space.folder, "state.sqlite");
  // Each run of the past took 42 seconds.
  const pastOf = (section: string) => ({ section: `csv_assets.${section}`, minutesAgo: 9_000 });
  writePast(path, ["a", "b", "c"].map(pastOf));
  const config = configOf({
    a: "0 3 2 3 *",
    b: "30 0 3 2 3 *",
    c: "0 4 2 3 *",
  });
  const store = new StateStore({ path, instance: undefined, redact: (text) => text });
  try {
    const runs = await planRuns(config, store, from, until);
    expect(runs.map(({ section, beside }) => [section.at(-1), beside])).toEqual([
      ["a", ["csv_assets.b"]],
      ["b", ["csv_assets.a"]],
      ["c", []],
    ]);
    expect(Number(runs[0]?.end) - Number(runs[0]?.start)).toBe(42_000);
  } finally {
    await store.close();
  }
});
