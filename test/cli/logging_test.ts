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
  using place = workspace();
  place.write("assets.csv", "tag\nA1\n,\n");
  place.write("config.ini", oomnitzaSection(instance) + section);
  const handler = { class: "logging.FileHandler", formatter: "line" };
  place.write(
    "logging.json",
    JSON.stringify({
      version: 1,
      formatters: { line: { format: "%(levelname)s %(name)s: %(message)s" } },
      handlers: {
        all: { ...handler, filename: join(place.folder, "all.log"), level: "INFO" },
        errors: { ...handler, filename: join(place.folder, "errors.log"), level: "ERROR" },
      },
      root: { level: "DEBUG", handlers: ["all", "errors"] },
    }),
  );
  const run = await place.agent(["upload", "csv_assets", "--logging-config", "logging.json"]);
  expect(run.code).toBe(0);
  expect(run.stderr).toBe("");
  expect(place.read("all.log")).toContain("WARNING csv_assets: Not sent");
  expect(place.read("errors.log")).toBe("");
  const failed = await place.agent([
    "upload",
    "nosuch",
    "--ini",
    "gone.ini",
    "--logging-config",
    "logging.json",
  ]);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain("gone.ini");
  expect(place.read("errors.log")).toContain("gone.ini");
});

test("a missing or broken logging configuration ends the start with 1", async () => {
  using place = workspace();
  const missing = await place.agent(["upload", "x", "--logging-config", "nosuch.json"]);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain("nosuch.json");
  place.write("broken.json", '{"version": 1,');
  const broken = await place.agent(["upload", "x", "--logging-config", "broken.json"]);
  expect(broken.code).toBe(1);
  expect(broken.stderr).toContain("broken.json");
});

test("the configuration of the Python connector works as it is", async () => {
  await using instance = record();
  using place = workspace();
  place.write("assets.csv", "tag\nA1\n");
  place.write("config.ini", oomnitzaSection(instance) + section);
  const folder = dirname(binary);
  const text = readFileSync(join(import.meta.dir, "../fixtures/logging.json"), "utf8");
  place.write(
    "logging.json",
    text.replaceAll('"info.log"', `"${place.folder}/info.log"`).replaceAll(
      '"errors.log"',
      `"${place.folder}/errors.log"`,
    ),
  );
  const run = await place.agent(["upload", "csv_assets", "--logging-config", "logging.json"]);
  expect(run.code).toBe(0);
  expect(folder).not.toBe(place.folder);
  expect(place.read("info.log")).toMatch(
    /csv_assets: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - INFO - Uploading/,
  );
});
