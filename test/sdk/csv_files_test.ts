/**
 * Files and directories of CSV: which are read, what keeps them from being read, and stopping.
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { SourceError } from "../../src/base/errors.ts";
import { checkCsv, csvRule, type CsvValues, readCsvFiles } from "../../src/sdk/csv/csv.ts";
import { createFolder, defaults, drain, keepLog, put } from "./csv_reading.ts";

const root = createFolder();
let folders = 0;

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) put(folder, name, content);
  return folder;
}

function contextOf(space: Partial<CsvValues>, signal = new AbortController().signal) {
  const options: CsvValues = { ...defaults, filename: "", directory: "", ...space };
  return { options, log: keepLog(), signal };
}

async function check(space: Partial<CsvValues>): Promise<unknown> {
  try {
    return await checkCsv(contextOf(space));
  } catch (error) {
    return error instanceof SourceError ? error.message.replaceAll(root, "R") : error;
  }
}

describe("a directory", () => {
  const folder = folderOf({
    "b.csv": "a;b\n3;4\n",
    "B.CSV": "b,a\n2,1\n",
    "a.csv": "a,b\n5,6\n",
    "a.csv.bak": "a,b\nno,no\n",
    ".hidden.csv": "a,b\nno,no\n",
    "csv": "a,b\nno,no\n",
    "z.Csv": "a,b\n7,8\n",
  });
  mkdirSync(join(folder, "more.csv"));
  put(join(folder, "more.csv"), "deep.csv", "a,b\nno,no\n");

  test("is read by name, each file with its own header and delimiter", async () => {
    const context = contextOf({ directory: folder });
    const { records, error } = await drain(readCsvFiles(context));
    expect(error).toBeUndefined();
    expect(records).toEqual([
      { b: "2", a: "1" },
      { a: "5", b: "6" },
      { a: "3", b: "4" },
      { a: "7", b: "8" },
    ]);
    expect(context.log.lines).toEqual([]);
  });

  test("with files that cannot be read: the others are, and the end names the bad ones", async () => {
    const broken = folderOf({ "a.csv": 'a\n1\n"', "c.csv": "a\n2\n", "d.csv": "a\n3\n" });
    symlinkSync(join(broken, "nowhere"), join(broken, "b.csv"));
    const context = contextOf({ directory: broken });
    const { records, error } = await drain(readCsvFiles(context));
    expect(records).toEqual([{ a: "1" }, { a: "2" }, { a: "3" }]);
    expect(error).toBeInstanceOf(SourceError);
    const quote =
      `Cannot read ${join(broken, "a.csv")}: the quote opened on line 3 is not closed ` +
      "before the end of the file.";
    const missing = `Cannot read ${join(broken, "b.csv")}: it does not exist.`;
    expect((error as Error).message).toBe(
      `2 of the 4 files in ${broken} could not be read. ${quote} ${missing}`,
    );
    expect(context.log.lines).toEqual([`error: ${quote}`, `error: ${missing}`]);
  });

  test("of which a file vanishes while another is read", async () => {
    const moving = folderOf({ "a.csv": "a\n1\n", "b.csv": "a\n2\n", "c.csv": "a\n3\n" });
    const records: unknown[] = [];
    async function readAll(): Promise<void> {
      for await (const record of readCsvFiles(contextOf({ directory: moving }))) {
        records.push(...record);
        rmSync(join(moving, "b.csv"), { force: true });
      }
    }
    await expect(readAll()).rejects.toThrow("1 of the 3 files in");
    expect(records).toEqual([{ a: "1" }, { a: "3" }]);
  });

  test("without CSV files is an error", async () => {
    const { error } = await drain(
      readCsvFiles(contextOf({ directory: folderOf({ "a.txt": "" }) })),
    );
    expect(error).toBeInstanceOf(SourceError);
    expect((error as Error).message).toContain("there is no .csv file directly inside");
  });
});

describe("the check", () => {
  const folder = folderOf({ "a.csv": "a\n1\n", "b.txt": "" });

  test("passes where there is something to read", async () => {
    expect(await check({ filename: join(folder, "a.csv") })).toBeUndefined();
    expect(await check({ directory: folder })).toBeUndefined();
    const half = folderOf({ "z.csv": "a\n" });
    symlinkSync(join(half, "nowhere"), join(half, "a.csv"));
    expect(await check({ directory: half })).toBeUndefined();
  });

  test("says what is wrong", async () => {
    const space = join("R", basename(folder));
    const broken = folderOf({});
    symlinkSync(join(broken, "nowhere"), join(broken, "a.csv"));
    expect(await check({ filename: join(folder, "c.csv") })).toBe(
      `Cannot read ${join(space, "c.csv")}: it does not exist.`,
    );
    expect(await check({ filename: folder })).toBe(`Cannot read ${space}: it is not a file.`);
    expect(await check({ directory: join(folder, "a.csv") })).toBe(
      `Cannot read ${join(space, "a.csv")}: it is not a directory.`,
    );
    expect(await check({ directory: join(folder, "none") })).toBe(
      `Cannot read ${join(space, "none")}: it does not exist.`,
    );
    expect(await check({ directory: folderOf({ "b.txt": "" }) })).toContain(
      "there is no .csv file",
    );
    expect(await check({ directory: broken })).toContain("a.csv: it does not exist.");
  });
});

describe("the rule", () => {
  const values: CsvValues = { ...defaults, filename: "", directory: "" };

  test("wants exactly one of filename and directory", () => {
    expect(csvRule({ ...values, filename: "a" })).toBeUndefined();
    expect(csvRule({ ...values, directory: "a" })).toBeUndefined();
    expect(csvRule({ ...values, filename: "a", directory: "b" })).toContain("mutually exclusive");
    expect(csvRule(values)).toContain("give filename or directory");
  });

  test("wants delimiter and quote to differ", () => {
    expect(csvRule({ ...values, filename: "a", delimiter: "'", quote: "'" })).toContain("same");
  });
});

describe("stopping", () => {
  const folder = folderOf({ "a.csv": `a,b\n${"1,2\n".repeat(200_000)}`, "b.csv": "a,b\n1,2\n" });

  test("by the signal: within a record, with the reason, and the file is closed", async () => {
    const controller = new AbortController();
    let records = 0;
    async function readAll(): Promise<void> {
      const context = contextOf({ directory: folder }, controller.signal);
      for await (const _ of readCsvFiles(context)) {
        if (++records === 10) controller.abort(new Error("enough"));
      }
    }
    await expect(readAll()).rejects.toThrow("enough");
    expect(records).toBe(10);
    expect(openFilesIn(folder)).toEqual([]);
  });

  test("by the caller: the file is closed", async () => {
    for await (const _ of readCsvFiles(contextOf({ directory: folder }))) {
      expect(openFilesIn(folder)).toEqual(["a.csv"]);
      break;
    }
    expect(openFilesIn(folder)).toEqual([]);
  });
});

/** Names of the files in a folder that this process has open. */
function openFilesIn(folder: string): string[] {
  const names = [];
  for (const descriptor of readdirSync("/proc/self/fd")) {
    try {
      const target = readlinkSync(`/proc/self/fd/${descriptor}`);
      if (target.startsWith(folder)) names.push(basename(target));
    } catch (error) {
      // The descriptor with which the list itself was read is gone by now.
      if ((error as { code?: string }).code !== "ENOENT") throw error;
    }
  }
  return names;
}
