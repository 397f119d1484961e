/**
 * What webhooks had accepted is taken in by `agent serve` while nothing else is to do, and little of it while a
 * section runs.
 *
 * @module
 */
import { expect } from "bun:test";
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { stringifyExactJson } from "../../src/base/json.ts";
import { compress } from "../../src/runtime/compress.ts";
import { eventBody } from "../sources/casper/events.ts";
import { listen } from "../support/serve.ts";
import { slow } from "../support/slow.ts";
import type { Workspace } from "../support/workspace.ts";
import { openServeWorkspace } from "./serve_workspace.ts";
import { query, rows, section } from "./state_run.ts";

const answered = "SELECT id FROM answered_batches WHERE section = 'casper'";

/** Adds batches of 100 records to the one that a webhook had accepted. */
function addBatches(space: Workspace, count: number): void {
  using database = new Database(join(space.folder, "agent-state.sqlite"));
  const records = Array.from({ length: 100 }, (_, row) => ({ SERIAL: `OLD${row}` }));
  const add = database.prepare(
    `INSERT INTO answered_batches (section, run, destination, kind, records)
      SELECT section, run, destination, kind, ? FROM answered_batches WHERE section = 'casper' LIMIT 1`,
  );
  database.transaction(() => {
    for (let batch = 0; batch < count; batch++) add.run(compress(stringifyExactJson(records)));
  })();
}

slow("what was accepted is taken in little by little while a section runs", async () => {
  const free = Promise.withResolvers<void>();
  await using space = await openServeWorkspace({
    standIn: { hold: (body) => body.includes("BARCODE") ? free.promise : Promise.resolve() },
  });
  const waiting = () => query(space, answered).length;
  const ended = () =>
    query(space, "SELECT id FROM runs WHERE section = 'casper' AND outcome IS NOT NULL").length;
  {
    await using agent = await listen(space);
    await agent.post("/casper", eventBody("ComputerAdded", 1));
    await agent.until("a run", () => ended() === 1);
    expect(waiting()).toBe(1);
  }
  addBatches(space, 400);
  space.write("assets.csv", rows(3));
  const ini = space.read("config.ini");
  space.write("config.ini", `${ini}\n${section}schedule = every 1d\n`);
  await using agent = await listen(space);
  await agent.until(
    "the section",
    () => query(space, "SELECT id FROM runs WHERE section = 'csv_assets'").length === 1,
  );
  await agent.post("/casper", eventBody("ComputerAdded", 2));
  await agent.until("its run", () => ended() === 2);
  // 500 records, with the first of which there was one alone, and what this run brought.
  expect(waiting()).toBe(401 - 6 + 1);
  free.resolve();
  await agent.until("the end of the section", () => agent.log().includes("csv_assets: ok"));
  for (let runs = 3; runs <= 10; runs++) {
    await agent.post("/casper", eventBody("ComputerAdded", runs));
    await agent.until("its run", () => ended() === runs);
  }
  // By 50 batches a run, of which the first may still have met the section: by 5 it would be more than 350.
  expect(waiting()).toBeLessThanOrEqual(210);
});
