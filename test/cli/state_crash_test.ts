/**
 * Whatever ends an upload, the state file sees to it that nothing is lost.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startStandIn } from "../support/stand_in/mod.ts";
import { binaryPath } from "../support/binary.ts";
import { slow } from "../support/slow.ts";
import { oomnitzaSection, type Workspace, workspace } from "../support/workspace.ts";
import { held, mount, query, rows, section, startUpload, waiting } from "./state_run.ts";

const isRoot = process.getuid?.() === 0;

/** Numbers from 0 to 1, always the same for a seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

slow(
  "20,000 rows, killed 25 times: all are there, with one batch per worker and kill sent twice",
  async () => {
    const total = 20_000;
    const workers = 2;
    const kills = 25;
    const standIn = await startStandIn({ faults: { latencyMs: 5 } });
    using space = workspace();
    space.write("assets.csv", rows(total));
    space.write("config.ini", oomnitzaSection(standIn) + section);
    const chance = seeded(6);
    const begun = new Set<string>();
    /** Batches that went into the outbox, by portion: of whole batches, as the file has whole batches. */
    const batches = new Map<string, number>();
    let duplicates = 0;
    let lastBatch = 0;
    function count() {
      const [run] = query(space, "SELECT upload FROM runs ORDER BY id DESC LIMIT 1");
      const [last] = query(space, "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'");
      const { portion = "" } = JSON.parse(String(run?.upload ?? "{}"));
      const now = Number(last?.seq ?? 0);
      batches.set(portion, (batches.get(portion) ?? 0) + now - lastBatch);
      lastBatch = now;
    }
    for (let kill = 0; kill < kills; kill++) {
      const before = standIn.state.counters.received;
      // Some kills come before the first record, some near the end of the file.
      const wanted = Math.floor(chance() ** 2 * total * 0.8);
      const child = await startUpload(space);
      while (standIn.state.counters.received - before < wanted && child.exitCode === null) {
        await Bun.sleep(1);
      }
      await Bun.sleep(chance() * 20);
      child.kill("SIGKILL");
      await child.exited;
      const open = query(space, "SELECT id FROM runs WHERE is_open = 1");
      expect(open.length).toBeLessThanOrEqual(1 + begun.size);
      for (const { id } of open) begun.add(String(id));
      count();
    }
    const last = await space.agent(["upload", "csv_assets", "--output", "json"], {
      timeoutMs: 120_000,
    });
    expect(last.code).toBe(0);
    count();
    expect(held(standIn).keys.size).toBe(total);
    expect(query(space, "SELECT id FROM outbox")).toEqual([]);
    expect(query(space, "SELECT id FROM runs WHERE is_open = 1")).toEqual([]);
    for (const { id, received, finalized } of standIn.state.portions) {
      expect(finalized).toBe(true);
      duplicates += received - (batches.get(id) ?? 0) * 100;
    }
    expect(duplicates).toBeGreaterThanOrEqual(0);
    expect(duplicates).toBeLessThanOrEqual(kills * workers * 100);
    await standIn.stop();
  },
  300_000,
);

test(
  "a run that was killed is finished under its own portion before anything new is read",
  async () => {
    const standIn = await startStandIn({ faults: { latencyMs: 30 } });
    using space = workspace();
    space.write("assets.csv", rows(3000));
    space.write("config.ini", oomnitzaSection(standIn) + section);
    const child = await startUpload(space);
    while (standIn.state.counters.received < 1000) await Bun.sleep(2);
    child.kill("SIGKILL");
    await child.exited;
    const left = waiting(space).flat();
    expect(left.length).toBeGreaterThan(0);
    const [portion] = standIn.state.portions;
    // The source has nothing any more: what is there comes from the outbox alone.
    space.write("assets.csv", "tag,model\n");
    const run = await space.agent(["upload", "csv_assets", "--output", "json"]);
    expect(run.code).toBe(0);
    const [report] = JSON.parse(run.stdout).sections;
    const count = left.length;
    expect(report.backlog).toEqual({ records: count, sent: count, failed: 0, kept: 0 });
    expect(run.stderr).toMatch(/Sending \d+ records left by run \w{10}/);
    const { keys } = held(standIn);
    for (const tag of left) expect(keys.has(tag)).toBe(true);
    expect(standIn.state.portions).toHaveLength(1);
    expect(standIn.state.portions[0]).toMatchObject({ id: portion?.id, finalized: true });
    await standIn.stop();
  },
  60_000,
);

