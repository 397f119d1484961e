/**
 * The source csv_users, from the texts of its options to its records.
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { csvUsers } from "../../../src/sources/csv_users/mod.ts";
import { createFolder, put } from "../../sdk/csv_reading.ts";
import { readSource } from "../csv_reading.ts";

const folder = createFolder();
const texts = { default_role: "25", default_position: "Employee" };

describe("csv_users", () => {
  test("reads the people of all files, whatever the order of their columns", async () => {
    put(folder, "b.csv", "email,login\nb@example.com,b\n");
    put(folder, "a.CSV", "login,email\na,a@example.com\n");
    expect(await readSource(csvUsers, { ...texts, directory: folder })).toEqual([
      { login: "a", email: "a@example.com" },
      { email: "b@example.com", login: "b" },
    ]);
  });

  test("wants a role and a position", async () => {
    const one = { directory: folder, default_role: "25" };
    await expect(readSource(csvUsers, one)).rejects.toThrow("default_position is required");
    const other = { directory: folder, default_position: "Employee" };
    await expect(readSource(csvUsers, other)).rejects.toThrow("default_role is required");
  });

  test("wants exactly one of filename and directory", async () => {
    await expect(readSource(csvUsers, texts)).rejects.toThrow("give filename or directory");
  });

  test("fails its check on a directory without CSV files", async () => {
    const directory = join(folder, "empty");
    mkdirSync(directory);
    await expect(readSource(csvUsers, { ...texts, directory })).rejects.toThrow("no .csv file");
  });

  test("is declared as Oomnitza and old ini files know it", () => {
    expect(csvUsers.mappingName).toBe("CSV_users");
    expect(csvUsers.kind).toBe("users");
    expect(csvUsers.mappings).toEqual({});
    const shown = Object.entries(csvUsers.options).filter(([, option]) => !option.advanced);
    expect(shown.map(([key, { example }]) => [key, example])).toEqual([
      ["filename", "/some/path/to/file/users.csv"],
      ["directory", "/some/path/to/files"],
      ["default_role", "25"],
      ["default_position", "Employee"],
    ]);
  });
});
