/**
 * Keys of records with line breaks: no report and no log line is forged by them.
 *
 * @module
 */
import { expect } from "bun:test";
import { startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { slow } from "../support/slow.ts";

/** A key that would add lines to a report, and to a log, each in its form. */
const key = "A1\n  B2: refused\ncsv_assets: ok: 9 read\r\n12:00:00 ERROR forged";
const escaped = "A1\\n  B2: refused\\ncsv_assets: ok: 9 read\\x0d\\n12:00:00 ERROR forged";

const section = `[csv_assets]
enable = True
filename = assets.csv
sync_field = BARCODE
mapping.BARCODE = tag
mapping.MODEL = {"source": "model", "converter": "broken"}
recordfilter =
    # language: javascript
    if (record.model === "throws") throw new Error("no " + record.tag);
    return true;

[converters]
broken =
    # language: javascript
    return value;
`;

function linesWith(text: string, part: string): string[] {
  return text.split(/\r\n|[\n\r]/).filter((line) => line.includes(part));
}

slow("a line break in a key is an escape in every text report and in the log", async () => {
  const standIn = await startStandIn({ faults: { poison: { field: "BARCODE", values: [key] } } });
  using space = workspace();
  space.write("assets.csv", `tag,model\n"${key}",air\n`);
  space.write("config.ini", oomnitzaSection(standIn) + section);
  const texts: string[] = [];
  for (
    const words of [
      ["plan", "csv_assets"],
      ["upload", "csv_assets", "--log-dir", "logs"],
      ["failed"],
      ["explain", "csv_assets", "--record", key],
    ]
  ) {
    const { stdout, stderr } = await space.agent(words);
    expect({ words, found: stdout.includes(escaped) }).toEqual({ words, found: true });
    texts.push(stdout, stderr);
  }
  texts.push(space.read("logs/info.log"), space.read("logs/errors.log"));
  for (const text of texts) {
    // Each of the forged lines is seen only behind the escapes, on the line of the key.
    for (const part of ["B2: refused", "ok: 9 read", "ERROR forged"]) {
      for (const line of linesWith(text, part)) expect(line).toMatch(/A1\\n {2}B2|A1\\r?\\n {2}B2/);
    }
  }
  // A failing filter puts the key into its reason.
  space.write("assets.csv", `tag,model\n"${key}",throws\n`);
  const { stdout } = await space.agent(["upload", "csv_assets"]);
  expect(linesWith(stdout, "ERROR forged").every((line) => line.includes("A1\\n  B2"))).toBe(true);
  expect(stdout).toContain("ERROR forged");
  await standIn.stop();
}, 60_000);