slow(
  "a state file restored to a moment in an upload has nothing refused that was accepted",
  async () => {
    const standIn = await startStandIn({ faults: { latencyMs: 30 } });
    using space = workspace();
    space.write("assets.csv", rows(3000));
    space.write("config.ini", oomnitzaSection(standIn) + section);
    const child = await startUpload(space);
    while (standIn.state.counters.received < 1000) await Bun.sleep(2);
    child.kill("SIGKILL");
    await child.exited;
    const count = waiting(space).flat().length;
    const files = ["", "-wal"].map((end) => join(space.folder, `agent-state.sqlite${end}`));
    for (const file of files) cpSync(file, `${file}.backup`);
    space.write("assets.csv", "tag,model\n");
    expect((await space.agent(["upload", "csv_assets"])).code).toBe(0);
    expect(standIn.state.portions).toMatchObject([{ finalized: true }]);
    for (const file of files) cpSync(`${file}.backup`, file);
    rmSync(join(space.folder, "agent-state.sqlite-shm"), { force: true });
    const run = await space.agent(["upload", "csv_assets", "--output", "json"]);
    expect(run.code).toBe(0);
    const [report] = JSON.parse(run.stdout).sections;
    expect(report.backlog).toEqual({ records: count, sent: count, failed: 0, kept: 0 });
    expect(query(space, "SELECT id FROM dead_letters")).toEqual([]);
    expect(query(space, "SELECT id FROM runs WHERE is_open = 1")).toEqual([]);
    // The next one asks what became of both uploads.
    space.write("assets.csv", rows(3000));
    expect((await space.agent(["upload", "csv_assets"])).code).toBe(0);
    expect(query(space, "SELECT id FROM runs WHERE awaits_receipt = 1")).toEqual([]);
    // The second one is what was left, in an upload of its own.
    expect(standIn.state.portions.slice(0, 2)).toMatchObject([
      { finalized: true },
      { finalized: true, received: count },
    ]);
    await standIn.stop();
  },
  60_000,
);

