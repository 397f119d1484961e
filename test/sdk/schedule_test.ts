/**
 * Schedules and windows: what is understood, and when it is due.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { readOption } from "../../src/sdk/option.ts";
import { parseSchedule, parseWindows, scheduleOptions } from "../../src/settings/schedule.ts";

const noon = new Date("2026-03-10T12:00:00Z");

function next(text: string, timeZone = "UTC", after = noon): string | undefined {
  return parseSchedule(text, timeZone).next(after)?.toISOString();
}

test("cron with five and six fields, nicknames and intervals", () => {
  expect(next("0 3 * * *")).toBe("2026-03-11T03:00:00.000Z");
  expect(next("*/10 * * * * *")).toBe("2026-03-10T12:00:10.000Z");
  expect(next("@daily")).toBe("2026-03-11T00:00:00.000Z");
  expect(next("@hourly")).toBe("2026-03-10T13:00:00.000Z");
  expect(next("0 4 * * mon")).toBe("2026-03-16T04:00:00.000Z");
  expect(next("every 6h")).toBe("2026-03-10T18:00:00.000Z");
  expect(next("Every 90 s")).toBe("2026-03-10T12:01:30.000Z");
});

test("the time zone counts, also where the clocks change", () => {
  expect(next("0 3 * * *", "Europe/Berlin")).toBe("2026-03-11T02:00:00.000Z");
  const before = new Date("2026-03-28T12:00:00Z");
  // On 29 March 2026 the clocks of Berlin go from 2:00 to 3:00.
  expect(next("30 4 * * *", "Europe/Berlin", before)).toBe("2026-03-29T02:30:00.000Z");
});

test("what is no schedule is reported with what one looks like", () => {
  for (
    const text of [
      "daily",
      "0 3 * *",
      "61 * * * *",
      "every 0h",
      "every 3 weeks",
      "@never",
      "0 3 * * * * 2030",
    ]
  ) {
    const result = readOption(scheduleOptions.schedule, text);
    expect([text, result.ok]).toEqual([text, false]);
    if (!result.ok) expect(result.problem).toMatch(/^is /);
  }
  expect(readOption(scheduleOptions.schedule_timezone, "Europe/Atlantis").ok).toBe(false);
  expect(readOption(scheduleOptions.schedule_timezone, "Europe/Berlin").ok).toBe(true);
  for (const text of ["22-4", "25:00-26:00", "foo 10:00-11:00", "10:00-10:00", "10:61-11:00"]) {
    expect([text, readOption(scheduleOptions.maintenance_window, text).ok]).toEqual([text, false]);
  }
});

test("in a window nothing begins: what is due waits for its end", () => {
  function open(windows: string, moment: string, timeZone = "UTC"): string | undefined {
    return parseWindows(windows, timeZone).firstOpen(new Date(moment))?.toISOString();
  }
  const night = "22:00-04:00";
  expect(open(night, "2026-03-10T21:59:59Z")).toBe("2026-03-10T21:59:59.000Z");
  expect(open(night, "2026-03-10T22:00:00Z")).toBe("2026-03-11T04:00:00.000Z");
  expect(open(night, "2026-03-11T03:59:30Z")).toBe("2026-03-11T04:00:00.000Z");
  expect(open(night, "2026-03-11T04:00:00Z")).toBe("2026-03-11T04:00:00.000Z");
  // 10 March 2026 is a Tuesday.
  expect(open("sat sun 00:00-24:00", "2026-03-10T12:00:00Z")).toBe("2026-03-10T12:00:00.000Z");
  expect(open("sat sun 00:00-24:00", "2026-03-14T12:00:00Z")).toBe("2026-03-16T00:00:00.000Z");
  expect(open("sat 23:00-02:00, tue 12:00-12:30", "2026-03-15T01:00:00Z")).toBe(
    "2026-03-15T02:00:00.000Z",
  );
  expect(open("tue 12:00-12:30", "2026-03-10T12:10:00Z")).toBe("2026-03-10T12:30:00.000Z");
  expect(open(night, "2026-03-10T21:30:00Z", "Europe/Berlin")).toBe("2026-03-11T03:00:00.000Z");
  expect(open("00:00-24:00", "2026-03-10T12:10:00Z")).toBeUndefined();
});
