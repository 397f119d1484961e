/**
 * A folder for all tests of a file.
 *
 * @module
 */
import { afterAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Makes a folder, which is removed after the last test of the file; `name` tells whose it is. */
export function useFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `agent-${name}-`));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
