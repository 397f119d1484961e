/**
 * Tests for the full gate only: those that kill, wait, measure, drive a browser, or work on much.
 *
 * `AGENT_TEST_SCOPE=fast`, as the fast gate sets it, leaves them out; each that is left out is a line
 * of the file that `AGENT_TEST_LEFT_OUT` names, so that the gate can count them.
 *
 * @module
 */
import { test } from "bun:test";
import { appendFileSync } from "node:fs";

const isFast = process.env.AGENT_TEST_SCOPE === "fast";

function leaveOut(name: string): void {
  const list = process.env.AGENT_TEST_LEFT_OUT;
  if (list !== undefined) appendFileSync(list, `${JSON.stringify(name)}\n`);
}

const leftOut = Object.assign((name: string): void => leaveOut(name), {
  each: (cases: readonly unknown[]) => (name: string): void => {
    for (const _case of cases) leaveOut(name);
  },
  skipIf: (condition: unknown) => condition ? () => {} : leftOut,
});

/** As `test`, for a test that may take longer than a second and a half: the fast gate leaves it out. */
export const slow: typeof test = isFast ? leftOut as unknown as typeof test : test;
