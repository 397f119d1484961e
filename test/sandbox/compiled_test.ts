/**
 * The sandbox of the compiled program: it starts itself again and keeps its promises.
 *
 * @module
 */

import { expect } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runBinary } from "../support/binary.ts";
import { slow } from "../support/slow.ts";

const ini = `[oomnitza]
url = https://example.com
api_token = token

[converters]
position:
  return record.get("position", "Unknown position")
script:
  return record.profile.name?.toUpperCase() ?? "none";
endless:
  if (record.position) for (;;) {}
  return "fine";
native:
  if (record.position) return new Array(5e7).join("abc").length;
  return "fine";

[csv_assets]
enable = True
filename = /nowhere.csv
sync_field = BARCODE
mapping.BARCODE = a
recordfilter:
  return record.asset_type == "computer"
`;
const records = [
  { asset_type: "computer" },
  { position: "Engineer", asset_type: "phone" },
  { profile: { name: "ann" } },
];

async function tryOut(name: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "agent-sandbox-"));
  try {
    writeFileSync(join(folder, "config.ini"), ini);
    writeFileSync(join(folder, "records.json"), JSON.stringify(records));
    // Files that a careless child would read.
    writeFileSync(join(folder, "bunfig.toml"), 'preload = ["./evil.ts"]\n');
    writeFileSync(join(folder, "evil.ts"), 'console.log("evil"); process.exit(9);\n');
    const args = ["try", name, "--record", "records.json", "--ini", "config.ini"];
    const { stdout, stderr } = await runBinary(args, { cwd: folder });
    return stdout + stderr;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

slow("the converter of the Python connector's guide runs as printed", async () => {
  expect(await tryOut("position")).toStartWith(
    '"Unknown position"\n"Engineer"\n"Unknown position"',
  );
}, 60_000);

slow("the filter of the Python connector's guide runs as printed", async () => {
  expect(await tryOut("csv_assets")).toStartWith("kept\nfiltered\nfiltered\n");
}, 60_000);

slow("JavaScript runs", async () => {
  expect(await tryOut("script")).toStartWith('"none"\n"none"\n"ANN"\n');
}, 60_000);

slow("what runs away fails alone", async () => {
  expect(await tryOut("endless")).toMatch(/"fine"\n[^"]*longer than 100 ms[^"]*\n"fine"\n/);
  expect(await tryOut("native")).toMatch(/"fine"\n[^"]*had to be killed[^"]*\n"fine"\n/);
}, 60_000);
