/**
 * A source that new_source began passes all gates as it is.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { cpSync, existsSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/binary/compile.ts";
import { useFolder } from "../support/folder.ts";
import { slow } from "../support/slow.ts";

const copy = useFolder("new-source");

const parts = ["src", "converters", "scripts", "assets", "test/support"];
for (const path of [...parts, "deno.json", "tsconfig.json", "package.json", "package-lock.json"]) {
  cpSync(join(root, path), join(copy, path), { recursive: true });
}
symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "junction");

const deno = join(root, "node_modules/deno", process.platform === "win32" ? "deno.exe" : "deno");

function run(command: string[]): { code: number | null; output: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, {
    cwd: copy,
    env: { ...process.env, NO_COLOR: "1" },
  });
  return { code: exitCode, output: `${stdout}${stderr}` };
}

function begin(...args: string[]) {
  return run([process.execPath, join(root, "scripts/new_source.ts"), "--root", copy, ...args]);
}

describe("new_source", () => {
  test.each([
    ["acme_devices", "assets", "acmeDevices"],
    ["zebra", "users", "zebra"],
  ])("begins %s", (name, kind, constant) => {
    expect(begin(name, "--kind", kind).code).toBe(0);
    const list = readFileSync(join(copy, "src/sources/mod.ts"), "utf8");
    expect(list).toContain(`import { ${constant} } from "./${name}/mod.ts";`);
    expect(list).toMatch(new RegExp(`= \\[[^\\]]*\\b${constant}\\b`));
  });

  slow("what it began conforms, on a binary that has it", () => {
    const result = run([process.execPath, "test", "--timeout", "60000", "./test/sources"]);
    expect(result.output).toContain("\n 0 fail");
    expect(result.output).toContain("acme_devices conforms");
    expect(result.output).toContain("zebra conforms");
    expect(result.code).toBe(0);
  }, 240_000);

  slow.each<[string, ...string[]]>([
    ["types", process.execPath, join(root, "node_modules/typescript/bin/tsc")],
    ["format", deno, "fmt", "--check", "src/sources", "test/sources"],
    ["lint", deno, "lint", "--quiet", "src/sources", "test/sources"],
    ["layers", process.execPath, join(root, "scripts/check_layers.ts")],
    ["style", process.execPath, join(root, "scripts/check_style.ts")],
  ])("what it began passes the gate for %s", (_gate, ...command: string[]) => {
    const { output } = run(command);
    const ours = output.split("\n").filter((line) => /acme_devices|zebra|sources\/mod/.test(line));
    expect(ours).toEqual([]);
  }, 300_000);

  test("refuses a name that is taken, and one that is no section name", () => {
    expect(begin("zebra", "--kind", "users")).toEqual({
      code: 1,
      output: "src/sources/zebra/mod.ts is already there.\n",
    });
    expect(begin("Zebra-2", "--kind", "users").output).toContain("NAME is the section");
    expect(begin("zebra2").output).toContain("--kind is users or assets");
    expect(existsSync(join(copy, "src/sources/zebra2"))).toBe(false);
  });
});
