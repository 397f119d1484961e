/**
 * What Jasper's section remembers from run to run.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { slow } from "../../support/slow.ts";
import type { VendorCall } from "../../support/vendor.ts";
import { series, start } from "./section.ts";
import { changedAt, iccid } from "./server.ts";

const beginning = "2015-03-04T00:00:00Z";

slow("the next run asks for what changed since the last", async () => {
  const space = start({ count: 51 });
  await using vendor = space.vendor;
  using runs = series(space);
  expect((await runs.upload()).sims).toHaveLength(51);
  expect(runs.remembered()).toBe(changedAt(50));
  expect((await runs.upload()).sims).toEqual([]);
  vendor.touch(7, "2026-01-02T00:00:00.000Z");
  expect((await runs.upload()).sims).toEqual([iccid(7)]);
  expect(runs.remembered()).toBe("2026-01-02T00:00:00.000Z");
  expect((await runs.upload(["--state", "other.sqlite"])).sims).toHaveLength(51);
  expect(runs.space.has("other.sqlite")).toBe(true);
  expect(vendor.since).toEqual([beginning, changedAt(50), changedAt(50), beginning]);
});

test("a change at the time of the run is read again, lest another of that time be lost", async () => {
  const space = start({ count: 3 });
  await using vendor = space.vendor;
  // The server's clock says midnight.
  vendor.touch(2, "2026-02-28T23:59:59.000Z");
  using runs = series(space);
  await runs.upload();
  expect(runs.remembered()).toBe("2026-02-28T23:59:00.000Z");
  expect((await runs.upload()).sims).toEqual([iccid(2)]);
});

test("nothing is remembered when nothing changed, in test mode and with --record-count", async () => {
  const none = start({ count: 0 });
  await using _none = none.vendor;
  using empty = series(none);
  expect((await empty.upload()).code).toBe(0);
  expect(empty.remembered()).toBeUndefined();
  const space = start({ count: 3 });
  await using _vendor = space.vendor;
  using runs = series(space);
  expect((await runs.upload(["--testmode"])).section.counts.shown).toBe(3);
  expect(runs.space.has("agent-state.sqlite")).toBe(false);
  expect((await runs.upload(["--record-count", "2"])).sims).toHaveLength(2);
  expect((await runs.upload(["--record-count", "9"])).sims).toHaveLength(3);
  expect(runs.remembered()).toBeUndefined();
});

test("a failed push leaves the state alone, and the next run sends everything", async () => {
  const space = start({ count: 11 });
  await using vendor = space.vendor;
  using runs = series(space);
  await runs.upload();
  for (const index of [1, 2, 3]) vendor.touch(index, `2026-01-0${index + 1}T00:00:00.000Z`);
  const refused = await runs.upload([], {
    answer: ({ path, body }) =>
      path === "/api/v3/bulk" && body.includes(iccid(2)) ? { status: 400, body: "no" } : undefined,
  });
  expect(refused.code).toBe(3);
  expect(refused.section.counts).toMatchObject({ fetched: 3, sent: 2, failed: 1 });
  expect(runs.remembered()).toBe(changedAt(10));
  expect((await runs.upload()).sims).toEqual([iccid(1), iccid(2), iccid(3)]);
  expect(runs.remembered()).toBe("2026-01-04T00:00:00.000Z");
});

slow("a server that dies mid-run fails the section, and the next run completes", async () => {
  const space = start({ count: 400 });
  await using vendor = space.vendor;
  using runs = series(space);
  const isLate = ({ body }: VendorCall) => vendor.batches.length >= 3 && body.includes("Details");
  const die = () => {
    void vendor.stop();
    return new Response("", { status: 503 });
  };
  vendor.fail({ on: isLate, times: 1, answer: die });
  const run = await runs.upload();
  expect(run.code).toBe(3);
  expect(run.section.outcome).toBe("failed");
  expect(run.section.counts).toMatchObject({ fetched: 150, sent: 150, unreadable: 250 });
  expect(run.sims).toHaveLength(150);
  expect(run.stderr).toContain("SIM 8901000000000000150: Cannot load 50 SIMs from Jasper [jasper]");
  expect(runs.remembered()).toBeUndefined();
  const revived = start({ count: 400 });
  await using next = revived.vendor;
  runs.readFrom(revived);
  const complete = await runs.upload();
  expect(complete.code).toBe(0);
  expect(complete.section.counts).toMatchObject({ fetched: 400, sent: 400, unreadable: 0 });
  expect([...complete.sims].sort()).toEqual([...space.keys]);
  expect(next.since).toEqual([beginning]);
  expect(runs.remembered()).toBe(changedAt(399));
});

test("the Python connector's file is read once and left alone, beside the ini or above", async () => {
  for (const folder of ["", ".."]) {
    const space = start({ count: 51 });
    await using vendor = space.vendor;
    using outer = series(space);
    const home = join(outer.space.folder, "home");
    mkdirSync(home);
    const file = join(home, folder, "storage.db");
    writeFileSync(file, "2026-01-01 00:00:40\n");
    const ini = outer.space.folder;
    const words = ["--ini", join(ini, "config.ini")];
    const cwd = { cwd: home };
    const first = await outer.upload(words, {}, cwd);
    expect(first.sims).toHaveLength(10);
    expect(first.stderr).toMatch(
      /Continuing from 2026-01-01T00:00:40Z, the end of the last upload in .*storage\.db/,
    );
    expect((await outer.upload(words, {}, cwd)).sims).toEqual([]);
    expect(vendor.since).toEqual(["2026-01-01T00:00:40Z", changedAt(50)]);
    expect(readFileSync(file, "utf8")).toBe("2026-01-01 00:00:40\n");
  }
});

test("a storage file without a time is said to be of no use", async () => {
  const space = start({ count: 3 });
  await using vendor = space.vendor;
  using runs = series(space);
  runs.space.write("storage.db", "SQLite format 3\0");
  const run = await runs.upload();
  expect(run.stderr).toContain("contains no time and is not used");
  expect(vendor.since).toEqual([beginning]);
});

test("full_sync reads all, whatever was remembered", async () => {
  const space = start({ count: 11 }, "full_sync = True\n");
  await using vendor = space.vendor;
  using runs = series(space);
  expect((await runs.upload()).sims).toHaveLength(11);
  expect((await runs.upload()).sims).toHaveLength(11);
  expect(vendor.since).toEqual([undefined, undefined]);
});

test("--full reads all for once, whatever was remembered", async () => {
  const space = start({ count: 11 });
  await using vendor = space.vendor;
  using runs = series(space);
  await runs.upload();
  expect((await runs.upload(["--full"])).sims).toHaveLength(11);
  expect((await runs.upload()).sims).toEqual([]);
  expect(vendor.since).toEqual([beginning, undefined, changedAt(10)]);
});

test("a state file that is none is refused by name, before anything is sent", async () => {
  const space = start({ count: 3 });
  await using vendor = space.vendor;
  using runs = series(space);
  runs.space.write(
    "agent-state.sqlite",
    "certainly no database, for that is much longer than this\n",
  );
  const run = await runs.upload();
  expect(run.code).toBe(1);
  expect(run.sims).toEqual([]);
  expect(run.stderr).toContain("Cannot use the state file");
  expect(run.stderr).toContain("--state");
  expect(vendor.calls).toEqual([]);
});
