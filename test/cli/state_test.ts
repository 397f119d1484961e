/**
 * The account of every run, the outbox and the dead letters, on the binary.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { startStandIn } from "../support/stand_in/mod.ts";
import { record } from "../support/recorder.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { held, query, rows, section, startUpload } from "./state_run.ts";

test("each run is listed with its account, and shown by its id", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", rows(5));
  const other = section.replace("[csv_assets]", "[csv_assets.more]");
  space.write("config.ini", oomnitzaSection(instance) + section + other);
  expect((await space.agent(["runs"])).stdout).toContain("no run yet");
  expect(space.has("agent-state.sqlite")).toBe(false);
  const run = await space.agent(["upload", "csv_assets", "csv_assets.more", "--output", "json"]);
  expect(run.code).toBe(0);
  const reports = JSON.parse(run.stdout).sections;
  const list = JSON.parse((await space.agent(["runs", "--output", "json"])).stdout);
  expect(list).toHaveLength(2);
  expect(list.map(({ section }: { section: string }) => section)).toEqual([
    "csv_assets.more",
    "csv_assets",
  ]);
  expect(list[1]).toMatchObject({
    id: reports[0].run,
    state: "ok",
    counts: { fetched: 5, sent: 5, failed: 0, kept: 0 },
    api: "v3",
    requests: 2,
    error: null,
    waiting: 0,
  });
  const text = await space.agent(["runs", reports[0].run]);
  expect(text.stdout).toMatch(
    /section +csv_assets\n +origin +upload\n +state +ok[\s\S]*records +5 read, 5 sent/,
  );
  expect((await space.agent(["runs"])).stdout).toMatch(/csv_assets +upload +ok .*5 read, 5 sent/);
  expect((await space.agent(["runs", "nosuch"])).code).toBe(2);
}, 60_000);

test("the state file is for its owner only and holds no secret", async () => {
  await using instance = record({
    answer: ({ path }) =>
      path === "/api/v3/bulk"
        ? { status: 400, body: "no: token-of-the-recorder is odd" }
        : undefined,
  });
  using space = workspace();
  space.write("assets.csv", rows(3));
  space.write("config.ini", oomnitzaSection(instance) + section);
  expect((await space.agent(["upload", "csv_assets"])).code).toBe(3);
  const file = join(space.folder, "agent-state.sqlite");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const letters = query(space, "SELECT reason FROM dead_letters");
  expect(letters).toHaveLength(3);
  expect(letters[0]?.reason).toContain("is odd");
  expect(readFileSync(file).includes(instance.token)).toBe(false);
}, 60_000);

test("test mode, check, --show-mappings and --no-state leave no file", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", rows(3));
  space.write("config.ini", oomnitzaSection(instance) + section);
  for (
    const words of [
      ["upload", "csv_assets", "--testmode"],
      ["check"],
      ["upload", "--show-mappings"],
      ["upload", "csv_assets", "--no-state"],
      ["failed"],
      ["retry"],
      ["discard", "--all"],
    ]
  ) {
    expect({ words, code: (await space.agent(words)).code }).toEqual({ words, code: 0 });
    expect(space.has("agent-state.sqlite")).toBe(false);
  }
  expect((await space.agent(["runs", "--no-state"])).code).toBe(2);
  expect((await space.agent(["upload", "csv_assets", "--state", "other.db"])).code).toBe(0);
  expect(space.has("other.db")).toBe(true);
  expect(space.has("agent-state.sqlite")).toBe(false);
}, 60_000);

test("refused records wait as dead letters until the cause is fixed", async () => {
  const standIn = await startStandIn({
    faults: { poison: { field: "BARCODE", pattern: "[37]$" } },
  });
  using space = workspace();
  space.write("assets.csv", rows(20));
  const more = section.replace("[csv_assets]", "[csv_assets.more]").replace(
    "assets.csv",
    "more.csv",
  );
  space.write("more.csv", rows(10, "M"));
  space.write(
    "config.ini",
    oomnitzaSection(standIn) + section + more,
  );
  expect((await space.agent(["upload", "csv_assets", "csv_assets.more"])).code).toBe(3);
  const listed = await space.agent(["failed", "--output", "json"]);
  const letters = JSON.parse(listed.stdout);
  expect(letters).toHaveLength(6);
  expect(letters[0]).toMatchObject({
    section: "csv_assets",
    record: "T3",
    status: 400,
    payload: { BARCODE: "T3", MODEL: "model 3" },
  });
  expect((await space.agent(["failed", "--section", "csv_assets.more"])).stdout).toMatch(
    /M3 .*\n.*M7 /,
  );
  const refused = await space.agent(["retry", "--singleton", "0"]);
  expect(refused.stdout).toContain("6 sent again: 0 accepted, 6 refused");
  expect(refused.code).toBe(3);
  standIn.setFaults({ poison: { field: "BARCODE", pattern: "M7$" } });
  const one = await space.agent(["retry", String(letters[0].id), "--singleton", "0"]);
  expect(one.stdout).toContain("1 sent again: 1 accepted");
  expect(one.code).toBe(0);
  const rest = await space.agent(["retry", "--singleton", "0", "--output", "json"]);
  expect(JSON.parse(rest.stdout)).toEqual({
    letters: 5,
    accepted: 4,
    refused: 1,
    unanswered: 0,
    processing: 0,
    webhooks: 0,
  });
  expect(held(standIn).keys.size).toBe(29);
  expect((await space.agent(["discard"])).code).toBe(2);
  expect((await space.agent(["discard", "999"])).code).toBe(2);
  expect((await space.agent(["discard", "--section", "csv_assets"])).stdout).toContain("0 discard");
  expect((await space.agent(["discard", "--all"])).stdout).toContain("1 discarded");
  expect((await space.agent(["failed"])).stdout).toContain("no refused records");
  await standIn.stop();
}, 60_000);

test("dead letters are bounded by age and by count", async () => {
  const standIn = await startStandIn({ faults: { poison: { field: "BARCODE", pattern: "." } } });
  using space = workspace();
  space.write("assets.csv", rows(6));
  space.write("config.ini", oomnitzaSection(standIn, "dead_letter_count = 4") + section);
  await space.agent(["upload", "csv_assets"]);
  expect(query(space, "SELECT id FROM dead_letters")).toHaveLength(6);
  space.write("assets.csv", "tag,model\n");
  const run = await space.agent(["upload", "csv_assets"]);
  expect(run.stderr).toContain("2 refused records were discarded");
  expect(query(space, "SELECT record FROM dead_letters").map(({ record }) => record)).toEqual([
    "T2",
    "T3",
    "T4",
    "T5",
  ]);
  await standIn.stop();
}, 60_000);

test("what an instance cannot take is kept, and goes first with the next run", async () => {
  let down = true;
  await using instance = record({
    answer: ({ path }) => down && path === "/api/v3/bulk" ? { status: 403, body: "no" } : undefined,
  });
  using space = workspace();
  space.write("assets.csv", rows(1000));
  space.write("config.ini", oomnitzaSection(instance, "batch_size = 50") + section);
  const first = await space.agent(["upload", "csv_assets", "--output", "json"]);
  expect(first.code).toBe(3);
  const [stopped] = JSON.parse(first.stdout).sections;
  const { fetched, kept, sent, failed } = stopped.counts;
  expect({ kept, sent, failed }).toEqual({ kept: fetched, sent: 0, failed: 0 });
  expect(stopped.failures).toEqual([]);
  const text = await space.agent(["upload", "csv_assets"]);
  expect(text.stdout).toContain(`${fetched} left by an earlier run: 0 sent, 0 failed, ${fetched}`);
  expect(text.stdout).toContain("0 read");
  const before = instance.uploads().length;
  down = false;
  const second = await space.agent(["upload", "csv_assets", "--output", "json"]);
  expect(second.code).toBe(0);
  const [report] = JSON.parse(second.stdout).sections;
  expect(report.backlog).toEqual({ records: fetched, sent: fetched, failed: 0, kept: 0 });
  expect(report.counts).toMatchObject({ fetched: 1000, sent: 1000 });
  expect(second.stderr).toContain(`Sending ${fetched} records left by run ${stopped.run}`);
  const bodies = instance.uploads().slice(before).filter(({ path }) => path === "/api/v3/bulk")
    .map(({ body }) => JSON.parse(body));
  const portions = [...new Set(bodies.map(({ portion }) => portion))];
  expect(portions).toHaveLength(2);
  const old = JSON.parse(
    instance.uploads().find(({ path }) => path === "/api/v3/bulk")?.body ?? "",
  );
  expect(portions[0]).toBe(old.portion);
  const tags = bodies.flatMap(({ records }) =>
    records.map((one: { BARCODE: string }) => one.BARCODE)
  );
  const expected = Array.from({ length: fetched }, (_, row) => `T${row}`);
  expect(tags.slice(0, fetched)).toEqual(expected);
  const finalized = instance.uploads().map(({ path }) => path).filter((path) =>
    path.endsWith("/finalize")
  );
  expect(finalized).toEqual(portions.map((portion) => `/api/v3/bulk/${portion}/finalize`));
  expect(query(space, "SELECT * FROM outbox")).toEqual([]);
}, 60_000);

test("what five runs and a day could not deliver no longer holds up the rest", async () => {
  await using instance = record({
    // It names a time that no run waits for.
    answer: ({ path }) =>
      path === "/api/v3/bulk"
        ? { status: 503, body: "busy", headers: { "Retry-After": "86400" } }
        : undefined,
  });
  using space = workspace();
  space.write("assets.csv", rows(100));
  space.write("config.ini", oomnitzaSection(instance, "batch_size = 50") + section);
  for (let n = 0; n < 7; n++) {
    expect((await space.agent(["upload", "csv_assets"])).code).toBe(3);
  }
  expect(query(space, "SELECT * FROM dead_letters")).toEqual([]);
  const [first] = query(space, "SELECT max(tries) AS tries FROM outbox");
  expect(first?.tries).toBeGreaterThanOrEqual(5);
  using database = new Database(join(space.folder, "agent-state.sqlite"));
  database.run("UPDATE runs SET started = '2026-01-01T00:00:00.000Z'");
  const run = await space.agent(["upload", "csv_assets"]);
  expect(run.code).toBe(3);
  expect(run.stderr).toMatch(
    /Moved to the dead letters: 50 records: \d+ runs in more than a day could not deliver it/,
  );
  const letters = query(space, "SELECT record FROM dead_letters ORDER BY id");
  expect(letters.map(({ record }) => record)).toEqual(
    Array.from({ length: 50 }, (_, row) => `T${row}`),
  );
}, 60_000);

test("a killed run shows as interrupted, one at work as running", async () => {
  const standIn = await startStandIn({ faults: { latencyMs: 200 } });
  using space = workspace();
  space.write("assets.csv", rows(6000));
  space.write("config.ini", oomnitzaSection(standIn) + section);
  const child = await startUpload(space);
  const runs = async () => JSON.parse((await space.agent(["runs", "--output", "json"])).stdout);
  let running = await runs();
  // How far it is stands in the state file some answers later.
  while (!(running[0]?.counts.sent > 0)) {
    await Bun.sleep(20);
    running = await runs();
  }
  expect(running[0].state).toBe("running");
  child.kill("SIGKILL");
  await child.exited;
  const killed = await runs();
  expect(killed[0]).toMatchObject({ id: running[0].id, state: "interrupted", ended: null });
  expect(killed[0].counts.sent).toBeGreaterThan(0);
  expect(killed[0].waiting).toBeGreaterThan(0);
  await standIn.stop();
}, 60_000);
