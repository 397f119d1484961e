/**
 * Colours of states: where a person reads them, and nowhere else.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { paintColumn, paintFirstWords, paintOutcome } from "../../src/cli/paint.ts";
import { binaryPath } from "../support/binary.ts";
import { tagsOnly, workspace } from "../support/workspace.ts";

const [green, yellow, red, plain] = ["\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[0m"];

test("the word that a line begins with is coloured when it is a state", () => {
  expect(paintFirstWords("ok     [a] fine\nFAILED [b] no\nwarn   [b] maybe\nother  [c]")).toBe(
    `${green}ok${plain}     [a] fine\n${red}FAILED${plain} [b] no\n` +
      `${yellow}warn${plain}   [b] maybe\nother  [c]`,
  );
  expect(paintFirstWords("  partly  a  +x\n  STATE   b")).toBe(
    `  ${yellow}partly${plain}  a  +x\n  STATE   b`,
  );
});

test("so are the state in a column, and the outcome behind a name", () => {
  expect(paintColumn(3)("  1f  okta  upload  failed  2026-01-01")).toBe(
    `  1f  okta  upload  ${red}failed${plain}  2026-01-01`,
  );
  expect(paintOutcome("okta: ok: 2 read")).toBe(`okta: ${green}ok${plain}: 2 read`);
});

test("a terminal gets colours; NO_COLOR and pipes get none", async () => {
  const binary = await binaryPath();
  using space = workspace();
  space.write("assets.csv", "tag\nA-1\n");
  space.write("config.ini", `[oomnitza]\nurl = https://example.com\napi_token = abcd\n${tagsOnly}`);
  const onTerminal = (env: Readonly<Record<string, string>>) =>
    spawnSync("script", ["-qefc", `${binary} check --file-only`, "/dev/null"], {
      cwd: space.folder,
      env: { PATH: process.env.PATH, LOGS_DIRECTORY: "none", TERM: "xterm", ...env },
      encoding: "utf8",
    }).stdout;
  expect(onTerminal({})).toContain(`${green}ok${plain}`);
  expect(onTerminal({ NO_COLOR: "1" })).not.toContain("\x1b[3");
  expect((await space.agent(["check", "--file-only"])).stdout).not.toContain("\x1b");
});
