/**
 * `agent serve` runs sections by schedule, and `agent schedule` shows what is next.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { startStandIn } from "../support/stand_in/mod.ts";
import { listen } from "../support/serve.ts";
import { slow } from "../support/slow.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { held, query, rows, section } from "./state_run.ts";

interface Stretch {
  readonly started: string;
  readonly ended: string | null;
  readonly outcome: string | null;
}

slow(
  "a section that is due every two seconds runs, never beside itself, and goes on after a restart",
  async () => {
    // Reading and sending 2,000 records takes longer than the interval at this latency.
    const standIn = await startStandIn({ faults: { latencyMs: 250 } });
    using space = workspace();
    space.write("assets.csv", rows(2000));
    space.write("config.ini", `${oomnitzaSection(standIn)}${section}schedule = every 2s\n`);
    const runs = () =>
      query(
        space,
        "SELECT started, ended, outcome FROM runs ORDER BY started",
      ) as unknown[] as Stretch[];
    const ended = () => runs().filter(({ outcome }) => outcome === "ok").length;
    {
      await using first = await listen(space, ["--singleton", "0"]);
      await first.until("two runs", () => ended() >= 2, 40_000);
      expect(await first.stop()).toBe(0);
    }
    const before = runs().length;
    {
      await using second = await listen(space, ["--singleton", "0"]);
      await second.until("another run", () => ended() > before, 40_000);
      expect(await second.stop()).toBe(0);
    }
    const all = runs();
    for (const [index, { started }] of all.entries()) {
      const previous = all[index - 1];
      if (previous === undefined) continue;
      expect(started >= String(previous.ended)).toBe(true);
      const apart = Date.parse(started) - Date.parse(previous.started);
      expect(apart).toBeGreaterThanOrEqual(1900);
    }
    expect(held(standIn).keys.size).toBe(2000);
    await standIn.stop();
  },
  120_000,
);

test("agent schedule shows what is next, and what never ran", async () => {
  using space = workspace();
  const oomnitza = "[oomnitza]\nurl = http://127.0.0.1:9\napi_token = x\n";
  space.write("assets.csv", rows(1));
  space.write("config.ini", `${oomnitza}${section}`);
  const none = await space.agent(["schedule"]);
  expect(none.code).toBe(0);
  expect(none.stdout).toBe("No enabled section has a schedule\n");
  space.write(
    "config.ini",
    `${oomnitza}${section}schedule = 30 3 * * *\nschedule_timezone = Europe/Berlin\n`,
  );
  const run = await space.agent(["schedule", "--output", "json"]);
  expect(run.code).toBe(0);
  const [row] = JSON.parse(run.stdout);
  expect(row).toMatchObject({ section: "csv_assets", schedule: "30 3 * * *", last: null });
  const next = new Date(row.next);
  expect(next.getTime()).toBeGreaterThan(Date.now());
  const inBerlin = next.toLocaleTimeString("en-GB", { timeZone: "Europe/Berlin" });
  expect(inBerlin).toBe("03:30:00");
});

test("a schedule that is none is reported with its line", async () => {
  using space = workspace();
  space.write("assets.csv", rows(1));
  space.write(
    "config.ini",
    `[oomnitza]\nurl = http://127.0.0.1:9\napi_token = x\n${section}schedule = nightly\n`,
  );
  const run = await space.agent(["check", "csv_assets"]);
  expect(run.code).toBe(1);
  expect(run.stderr).toMatch(
    /config\.ini:10 \[csv_assets\] schedule: is not a schedule such as 0 3 \* \* \*, @daily or every 6h/,
  );
});
