/**
 * `--logging-config` on the binary.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { binaryPath } from "../support/binary.ts";
import { record } from "../support/recorder.ts";
import { oomnitzaSection, tagsOnly as section, workspace } from "../support/workspace.ts";

const binary = await binaryPath();

test("lines go where the configuration says, errors of the start included", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", "tag\nA1\n,\n");
  space.write("config.ini", oomnitzaSection(instance) + section);
  const handler = { class: "logging.FileHandler", formatter: "line" };
  space.write(
    "logging.json",
    JSON.stringify({
      version: 1,
      formatters: { line: { format: "%(levelname)s %(name)s: %(message)s" } },
      handlers: {
        all: { ...handler, filename: join(space.folder, "all.log"), level: "INFO" },
        errors: { ...handler, filename: join(space.folder, "errors.log"), level: "ERROR" },
      },
      root: { level: "DEBUG", handlers: ["all", "errors"] },
    }),
  );
  const run = await space.agent(["upload", "csv_assets", "--logging-config", "logging.json"]);
  expect(run.code).toBe(0);
  expect(run.stderr).toBe("");
  expect(space.read("all.log")).toContain("WARNING csv_assets: Not sent");
  expect(space.read("errors.log")).toBe("");
  const failed = await space.agent([
    "upload",
    "nosuch",
    "--ini",
    "gone.ini",
    "--logging-config",
    "logging.json",
  ]);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain("gone.ini");
  expect(space.read("errors.log")).toContain("gone.ini");
});

test("a missing or broken logging configuration ends the start with 1", async () => {
  using space = workspace();
  const missing = await space.agent(["upload", "x", "--logging-config", "nosuch.json"]);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain("nosuch.json");
  space.write("broken.json", '{"version": 1,');
  const broken = await space.agent(["upload", "x", "--logging-config", "broken.json"]);
  expect(broken.code).toBe(1);
  expect(broken.stderr).toContain("broken.json");
});

test("the configuration of the Python connector works as it is", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", "tag\nA1\n");
  space.write("config.ini", oomnitzaSection(instance) + section);
  const folder = dirname(binary);
  const text = readFileSync(join(import.meta.dir, "../fixtures/logging.json"), "utf8");
  space.write(
    "logging.json",
    text.replaceAll('"info.log"', `"${space.folder}/info.log"`).replaceAll(
      '"errors.log"',
      `"${space.folder}/errors.log"`,
    ),
  );
  const run = await space.agent(["upload", "csv_assets", "--logging-config", "logging.json"]);
  expect(run.code).toBe(0);
  expect(folder).not.toBe(space.folder);
  expect(space.read("info.log")).toMatch(
    /csv_assets: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - INFO - Uploading/,
  );
});
