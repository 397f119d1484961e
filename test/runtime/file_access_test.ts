/**
 * Who can change a file: by itself, by its folder, and by those above.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { findForeignWriters } from "../../src/runtime/file_access.ts";
import { workspace } from "../support/workspace.ts";

async function writersOf(path: string, trusted?: ReadonlySet<string>) {
  return (await findForeignWriters(path, trusted)).map(({ path, who, isBroad }) =>
    `${path}: ${who}${isBroad ? " (many)" : ""}`
  );
}

test("a file is as safe as the folders above it", async () => {
  using space = workspace();
  const file = space.write("a/b/agent", "");
  const [a, b] = [join(space.folder, "a"), join(space.folder, "a/b")];
  expect(await writersOf(file)).toEqual([]);
  chmodSync(file, 0o666);
  expect(await writersOf(file)).toEqual([`${file}: everyone on this computer (many)`]);
  chmodSync(file, 0o644);
  chmodSync(b, 0o777);
  expect(await writersOf(file)).toEqual([`${b}: everyone on this computer (many)`]);
  // As in /tmp: nobody replaces what belongs to another.
  chmodSync(b, 0o1777);
  expect(await writersOf(file)).toEqual([]);
  // But anybody can put something into it.
  expect(await writersOf(b)).toEqual([`${b}: everyone on this computer (many)`]);
  chmodSync(b, 0o755);
  chmodSync(a, 0o777);
  expect(await writersOf(join(b, "not-there"))).toEqual([
    `${a}: everyone on this computer (many)`,
  ]);
});

test("an account or group that is not root's is named, unless it is trusted", async () => {
  if (process.getuid?.() !== 0) return;
  using space = workspace();
  const file = space.write("agent", "");
  chownSync(file, 1234, 1234);
  expect(await writersOf(file)).toEqual([`${file}: the account 1234, which owns it`]);
  expect(await writersOf(file, new Set(["1234"]))).toEqual([]);
  chownSync(file, 0, 1234);
  chmodSync(file, 0o664);
  expect(await writersOf(file)).toEqual([`${file}: the group 1234`]);
  mkdirSync(join(space.folder, "own"));
  expect(await writersOf(join(space.folder, "own"))).toEqual([]);
});
