/**
 * `agent serve` while its configuration file breaks: what is due still runs, and the fault is told once.
 *
 * @module
 */
import { afterAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { hold } from "../state/conformance/holds.ts";
import { connect, openTenant, schema } from "../state/postgres/states.ts";
import { startPostgres } from "../support/postgres.ts";
import { listen } from "../support/serve.ts";
import { slow } from "../support/slow.ts";
import { startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, tagsOnly, workspace } from "../support/workspace.ts";

const server = await startPostgres();
const pg = connect(server.url());
// Makes the tables.
await (await openTenant(pg, "first")).close();
afterAll(async () => {
  await pg.close();
  await server[Symbol.asyncDispose]();
});

const names = ["a", "b", "c"] as const;
const sections = names.map((name) =>
  `${tagsOnly.replace("[csv_assets]", `[csv_assets.${name}]`)}schedule = every 1h\n`
).join("");

slow("what is due runs by the configuration of before, and the fault is told once", async () => {
  const instance = await startStandIn();
  const state = await openTenant(pg, "broken");
  const holds = await Promise.all(names.map((name) => hold(state, `csv_assets.${name}`)));
  using space = workspace();
  space.write("assets.csv", "tag\nT1\n");
  const works = oomnitzaSection(instance, "receipt = off") +
    `[state]\nurl = ${server.url()}\nschema = ${schema}\ntenant = broken\n` + sections;
  space.write("config.ini", works);
  await using agent = await listen(space);
  const count = (text: string) => agent.log().split(text).length - 1;
  await agent.until("all wait", () => count("is due, but another upload is running") === 3);
  const ended = (name: string) => agent.log().includes(`csv_assets.${name}: ok`);
  // [state] of all things: nothing may look into it again.
  space.write("config.ini", works.replace(`url = ${server.url()}`, "url = nowhere"));
  await holds[0]?.release();
  await agent.until("the first", () => ended("a"));
  const faults = () => count("Scheduled runs go on with the configuration of before");
  expect(faults()).toBe(1);
  expect(agent.log()).toMatch(/go on with the configuration of before: Cannot use .*config\.ini/);
  expect(agent.log()).toMatch(/config\.ini:\d+ \[state\] url: is refused/);
  await holds[1]?.release();
  await agent.until("the second", () => ended("b"));
  expect(faults()).toBe(1);
  // What is valid again is used, and told; what somebody disables does not run.
  space.write(
    "config.ini",
    works.replace("[csv_assets.c]\nenable = True", "[csv_assets.c]\nenable = False"),
  );
  await holds[2]?.release();
  await agent.until("the third", () => agent.log().includes("[csv_assets.c] could not run"));
  expect(agent.log()).toContain("The configuration can be used again");
  expect(agent.log()).toMatch(/could not run: \[csv_assets\.c\] is not enabled/);
  expect(await agent.stop()).toBe(0);
  expect(count("could not run")).toBe(1);
  expect(agent.log()).not.toContain("canary");
  await state.close();
  await instance.stop();
}, 60_000);

test("a file that is away for a moment stops no run", async () => {
  const instance = await startStandIn();
  const state = await openTenant(pg, "away");
  const held = await hold(state, "csv_assets.a");
  using space = workspace();
  space.write("assets.csv", "tag\nT1\n");
  space.write(
    "config.ini",
    oomnitzaSection(instance, "receipt = off") +
      `[state]\nurl = ${server.url()}\nschema = ${schema}\ntenant = away\n` + sections,
  );
  await using agent = await listen(space);
  await agent.until("it waits", () => agent.log().includes("[csv_assets.a] is due, but another"));
  rmSync(join(space.folder, "config.ini"));
  await held.release();
  await agent.until("its run", () => agent.log().includes("csv_assets.a: ok"));
  expect(agent.log()).toContain("Scheduled runs go on with the configuration of before");
  expect(await agent.stop()).toBe(0);
  await state.close();
  await instance.stop();
}, 60_000);
