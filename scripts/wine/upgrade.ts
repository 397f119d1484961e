/**
 * The Windows program upgrades itself: the running file is renamed aside, and put back when the new
 * one is no good.
 *
 * @module
 */
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeRelease } from "../../test/support/release.ts";
import { compileAgent } from "../binary/compile.ts";
import { formatPublicKey, newKeyPair, parseSecretKey } from "../binary/minisign_key.ts";
import { findTarget } from "../binary/targets.ts";
import { windowsPath, type Wine } from "./prefix.ts";

const target = findTarget("windows-x64");
const identity = { version: "99.0.0", commit: "next" };

/** Throws with what was seen when an upgrade does not do what upgrades do. */
export async function checkUpgrade(wine: Wine, agentFile: string): Promise<void> {
  const home = join(wine.folder, "upgrade");
  const [bin, good, bad] = ["bin", "good", "bad"].map((name) => join(home, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(bin, { recursive: true });
  const program = join(bin, "agent.exe");
  copyFileSync(agentFile, program);
  const key = parseSecretKey(newKeyPair().secret);
  const next = join(home, "next.exe");
  await compileAgent({ target, outfile: next, ...identity });
  writeRelease(good, { program: next, ...identity, key, file: target.file });
  // It says another version than the release, so that it must not stay.
  writeRelease(bad, { program: agentFile, ...identity, key, file: target.file });
  writeFileSync(join(home, "release.pub"), formatPublicKey(key));
  const upgrade = (from: string) =>
    wine.run([
      ...[windowsPath(program), "upgrade", "--from", windowsPath(from)],
      ...["--public-key", windowsPath(join(home, "release.pub"))],
    ], { timeoutMs: 120_000 });
  const refused = await upgrade(bad);
  if (refused.code !== 1 || !refused.stderr.includes("but the release is")) fail(refused.stderr);
  expectFiles(bin, ["agent.exe"]);
  const taken = await upgrade(good);
  if (taken.code !== 0) fail(taken.stderr);
  expectFiles(bin, ["agent.exe", "agent.old.exe"]);
  const { stdout } = await wine.run([windowsPath(program), "version"]);
  if (!stdout.includes(identity.version)) fail(`It is ${stdout}`);
  console.log("wine: the program upgrades itself, and keeps the old one");
}

function expectFiles(folder: string, files: readonly string[]): void {
  const found = readdirSync(folder).sort().join(", ");
  if (found !== files.join(", ")) fail(`There are ${found}.`);
}

function fail(what: string): never {
  throw new Error(`The upgrade under Wine went wrong. ${what}`);
}
