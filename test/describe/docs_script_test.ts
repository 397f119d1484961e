/**
 * `scripts/docs.ts`: the pages in the repository are current, and a stale one is found.
 *
 * @module
 */
import { describe, expect, setDefaultTimeout } from "bun:test";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { useFolder } from "../support/folder.ts";
import { slow } from "../support/slow.ts";

// Each run loads the whole program and starts the formatter once a page.
setDefaultTimeout(60_000);

const home = resolve(import.meta.dir, "../..");
const copy = useFolder("docs");
cpSync(join(home, "docs"), join(copy, "docs"), { recursive: true });

function run(...args: string[]): { exit: number; output: string } {
  const script = join(home, "scripts/docs.ts");
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, script, ...args]);
  return { exit: exitCode, output: `${stdout}${stderr}` };
}

describe("scripts/docs.ts", () => {
  slow("finds the pages of this repository current", () => {
    const { exit, output } = run("--check");
    expect(output).toMatch(/^docs: pages \d+, stale 0\n$/);
    expect(exit).toBe(0);
  });

  slow(
    "names a stale page and one that nothing describes, changes neither, and then repairs both",
    () => {
      const page = join(copy, "docs/converters.md");
      const current = readFileSync(page, "utf8");
      const stale = current.replace("## split\n", "## splitt\n");
      writeFileSync(page, stale);
      writeFileSync(join(copy, "docs/sources/gone.md"), "# Gone\n");
      const { exit, output } = run("--check", "--root", copy);
      expect(exit).toBe(1);
      expect(output).toContain("docs/converters.md is stale");
      expect(output).toContain("docs/sources/gone.md is stale");
      expect(readFileSync(page, "utf8")).toBe(stale);
      expect(run("--root", copy).exit).toBe(0);
      expect(readFileSync(page, "utf8")).toBe(current);
      expect(run("--check", "--root", copy).exit).toBe(0);
    },
  );
});