slow("four uploads of one section at once do not disturb each other", async () => {
  const standIn = await startStandIn({ faults: { latencyMs: 3 } });
  using space = workspace();
  space.write("assets.csv", rows(3000));
  space.write("config.ini", oomnitzaSection(standIn) + section);
  const children = await Promise.all([1, 2, 3, 4].map(() => startUpload(space)));
  for (const child of children) {
    const report = JSON.parse(await new Response(child.stdout).text());
    expect(report.sections[0]?.counts).toMatchObject({ fetched: 3000, sent: 3000 });
    expect(report.sections[0]?.backlog.records).toBe(0);
    expect(await child.exited).toBe(0);
  }
  expect(held(standIn).times).toBe(12_000);
  expect(query(space, "PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
  expect(query(space, "SELECT outcome, is_open FROM runs")).toEqual(
    Array.from({ length: 4 }, () => ({ outcome: "ok", is_open: 0 })),
  );
  await standIn.stop();
}, 120_000);

test(
  "a state file that cannot be used ends the program with 1 before anything is sent",
  async () => {
    const standIn = await startStandIn();
    using space = workspace();
    space.write("assets.csv", rows(10));
    space.write("config.ini", oomnitzaSection(standIn) + section);
    mkdirSync(join(space.folder, "folder"));
    writeFileSync(join(space.folder, "text.db"), "this is no database, but a text of some length");
    for (
      const [file, message] of [
        ["folder", /directory/i],
        ["nosuch/state.db", /it does not exist/],
        ["text.db", /it is damaged, or no state file/],
      ] as const
    ) {
      const run = await space.agent(["upload", "csv_assets", "--state", file]);
      expect(run.code).toBe(1);
      expect(run.stderr).toContain(`Cannot use the state file ${join(space.folder, file)}: `);
      expect(run.stderr).toMatch(message);
      expect(run.stderr).toContain("--state");
    }
    expect(held(standIn).keys.size).toBe(0);
    await standIn.stop();
  },
  60_000,
);

test("a state file that may not be written ends the program with 1", async () => {
  const standIn = await startStandIn();
  using space = workspace();
  space.write("assets.csv", rows(10));
  space.write("config.ini", oomnitzaSection(standIn) + section);
  const state = join(space.folder, "agent-state.sqlite");
  expect((await space.agent(["upload", "csv_assets"])).code).toBe(0);
  let restore: () => unknown;
  if (isRoot) {
    // Root may write what is read-only, unless the file system is.
    const mounted = mount(["--bind", space.folder, space.folder]);
    mount(["-o", "remount,ro,bind", space.folder]);
    restore = () => mounted.unmount();
  } else {
    chmodSync(state, 0o400);
    restore = () => chmodSync(state, 0o600);
  }
  const run = await space.agent(["upload", "csv_assets"]);
  restore();
  expect(run.code).toBe(1);
  expect(run.stderr).toContain(`Cannot use the state file ${state}: `);
  expect(held(standIn).times).toBe(10);
  await standIn.stop();
}, 60_000);

/** Runs an upload whose state file finds no room after about a megabyte. */
async function uploadWithoutRoom(space: Workspace): Promise<{ code: number; text: string }> {
  mkdirSync(join(space.folder, "small"));
  const mounted = isRoot
    ? mount(["-t", "tmpfs", "-o", "size=1m", "tmpfs", join(space.folder, "small")])
    : undefined;
  const words = ["upload", "csv_assets", "--singleton", "0", "--output", "json"];
  const line = [await binaryPath(), ...words, "--state", "small/state.db"];
  const limited = ["sh", "-c", 'trap "" XFSZ; ulimit -f 1024; exec "$@"', "sh", ...line];
  const child = Bun.spawn(mounted === undefined ? limited : line, {
    cwd: space.folder,
    env: process.env,
    stdout: "pipe",
    stderr: "ignore",
  });
  const text = await new Response(child.stdout).text();
  const code = await child.exited;
  if (mounted !== undefined) {
    // What is there moves to where there is room.
    cpSync(join(space.folder, "small"), join(space.folder, "moved"), { recursive: true });
    mounted.unmount();
    cpSync(join(space.folder, "moved"), join(space.folder, "small"), { recursive: true });
  }
  return { code, text };
}

slow(
  "a full disk ends the section with 3: the account balances, and the next run sends the rest",
  async () => {
    const total = 20_000;
    const standIn = await startStandIn();
    using space = workspace();
    space.write("assets.csv", rows(total));
    space.write("config.ini", oomnitzaSection(standIn) + section);
    const { code, text } = await uploadWithoutRoom(space);
    expect(code).toBe(3);
    const [report] = JSON.parse(text).sections;
    expect(report.outcome).toBe("failed");
    expect(report.error.message).toContain(
      `Cannot use the state file ${join(space.folder, "small/state.db")}: `,
    );
    const { fetched, sent, failed, kept } = report.counts;
    expect(sent).toBeGreaterThan(0);
    expect(fetched).toBeLessThan(total);
    expect(fetched).toBe(sent + failed + kept);
    const { keys } = held(standIn);
    expect(keys.size).toBe(sent);
    for (const { record, reason } of report.failures) {
      expect(keys.has(record)).toBe(false);
      expect(reason).toContain("Cannot use the state file");
    }
    const next = await space.agent(
      ["upload", "csv_assets", "--state", "small/state.db", "--output", "json"],
      { timeoutMs: 60_000 },
    );
    expect(next.code).toBe(0);
    expect(held(standIn).keys.size).toBe(total);
    await standIn.stop();
  },
  120_000,
);

test("a disk without any room ends the program with 1", async () => {
  const standIn = await startStandIn();
  using space = workspace();
  space.write("assets.csv", rows(10));
  space.write("config.ini", oomnitzaSection(standIn) + section);
  const line = [await binaryPath(), "upload", "csv_assets", "--singleton", "0"];
  const child = Bun.spawn(["sh", "-c", 'trap "" XFSZ; ulimit -f 16; exec "$@"', "sh", ...line], {
    cwd: space.folder,
    env: process.env,
    stdout: "ignore",
    stderr: "pipe",
  });
  expect(await new Response(child.stderr).text()).toContain("Cannot use the state file");
  expect(await child.exited).toBe(1);
  expect(held(standIn).keys.size).toBe(0);
  await standIn.stop();
}, 60_000);

test("a state file of a newer agent is left alone", async () => {
  const standIn = await startStandIn();
  using space = workspace();
  space.write("assets.csv", rows(10));
  space.write("config.ini", oomnitzaSection(standIn) + section);
  expect((await space.agent(["upload", "csv_assets"])).code).toBe(0);
  const path = join(space.folder, "agent-state.sqlite");
  using database = new Database(path);
  database.run("PRAGMA user_version = 99");
  for (const words of [["upload", "csv_assets"], ["runs"], ["retry"]]) {
    const run = await space.agent([...words, "--singleton", "0"]);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("it is of version 99, written by a newer agent");
  }
  expect(held(standIn).times).toBe(10);
  await standIn.stop();
}, 60_000);
