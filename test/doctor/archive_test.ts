/**
 * The archive is one that tar reads.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { packArchive } from "../../src/doctor/archive.ts";
import { workspace } from "../support/workspace.ts";

const at = new Date("2026-03-04T05:06:07.890Z");

test("tar unpacks names, contents, times and rights", () => {
  using space = workspace();
  const files = [
    { name: "empty.txt", text: "" },
    { name: "folder/block.txt", text: "x".repeat(512) },
    { name: "long.txt", text: "Grüße €\n".repeat(1_000) },
  ];
  const archive = space.write("a.tar.gz", packArchive(files, at));
  const run = Bun.spawnSync(["tar", "--extract", "--gzip", "--file", archive], {
    cwd: space.folder,
    stderr: "pipe",
  });
  expect(run.stderr.toString()).toBe("");
  expect(run.exitCode).toBe(0);
  for (const { name, text } of files) {
    expect(space.read(name)).toBe(text);
    const { mtimeMs, mode } = statSync(join(space.folder, name));
    expect(mtimeMs).toBe(Date.parse("2026-03-04T05:06:07Z"));
    expect(mode & 0o777).toBe(0o600);
  }
});

test("an archive of the same files at the same time is the same", () => {
  const files = [{ name: "a", text: "b" }];
  expect(packArchive(files, at)).toEqual(packArchive(files, at));
  expect(packArchive(files, at)).not.toEqual(packArchive([{ name: "a", text: "c" }], at));
});
