/**
 * How much memory `agent discover` takes on records with 2,000 paths.
 *
 * @module
 */
import { expect } from "bun:test";
import { watchMemory } from "../support/memory.ts";
import { slow } from "../support/slow.ts";
import { workspace } from "../support/workspace.ts";

const paths = 2000;
const records = 2000;
/** What is allowed for 100,000 such records; more records take no more once all values are known. */
const mostBytes = 200_000_000;

/** Cells of a few and of many different values, and blank ones. */
function cell(row: number, column: number): string {
  if (column % 30 === 0) return row % 5 === 0 ? "" : `${row * 31 + column}`;
  return column % 3 === 0 ? `v${(row + column) % 900}` : `${column * 7919 % 1_000_003}`;
}

slow("2,000 records with 2,000 paths take less than 200 MB", async () => {
  using space = workspace();
  const columns = Array.from({ length: paths }, (_, column) => column);
  const lines = [columns.map((column) => `column ${column}`).join(",")];
  for (let row = 0; row < records; row++) {
    lines.push(columns.map((column) => cell(row, column)).join(","));
  }
  space.write("assets.csv", lines.join("\n"));
  space.write(
    "config.ini",
    "[oomnitza]\nurl = http://127.0.0.1:1\napi_token = token-of-nobody\n\n[csv_assets]\n" +
      "enable = True\nfilename = assets.csv\nsync_field = BARCODE\nmapping.BARCODE = column 0\n",
  );
  const words = ["discover", "csv_assets", "--records", "0", "--output", "json"];
  const agent = await space.start(words, { ownProcess: true });
  const { peakBytes } = watchMemory(agent);
  expect(await agent.ended).toBe(0);
  const found = JSON.parse(agent.stdout());
  expect(found.records).toBe(records);
  expect(found.paths).toHaveLength(paths);
  expect(peakBytes()).toBeGreaterThan(0);
  expect(peakBytes()).toBeLessThan(mostBytes);
}, 300_000);
