/**
 * What becomes of webhook events when Jamf Pro or Oomnitza cannot be reached, or the disk is full.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { eventBody } from "../sources/casper/events.ts";
import { listen } from "../support/serve.ts";
import { openServeWorkspace } from "./serve_workspace.ts";
import { query } from "./state_run.ts";
import { slow } from "../support/slow.ts";

slow(
  "an event whose device cannot be fetched is tried again, and its neighbours go on",
  async () => {
    await using space = await openServeWorkspace();
    await using agent = await listen(space);
    const isSeven = (path: string) => path.includes("/computers/id/7/");
    // Four attempts belong to one fetch.
    space.vendor.fail({
      on: ({ path }) => isSeven(path),
      times: 4,
      answer: () => new Response("oops", { status: 500 }),
    });
    for (const id of [6, 7, 8]) await agent.post("/casper", eventBody("ComputerAdded", id));
    await agent.until("the neighbours", () => space.arrived().length === 2);
    await agent.until("a warning", () => agent.log().includes("computer 7 is tried again later"));
    expect(space.arrived()).toEqual(["SN6", "SN8"]);
    await agent.until("the repetition", () => space.arrived().length === 3, 30_000);
    expect(await agent.stop()).toBe(0);
    expect(query(space, "SELECT id FROM inbox")).toEqual([]);
  },
  90_000,
);

slow(
  "an event that fails for too long is given up, listed, and tried again when asked",
  async () => {
    await using space = await openServeWorkspace({
      serve: "coalesce_seconds = 0\nretry_minutes = 0\n",
      jamf: { missing: [9] },
      extra: "api = classic\n",
    });
    const agent = await listen(space);
    await agent.post("/casper", eventBody("ComputerAdded", 9));
    await agent.until("the end of it", () => agent.log().includes("It is given up"), 30_000);
    await agent.until(
      "its row",
      () => query(space, "SELECT id FROM inbox WHERE is_dead = 1").length === 1,
    );
    expect(space.fetched()).toHaveLength(2);
    // A new event about the same is an event of its own.
    await agent.post("/casper", eventBody("ComputerAdded", 10));
    await agent.until("another", () => space.arrived().length === 1);
    expect(await agent.stop()).toBe(0);
    const listed = await space.agent(["failed"]);
    expect(listed.stdout).toMatch(/w\d+ +casper +\S+ +computer 9 +.*404/);
    const [letter] = JSON.parse((await space.agent(["failed", "--output", "json"])).stdout);
    expect(letter).toMatchObject({ section: "casper", record: "computer 9", run: null });
    expect((await space.agent(["retry", "w999"])).code).toBe(2);
    const retried = await space.agent(["retry", letter.id, "--singleton", "0"]);
    expect(retried.stdout).toContain("1 webhook events are due again");
    expect(retried.code).toBe(0);
    expect((await space.agent(["failed"])).stdout).toContain("no refused records");
    await using again = await listen(space);
    await again.until("another fetch", () => space.fetched().length === 4);
    await again.until("the end of it", () => again.log().includes("tried again later"));
    await again.until("the end of it", () => again.log().includes("It is given up"), 30_000);
    expect(await again.stop()).toBe(0);
    expect((await space.agent(["discard", "--all"])).stdout).toContain("1 discarded");
    expect(query(space, "SELECT id FROM inbox")).toEqual([]);
  },
  120_000,
);

slow("while Oomnitza takes nothing, events are accepted and kept, over a restart too", async () => {
  await using space = await openServeWorkspace();
  const agent = await listen(space, [], { ownProcess: true });
  space.standIn.setFaults({ failRate: 1, mix: ["503"] });
  for (let id = 1; id <= 30; id++) {
    expect((await agent.post("/casper", eventBody("ComputerAdded", id))).status).toBe(204);
  }
  await agent.until("an attempt", () => space.fetched().length > 0);
  await Bun.sleep(1500);
  expect(space.arrived()).toEqual([]);
  await agent.kill();
  space.standIn.setFaults({});
  await using again = await listen(space);
  await again.until("all of them", () => space.arrived().length === 30, 30_000);
  expect(await again.stop()).toBe(0);
  expect(query(space, "SELECT id FROM inbox")).toEqual([]);
  expect(query(space, "SELECT id FROM runs WHERE is_open = 1")).toEqual([]);
}, 90_000);

slow("what an earlier run left is delivered without any event", async () => {
  await using space = await openServeWorkspace();
  const agent = await listen(space, [], { ownProcess: true });
  space.standIn.setFaults({ latencyMs: 3000 });
  await agent.post("/casper", eventBody("ComputerAdded", 3));
  await agent.until(
    "a batch in the outbox",
    () => query(space, "SELECT id FROM outbox").length > 0,
  );
  await agent.kill();
  space.standIn.setFaults({});
  // The event itself is gone: only the outbox knows of the record.
  using database = new Database(join(space.folder, "agent-state.sqlite"));
  database.run("DELETE FROM inbox");
  await using again = await listen(space);
  await again.until("the record", () => space.arrived().length === 1);
  expect(space.fetched()).toHaveLength(1);
}, 60_000);

test("when the state file cannot be written, the answer is 503 and readyz says so", async () => {
  await using space = await openServeWorkspace();
  await using agent = await listen(space);
  const state = join(space.folder, "agent-state.sqlite");
  using database = new Database(state);
  database.run("ALTER TABLE inbox RENAME TO elsewhere");
  const refused = await agent.post("/casper", eventBody("ComputerAdded", 1));
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("30");
  const ready = await fetch(`${agent.url}/readyz`);
  expect([ready.status, await ready.text()]).toEqual([
    503,
    "events cannot be stored: see the log\n",
  ]);
  expect((await fetch(`${agent.url}/healthz`)).status).toBe(200);
  database.run("ALTER TABLE elsewhere RENAME TO inbox");
  expect((await agent.post("/casper", eventBody("ComputerAdded", 1))).status).toBe(204);
  expect((await fetch(`${agent.url}/readyz`)).status).toBe(200);
  await agent.until("the record", () => space.arrived().length === 1, 30_000);
}, 60_000);

test("events of a section that is no longer enabled wait until it is again", async () => {
  await using space = await openServeWorkspace({ serve: "coalesce_seconds = 600\n" });
  const agent = await listen(space, [], { ownProcess: true });
  await agent.post("/casper", eventBody("ComputerAdded", 5));
  await agent.kill();
  const ini = space.read("config.ini");
  space.write("config.ini", ini.replace("[casper]\nenable = True", "[casper]\nenable = False"));
  const other = await listen(space);
  expect(other.log()).toContain("1 webhook events of [casper] wait until that section is enabled");
  expect(await other.stop()).toBe(0);
  expect(space.arrived()).toEqual([]);
  space.write("config.ini", ini);
  const again = await listen(space);
  expect(await again.stop()).toBe(0);
  expect(space.arrived()).toEqual(["SN5"]);
}, 60_000);
