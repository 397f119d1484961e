/**
 * What `agent service` refuses, and what it says.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { runBinary } from "../support/binary.ts";
import { workspace } from "../support/workspace.ts";

const dry = ["--system", "systemd", "--dry-run"];

test.each([
  [["frob"], 2, 'Unknown action "frob"'],
  [["install", "--system", "windows"], 2, "--system works with --dry-run only"],
  [["status", "--dry-run"], 2, "status changes nothing"],
  [["install", "--credential", "token", ...dry], 2, '--credential takes NAME=/PATH, not "token"'],
  [["install", "--credential", "a/b=/x", ...dry], 2, "--credential takes NAME=/PATH"],
  [["install", "--user", "a\nb", ...dry], 2, "--host or --user contains an invalid character"],
  [
    ["install", "--host", "::1 --ini /x;", ...dry],
    2,
    "--host or --user contains an invalid character",
  ],
  [["install", "--ini", "/a\nb", ...dry], 2, "A service cannot use the path"],
  [["install", "--state", "/home/me/s.sqlite", ...dry], 1, "The service cannot see /home/me"],
  [["install", "--user", "nobody", ...dry], 1, "Any other process of the account nobody"],
  [
    ["install", "--credential", "config.ini=/x", ...dry],
    1,
    "Two credentials have the name config.ini",
  ],
  [["install", "--credential", "a=/x,a=/y", ...dry], 1, "Two credentials have the name a"],
  [
    ["install", "--credential", "a=/x", "--system", "launchd", "--dry-run"],
    1,
    "Only systemd passes credentials to a service",
  ],
  [
    ["install", "--state", "D:\\a.sqlite", "--system", "windows", "--dry-run"],
    1,
    "The service would get rights to all of D:\\",
  ],
])("%j", async (words, exit, message) => {
  const { code, stdout, stderr } = await runBinary(["service", ...words]);
  expect(stderr).toContain(message);
  expect(stdout).toBe("");
  expect(code).toBe(exit);
});

test("without a configuration nothing is begun", async () => {
  using space = workspace();
  const ini = `${space.folder}/gone.ini`;
  const { code, stderr } = await runBinary(["service", "install", "--ini", ini]);
  expect(stderr).toContain(process.getuid?.() === 0 ? `There is no file ${ini}` : "Only root");
  expect(code).toBe(1);
});

test("a service that is not there does not run", async () => {
  const { code, stdout } = await runBinary(["service", "status", "--output", "json"]);
  expect(JSON.parse(stdout)).toMatchObject({
    system: "systemd",
    service: "oomnitza-agent.service",
    running: false,
  });
  expect(code).toBe(3);
});

test("only Windows can start the program in its way", async () => {
  const { code, stderr } = await runBinary(["__service", "version"]);
  expect(stderr).toContain("Only Windows starts the program like this");
  expect(code).toBe(1);
});

test("a program or configuration that anybody could replace is not registered", async () => {
  using space = workspace();
  const ini = space.write("open/config.ini", "[oomnitza]\n");
  chmodSync(join(space.folder, "open"), 0o777);
  const { code, stderr } = await runBinary(["service", "install", "--ini", ini]);
  if (process.getuid?.() !== 0) return expect(stderr).toContain("Only root");
  expect(stderr).toContain(`${join(space.folder, "open")} can be changed by everyone`);
  expect(stderr).toContain("chmod go-w");
  expect(code).toBe(1);
  expect(existsSync("/etc/systemd/system/oomnitza-agent.service")).toBe(false);
});
