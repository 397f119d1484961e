/**
 * The programs that run beside user code are texts, which the compiler does not see where they stand: here
 * it checks each as the JavaScript that it is, for names that do not exist and calls that cannot be.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../scripts/binary/compile.ts";
import { driverText } from "../../src/sandbox/guest/driver.ts";
import { realmText } from "../../src/sandbox/guest/realm.ts";
import { recordsText } from "../../src/sandbox/guest/records.ts";
import { resultsText } from "../../src/sandbox/guest/results.ts";

/** What the compiler says of some programs; empty when nothing is wrong. */
function findTypeErrors(programs: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "agent-guest-"));
  try {
    // They have no types of their own, and none of the globals of this runtime.
    const compilerOptions = {
      allowJs: true,
      checkJs: true,
      strict: false,
      noImplicitAny: false,
      lib: ["esnext"],
      types: [],
      module: "preserve",
      noEmit: true,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
    for (const [name, text] of Object.entries(programs)) {
      writeFileSync(join(folder, `${name}.js`), `export default ${text};\n`);
    }
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    const { exitCode, stdout } = Bun.spawnSync([process.execPath, compiler], { cwd: folder });
    return exitCode === 0 ? "" : stdout.toString();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the texts of the sandbox have no type errors", () => {
  const programs = {
    driver: driverText,
    realm: realmText,
    records: recordsText,
    results: resultsText,
  };
  expect(findTypeErrors(programs)).toBe("");
});

test("a name that does not exist and a call that cannot be are found", () => {
  const broken = driverText.replace(
    "function run(text) {",
    "function run(text) { missing(); flush(1);",
  );
  expect(broken).not.toBe(driverText);
  const errors = findTypeErrors({ broken });
  expect(errors).toContain("Cannot find name 'missing'");
  expect(errors).toContain("Expected 0 arguments, but got 1");
});
