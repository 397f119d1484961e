/**
 * The fast gate: what it leaves out is counted, what is slow is found, and a busy machine is not taken
 * for a slow test.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTimes, type TimedTest } from "../../scripts/checks/junit.ts";
import { startPace } from "../../scripts/checks/pace.ts";
import { checkShare, findSlow } from "../../scripts/checks/test_run.ts";

function timed(seconds: number, name = "a"): TimedTest {
  return { file: "test/a_test.ts", name, seconds };
}

/** What is reported, and which files were tried again. */
async function checkTimes(first: number, factor: number, second: number, again: number) {
  const tried: string[] = [];
  const messages = await findSlow({ times: [timed(0.1, "b"), timed(first)], factor }, (paths) => {
    tried.push(...paths);
    return Promise.resolve({ times: [timed(second), timed(9, "b")], factor: again });
  });
  return { messages, tried };
}

describe("a test of the fast gate", () => {
  test("that is quick is not tried again", async () => {
    expect(await checkTimes(1.4, 1, 9, 1)).toEqual({ messages: [], tried: [] });
  });

  test("that is slow twice is named with its file and what to do", async () => {
    const { messages, tried } = await checkTimes(1.6, 1, 1.7, 1);
    expect(tried).toEqual(["./test/a_test.ts"]);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toContain('test/a_test.ts: "a" takes 1.7 s, more than 1.5 s');
    expect(messages[0]).toContain("slow()");
  });

  test("that is slow only among others, or only on a busy machine, passes", async () => {
    expect((await checkTimes(1.6, 1, 0.4, 1)).messages).toEqual([]);
    expect((await checkTimes(4, 3, 9, 1)).tried).toEqual([]);
    expect((await checkTimes(4, 2, 2.9, 2)).messages).toEqual([]);
    expect((await checkTimes(4, 2, 3.1, 2)).messages).toHaveLength(1);
  });

  test("stays one of at least 95 in a hundred", () => {
    expect(checkShare(95, 5)).toEqual([]);
    expect(checkShare(94, 6)[0]).toContain("94.0 % of all tests");
  });
});

test("the pace of a machine is measured, and is never better than that of the reference", async () => {
  const pace = startPace();
  await Bun.sleep(1);
  pace.stop();
  expect(pace.factor()).toBeGreaterThanOrEqual(1);
});

test("slow() is a test in the full gate, and a line of the list in the fast one", async () => {
  const folder = mkdtempSync(join(tmpdir(), "slow-"));
  try {
    const support = new URL("../support/slow.ts", import.meta.url).href;
    writeFileSync(
      join(folder, "a_test.ts"),
      `import { describe, test } from "bun:test"; import { slow } from "${support}";
test("quick", () => {}); slow("one <slow>", () => {}); slow.each([1, 2])("each %d", () => {});
describe("suite", () => { slow.skipIf(false)("maybe", () => {}, 9_000); });`,
    );
    const list = join(folder, "left_out.txt");
    const run = async (env: Record<string, string>): Promise<string[]> => {
      const report = join(folder, "report.xml");
      const words = ["test", "--reporter=junit", `--reporter-outfile=${report}`];
      const child = Bun.spawn([process.execPath, ...words], {
        cwd: folder,
        env: { PATH: process.env.PATH ?? "", ...env },
        stdout: "ignore",
        stderr: "ignore",
      });
      expect(await child.exited).toBe(0);
      return readTimes(report).map(({ name }) => name);
    };
    expect(await run({})).toEqual(["quick", "one <slow>", "each 1", "each 2", "suite > maybe"]);
    expect(await run({ AGENT_TEST_SCOPE: "fast", AGENT_TEST_LEFT_OUT: list })).toEqual(["quick"]);
    expect(readFileSync(list, "utf8").split("\n").filter((line) => line !== "")).toHaveLength(4);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
