/**
 * Mapped columns that CSV files lack, and what is probably wrong with the files.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRedactor } from "../../src/base/redact.ts";
import { createLog } from "../../src/logging/log.ts";
import { findMissingColumns } from "../../src/sdk/csv/missing.ts";

const options = { directory: "", encoding: "auto", delimiter: "auto", quote: '"' };

async function find(
  files: Readonly<Record<string, string>>,
  paths: readonly string[],
  more: Partial<typeof options> = {},
) {
  const folder = mkdtempSync(join(tmpdir(), "agent-missing-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const names = Object.keys(files);
  const where = names.length === 1
    ? { filename: join(folder, names[0] ?? "") }
    : { filename: "", directory: folder };
  try {
    return await findMissingColumns({
      options: { ...options, ...where, ...more },
      wanted: { everything: false, paths },
      log: createLog("test", createRedactor(), []),
      signal: new AbortController().signal,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.each([
  ["Name", "Name "],
  ["NAME", "Name "],
  ["asset_tag", "Asset Tag"],
  ["Serail", "Serial"],
  ["Department", undefined],
])("%s may have meant %p", async (path, suggestion) => {
  const found = await find({ "a.csv": "Serial,Name ,Asset Tag\n1,2,3\n" }, ["Serial", path]);
  expect(found?.paths).toEqual([{ path, ...(suggestion === undefined ? {} : { suggestion }) }]);
  expect(found?.available).toEqual(["Serial", "Name ", "Asset Tag"]);
  expect(found?.hint).toBeUndefined();
});

test.each([
  [
    "title lines",
    "Report\n\nserial,name\nA1,x\n",
    "Line 3 looks like the header: remove the lines above it.",
  ],
  ["a strange sep line", "sep=;;\nserial;name\nA1;x\n", "Line 2 looks like the header"],
  ["SEP = ;", "SEP = ;\nserial;name\nA1;x\n", "Line 2 looks like the header"],
  ["^ as delimiter", "serial^name\nA1^x\n", 'parted by "^": set delimiter = ^.'],
  ["lines in quotes", '"serial,name"\n"A1,x"\n', "Whole lines are in quotes"],
])("%s are recognised", async (_what, text, hint) => {
  expect((await find({ "a.csv": text }, ["serial", "name"]))?.hint).toContain(hint);
});

test("a wrong delimiter in the section is recognised", async () => {
  const found = await find({ "a.csv": "serial,name\nA1,x\n" }, ["serial"], { delimiter: ";" });
  expect(found?.hint).toContain('parted by ",": set delimiter = ,');
});

test("in a directory a column is missing only when no file has it", async () => {
  const files = {
    "a.csv": "serial\n1\n",
    "b.csv": "title\n\nserial;name\n1;2\n",
    "c.csv": "name\n",
  };
  const found = await find(files, ["serial", "name", "model"]);
  expect(found?.paths).toEqual([{ path: "model" }]);
  expect(found?.hint).toMatch(/b\.csv: Line 3 looks like the header/);
});

test("what cannot be read or is empty is left to the reading", async () => {
  expect(await find({ "a.csv": "" }, ["serial"])).toBeUndefined();
  expect(await find({}, ["serial"])).toBeUndefined();
});
