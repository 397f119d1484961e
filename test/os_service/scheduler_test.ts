/**
 * The scheduler: when a section is due, and that it never runs beside itself.
 *
 * @module
 */
import { expect, setSystemTime, test } from "bun:test";
import { createLog } from "../../src/logging/log.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { parseSchedule, parseWindows } from "../../src/settings/schedule.ts";
import { nextDue, type ScheduledSection } from "../../src/app/schedule.ts";
import { Scheduler } from "../../src/daemon/scheduler.ts";
import { slow } from "../support/slow.ts";

function section(schedule: string, jitterMs = 0, windows = ""): ScheduledSection {
  return {
    name: "okta",
    schedule: parseSchedule(schedule, "UTC"),
    jitterMs,
    windows: parseWindows(windows, "UTC"),
    after: [],
  };
}

function due(one: ScheduledSection, since: string, lastStart?: string): string | undefined {
  const last = lastStart === undefined ? undefined : new Date(lastStart);
  return nextDue(one, { since: new Date(since), lastStart: last })?.toISOString();
}

test("a new schedule does not look back; what was missed later is due at once", () => {
  const daily = section("0 3 * * *");
  expect(due(daily, "2026-03-10T12:00:00Z")).toBe("2026-03-11T03:00:00.000Z");
  // A run by hand, long before there was a schedule.
  expect(due(daily, "2026-03-10T12:00:00Z", "2026-01-01T00:00:00Z")).toBe(
    "2026-03-11T03:00:00.000Z",
  );
  // Down for a week: one moment, in the past.
  expect(due(daily, "2026-03-01T12:00:00Z", "2026-03-02T03:00:00Z")).toBe(
    "2026-03-03T03:00:00.000Z",
  );
});

test("an interval begins with a run, and counts from the last start", () => {
  const often = section("every 6h");
  expect(due(often, "2026-03-10T12:00:00Z")).toBe("2026-03-10T12:00:00.000Z");
  expect(due(often, "2026-03-10T12:00:00Z", "2026-03-10T12:00:01Z")).toBe(
    "2026-03-10T18:00:01.000Z",
  );
});

test("jitter puts off by no more than said, and by the same after a restart", () => {
  const jittery = section("0 3 * * *", 600_000);
  const first = due(jittery, "2026-03-10T12:00:00Z");
  const delay = Date.parse(first ?? "") - Date.parse("2026-03-11T03:00:00Z");
  expect(delay).toBeGreaterThan(0);
  expect(delay).toBeLessThanOrEqual(600_000);
  expect(due(jittery, "2026-03-10T12:00:00Z")).toBe(first);
  expect(due(jittery, "2026-03-11T12:00:00Z")).not.toBe(first);
});

test("a window holds up what is due in it", () => {
  expect(due(section("0 3 * * *", 0, "02:00-05:30"), "2026-03-10T12:00:00Z")).toBe(
    "2026-03-11T05:30:00.000Z",
  );
});

const log = createLog("agent", createRedactor(), []);

slow(
  "a section that takes longer than its interval runs again afterwards, never beside itself",
  async () => {
    let atOnce = 0;
    let most = 0;
    const starts: Date[] = [];
    const scheduler = new Scheduler({
      sections: [section("every 1s")],
      parallel: 4,
      readPast: () => {
        const past = { lastStart: starts.at(-1), since: new Date(Date.now() - 60_000) };
        return Promise.resolve(() => past);
      },
      log,
      async run() {
        starts.push(new Date());
        most = Math.max(most, ++atOnce);
        await Bun.sleep(1300);
        atOnce--;
        return true;
      },
    });
    scheduler.start();
    await Bun.sleep(3000);
    await scheduler.stop();
    const count = starts.length;
    expect(count).toBeGreaterThanOrEqual(2);
    expect(most).toBe(1);
    expect(atOnce).toBe(0);
    await Bun.sleep(1500);
    expect(starts.length).toBe(count);
  },
);

test("a run that fails is not tried again before it is due, one that was held up is", async () => {
  const calls: string[] = [];
  const since = new Date(Date.now() - 1000);
  const two = [section("every 1h"), { ...section("every 2h"), name: "casper" }];
  const scheduler = new Scheduler({
    sections: two,
    parallel: 1,
    readPast: () => Promise.resolve(() => ({ lastStart: undefined, since })),
    log,
    run(name) {
      calls.push(name);
      if (name === "okta") throw new Error("no such host");
      return Promise.resolve(false);
    },
  });
  scheduler.start();
  while (calls.length < 2) await Bun.sleep(5);
  expect(calls).toEqual(["okta", "casper"]);
  const next = await scheduler.upcoming();
  expect(next.map(({ section }) => section)).toEqual(["casper", "okta"]);
  expect((next[0]?.due?.getTime() ?? 0) - Date.now()).toBeLessThanOrEqual(5000);
  expect((next[1]?.due?.getTime() ?? 0) - Date.now()).toBeGreaterThan(3_500_000);
  await scheduler.stop();
});

test("a start that is ahead of the clock, which was set back since, holds nothing up", async () => {
  const calls: string[] = [];
  const since = new Date(Date.now() - 3_600_000);
  const scheduler = new Scheduler({
    sections: [section("every 1h")],
    parallel: 1,
    readPast: () => Promise.resolve(() => ({ lastStart: undefined, since })),
    log,
    run(name) {
      calls.push(name);
      return Promise.resolve(true);
    },
  });
  try {
    setSystemTime(new Date(Date.now() + 86_400_000));
    scheduler.start();
    while ((await scheduler.upcoming())[0]?.due?.getTime() !== undefined && calls.length === 0) {
      await Bun.sleep(5);
    }
    await scheduler.stop();
  } finally {
    setSystemTime();
  }
  const [next] = await scheduler.upcoming();
  expect((next?.due?.getTime() ?? Infinity) - Date.now()).toBeLessThanOrEqual(0);
});

test("a run that was left is made up for once, and then waits for its schedule", async () => {
  const lastStart = new Date(Date.now() - 1000);
  const claimed: string[] = [];
  const past = { lastStart, since: new Date(0), isAbandoned: true };
  let looks = 0;
  const scheduler = new Scheduler({
    sections: [section("every 1h")],
    parallel: 1,
    readPast: () => Promise.resolve((void looks++, () => past)),
    log,
    lookMs: 20,
    run(_name, due) {
      claimed.push(due.toISOString());
      // Also when another process had claimed it.
      return Promise.resolve(true);
    },
  });
  scheduler.start();
  while (claimed.length === 0) await Bun.sleep(5);
  // It looks a few times more, and finds nothing to be made up for.
  for (const before = looks; looks < before + 5;) await Bun.sleep(5);
  await scheduler.stop();
  // All processes claim the same start, whenever they look.
  expect(claimed).toEqual([lastStart.toISOString()]);
});
