/**
 * `agent status`: one screen, JSON, and an exit code by the worst section.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { sampleConfig, sampleStates, writeSamplePast } from "../support/past_sample.ts";
import { startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, tagsOnly, workspace } from "../support/workspace.ts";

test("agent status says how every section does, and its exit code that something is wrong", async () => {
  using space = workspace();
  space.write("config.ini", sampleConfig);
  space.write("assets.csv", "tag\nA-1\n");
  await writeSamplePast(join(space.folder, "agent-state.sqlite"));
  const { code, stdout } = await space.agent(["status", "--output", "json"]);
  expect(code).toBe(3);
  const { sections } = JSON.parse(stdout) as {
    sections: { section: string; condition: string; refused: { count: number }[] }[];
  };
  const words: Readonly<Record<string, string>> = {
    invalid: "Not valid",
    never: "Never ran",
    ok: "OK",
  };
  const said = sections.map(({ section, condition }) => [
    section,
    words[condition] ?? condition.replace(/^./, (letter) => letter.toUpperCase()),
  ]);
  expect(said).toEqual(sampleStates);
  const text = await space.agent(["status"]);
  expect(text.code).toBe(3);
  expect(text.stdout).toMatch(/partly\s+csv_assets\.refused\s+\+{9}~/);
  expect(text.stdout).toContain("17 refused");
  expect(text.stdout).toMatch(/csv_assets\.guarded\s+\+{9}g/);
});

test("sections that never ran or did well need nobody", async () => {
  const instance = await startStandIn();
  try {
    using space = workspace();
    space.write("config.ini", oomnitzaSection(instance) + tagsOnly);
    space.write("assets.csv", "tag\nA-1\nA-2\n");
    const before = await space.agent(["status"]);
    expect(before.stdout).toMatch(/never\s+csv_assets/);
    expect(before.code).toBe(0);
    expect((await space.agent(["upload", "csv_assets"])).code).toBe(0);
    const after = await space.agent(["status"]);
    expect(after.stdout).toMatch(/ok\s+csv_assets\s+\+\s/);
    expect(after.stdout).toContain("2 read, 2 sent");
    expect(after.code).toBe(0);
  } finally {
    await instance.stop();
  }
});

test("a state file in a folder that is not there is no installation that never ran", async () => {
  using space = workspace();
  space.write("config.ini", sampleConfig);
  const run = await space.agent(["status", "--state", "nowhere/agent-state.sqlite"]);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain("The folder of the state file does not exist");
});

test("a configuration that cannot be used is no status", async () => {
  using space = workspace();
  space.write("config.ini", "[oomnitza]\nurl = https://example.oomnitza.com\napi_token =\n");
  const broken = await space.agent(["status"]);
  expect(broken.code).toBe(1);
  expect(broken.stderr).toContain("has errors");
});
