/**
 * agent upload --plan: a saved plan is delivered exactly, or not at all, on the binary.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { record } from "../support/recorder.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { csv, newTags, numbered, onlyChanged, plan, upload } from "./delta_run.ts";
import { query, section } from "./state_run.ts";

test("a saved plan is sent exactly, once, and then it is stale", async () => {
  await using instance = record();
  using space = workspace();
  space.write("config.ini", oomnitzaSection(instance) + onlyChanged);
  space.write("assets.csv", numbered(30));
  await upload(space);
  const seen = { count: instance.uploads().length };
  space.write("assets.csv", numbered(29, (row) => row < 4 ? "new" : `model ${row}`));
  const words = ["plan", "csv_assets", "--save", "friday.plan"];
  expect((await space.agent(words)).code).toBe(4);
  expect(statSync(join(space.folder, "friday.plan")).mode & 0o777).toBe(0o600);
  // The source goes on, the plan does not.
  space.write("assets.csv", numbered(30, () => "much later"));
  const run = await space.agent(["upload", "--plan", "friday.plan", "--output", "json"]);
  expect([run.code, run.stderr]).toEqual([0, expect.any(String)]);
  const [sent] = JSON.parse(run.stdout).sections;
  expect(sent).toMatchObject({
    counts: { fetched: 4, sent: 4 },
    changes: { changed: 4, unchanged: 25, gone: 1 },
  });
  expect(newTags(instance, seen)).toEqual(["T0", "T1", "T2", "T3"]);
  const again = await space.agent(["upload", "--plan", "friday.plan"]);
  expect(again.code).toBe(1);
  expect(again.stderr).toContain("The plan of [csv_assets] is stale: something was uploaded since");
  expect(newTags(instance, seen)).toEqual([]);
  space.write("assets.csv", numbered(29, (row) => row < 4 ? "new" : `model ${row}`));
  expect((await upload(space)).section.requests).toBe(0);
  expect(query(space, "SELECT key FROM fingerprints WHERE missed > 0")).toHaveLength(1);
}, 60_000);

test("a first plan can be saved and sent, in sections that send everything, too", async () => {
  await using instance = record();
  using space = workspace();
  space.write("config.ini", oomnitzaSection(instance) + section);
  space.write("assets.csv", numbered(250));
  await space.agent(["plan", "csv_assets", "--save", "first.plan"]);
  const show = await space.agent(["upload", "--plan", "first.plan", "--testmode"]);
  expect(show.stdout.match(/"BARCODE": /g)).toHaveLength(250);
  expect(instance.uploads()).toHaveLength(0);
  expect((await space.agent(["upload", "--plan", "first.plan"])).code).toBe(0);
  const plain = await plan(space);
  expect(plain).toMatchObject({ code: 0, counts: { unchanged: 250, to_send: 250 } });
  await space.agent(["plan", "csv_assets", "--save", "all.plan"]);
  const seen = { count: instance.uploads().length };
  expect((await space.agent(["upload", "--plan", "all.plan"])).code).toBe(0);
  expect(newTags(instance, seen)).toHaveLength(250);
}, 60_000);

test(
  "a plan that was changed, cut, or made with another mapping is refused before anything is sent",
  async () => {
    await using instance = record();
    await using other = record();
    using space = workspace();
    const config = oomnitzaSection(instance) + section;
    space.write("config.ini", config);
    space.write("assets.csv", numbered(10));
    await space.agent(["plan", "csv_assets", "--save", "a.plan"]);
    const text = space.read("a.plan");
    const cases = [
      [text.replace("model 7", "model 8"), config, 2, "it was changed, or is damaged"],
      [text.split("\n").slice(0, -2).join("\n") + "\n", config, 2, "its end is missing"],
      [`${text}{"send":{"BARCODE":"X"}}\n`, config, 2, "something was added"],
      ["", config, 2, "it is empty"],
      ["nonsense\n", config, 2, "is not JSON"],
      ["{}\n", config, 2, "was not written by this version"],
      [text, `${config}mapping.SOURCE = {"hardcoded": "x"}\n`, 1, "its mapping"],
      [text, oomnitzaSection(other) + section, 1, "its mapping"],
      [text, config.replace("enable = True", "enable = False"), 1, "Nothing is enabled"],
    ] as const;
    for (const [content, ini, code, message] of cases) {
      space.write("a.plan", content);
      space.write("config.ini", ini);
      const run = await space.agent(["upload", "--plan", "a.plan"]);
      expect([run.code, run.stderr]).toEqual([code, expect.stringContaining(message)]);
    }
    space.write("config.ini", config);
    expect((await space.agent(["upload", "--plan", "nosuch.plan"])).code).toBe(2);
    expect((await space.agent(["upload", "csv_assets", "--plan", "a.plan"])).code).toBe(2);
    expect(instance.uploads()).toHaveLength(0);
  },
  60_000,
);

test("a plan that the guard is against needs --accept", async () => {
  await using instance = record();
  using space = workspace();
  space.write("config.ini", oomnitzaSection(instance) + onlyChanged);
  space.write("assets.csv", csv(Array.from({ length: 50 }, (_, row) => [`T${row}`, "m"] as const)));
  await upload(space);
  space.write("assets.csv", csv([["T0", "other"]]));
  await space.agent(["plan", "csv_assets", "--save", "a.plan"]);
  const before = instance.uploads().length;
  expect((await space.agent(["upload", "--plan", "a.plan"])).code).toBe(5);
  expect(instance.uploads()).toHaveLength(before);
  expect((await space.agent(["upload", "--plan", "a.plan", "--accept"])).code).toBe(0);
  expect(instance.uploads()).toHaveLength(before + 2);
}, 60_000);
