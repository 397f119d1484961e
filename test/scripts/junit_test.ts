/**
 * A test run is counted as it was: what is missing is a failure, never a success.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { closingLine, readCounts, readFailures } from "../../scripts/checks/junit.ts";
import { useFolder } from "../support/folder.ts";

const folder = useFolder("junit");

function counted(attributes: string, exitCode: number): string {
  const path = join(folder, "report.xml");
  writeFileSync(path, `<?xml version="1.0"?>\n<testsuites name="x" ${attributes}>\n</testsuites>`);
  return closingLine(readCounts(path, exitCode));
}

describe("the closing line", () => {
  test.each([
    [`tests="5" failures="0" skipped="0"`, 0, "5 passed, 0 failed"],
    [`tests="5" failures="2" skipped="0"`, 1, "3 passed, 2 failed"],
    [`tests="5" failures="1" skipped="2"`, 1, "2 passed, 1 failed, 2 skipped"],
    [`tests="5" failures="0" errors="1"`, 1, "4 passed, 1 failed"],
    [`tests="5" failures="0" skipped="0"`, 1, "5 passed, 1 failed"],
    [`tests="0" failures="0" skipped="0"`, 0, "0 passed, 1 failed"],
  ])("of %s with exit code %d", (attributes, exitCode, line) => {
    expect(counted(attributes, exitCode)).toBe(line);
  });

  test("without a report", () => {
    const counts = readCounts(join(folder, "none.xml"), 0);
    expect(closingLine(counts)).toBe("0 passed, 1 failed");
    expect(counts.note).toBe("The test runner left no report.");
  });

  test("of a report that broke off", () => {
    const path = join(folder, "broken.xml");
    writeFileSync(path, `<?xml version="1.0"?>\n`);
    expect(closingLine(readCounts(path, 0))).toBe("0 passed, 1 failed");
  });
});

test("the tests that failed are named, whatever they failed of", () => {
  const path = join(folder, "real_test.ts");
  writeFileSync(
    path,
    `import { describe, expect, test } from "bun:test";
    test("one < two", () => expect(2).toBe(1));
    test("good", () => {});
    describe("inner", () => test("throws", () => { throw new Error("x"); }));
    test("is late", async () => await new Promise(() => {}), 1);`,
  );
  const report = join(folder, "real.xml");
  const options = ["--reporter=junit", `--reporter-outfile=${report}`];
  Bun.spawnSync([process.execPath, "test", path, ...options], { cwd: folder });
  expect(readFailures(report)).toEqual([
    'real_test.ts: "one < two"',
    'real_test.ts: "inner > throws"',
    'real_test.ts: "is late"',
  ]);
});

describe("the real runner", () => {
  test.each([
    ["one of each", 1, "1 passed, 1 failed"],
    ["a file that does not load", 1, "0 passed, 1 failed"],
    ["no test", 0, "0 passed, 1 failed"],
  ])("counts %s", async (name, exitCode, line) => {
    const sources: Record<string, string> = {
      "one of each":
        `import { expect, test } from "bun:test"; test("a", () => {}); test("b", () => expect(1).toBe(2));`,
      "a file that does not load": `import "./missing.ts";`,
      "no test": `export {};`,
    };
    const home = mkdtempSync(join(folder, "run-"));
    writeFileSync(join(home, "a_test.ts"), sources[name] ?? "");
    const report = join(home, "report.xml");
    const run = Bun.spawn(
      [process.execPath, "test", "--parallel=2", "--reporter=junit"]
        .concat(`--reporter-outfile=${report}`),
      { cwd: home, stdout: "ignore", stderr: "ignore" },
    );
    expect(await run.exited).toBe(exitCode);
    expect(closingLine(readCounts(report, exitCode))).toBe(line);
  });
});
