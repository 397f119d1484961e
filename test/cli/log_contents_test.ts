/**
 * What an upload never writes into its log: contents of records, and characters that forge lines.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { record } from "../support/recorder.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { slow } from "../support/slow.ts";

const section = `[csv_assets]
enable = True
filename = assets.csv
sync_field = BARCODE
mapping.BARCODE = {"source": "tag", "required": true}
mapping.NOTES = {"source": "note", "converter": "timestamp"}
mapping.OWNER = {"source": "owner", "required": true}
recordfilter = return record.tag !== "A2"
`;

slow("contents of records stand in no line above DEBUG", async () => {
  await using instance = record({
    answer: ({ path }) => path === "/api/v3/bulk" ? { status: 400, body: "{}" } : undefined,
  });
  using space = workspace();
  space.write(
    "assets.csv",
    "tag,note,owner\n" +
      "A1,canary-note,canary-owner\nA2,canary-note,canary-owner\n,canary-note,canary-owner\nA4,canary-note,\n",
  );
  space.write("config.ini", oomnitzaSection(instance) + section);
  const run = await space.agent(["upload", "csv_assets", "--log-dir", ".", "--quiet"]);
  expect(run.code).toBe(3);
  const above = space.read("info.log").split("\n").filter((line) => !line.includes(" - DEBUG - "));
  expect(above.length).toBeGreaterThan(5);
  expect(above.join("\n")).not.toContain("canary");
  expect(run.stderr + run.stdout).not.toContain("canary");
});

test("names of records can forge no line, neither on the console nor in the files", async () => {
  await using instance = record();
  using space = workspace();
  const evil = "A1\nagent: 2026-01-01 00:00:00,000 - ERROR - forged\r\x1b[2J\u202e\u0085\u2028";
  space.write("assets.csv", `tag,note,owner\n"${evil}",x,\n`);
  space.write("config.ini", oomnitzaSection(instance) + section);
  const run = await space.agent(["upload", "csv_assets", "--log-dir", "."]);
  // Its only record cannot be sent.
  expect(run.code).toBe(3);
  const outputs = [run.stderr, space.read("info.log"), space.read("errors.log")];
  for (const text of outputs) {
    expect(text).not.toMatch(/^agent: 2026-01-01 00:00:00,000/m);
    // deno-lint-ignore no-control-regex
    expect(text).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]/);
  }
  expect(outputs[1]).toContain("A1\\nagent: 2026-01-01");
});
