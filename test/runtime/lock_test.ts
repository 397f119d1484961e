/**
 * Locks between and within processes.
 *
 * @module
 */
import { expect, test } from "bun:test";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { AgentError } from "../../src/base/errors.ts";
import { acquireLock } from "../../src/runtime/lock.ts";
import { openState } from "../../src/state/file.ts";
import { becomeOwner, findProcessAtWork, isAtWork } from "../../src/state/owner.ts";
import { useFolder } from "../support/folder.ts";

const folder = useFolder("lock");

function refusal(path: string): AgentError {
  try {
    acquireLock(path).release();
  } catch (error) {
    if (error instanceof AgentError) return error;
    throw error;
  }
  throw new Error("the lock was given");
}

/** Another process that takes a lock, and whether it was given. */
function takenElsewhere(path: string): string {
  const script = `
    const { acquireLock } = await import(${
    JSON.stringify(join(import.meta.dir, "../../src/runtime/lock.ts"))
  });
    try { acquireLock(${JSON.stringify(path)}).release(); console.log("given"); }
    catch (error) { console.log(error.message); }`;
  const { stdout } = Bun.spawnSync([process.execPath, "-e", script]);
  return `${stdout}`.trim();
}

test("a lock is closed to others, says who holds it, and leaves nothing", () => {
  const path = join(folder, "one.lock");
  const lock = acquireLock(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(takenElsewhere(path)).toContain(`(process ${process.pid})`);
  lock.release();
  expect(existsSync(path)).toBe(false);
  expect(takenElsewhere(path)).toBe("given");
});

test("asking again in the process that holds it does not give it up", () => {
  const path = join(folder, "again.lock");
  const lock = acquireLock(path);
  expect(refusal(path)).toMatchObject({ retriable: true });
  expect(refusal(join(folder, ".", "again.lock")).message).toContain(`${process.pid}`);
  expect(takenElsewhere(path)).toContain("Another upload");
  lock.release();
  expect(takenElsewhere(path)).toBe("given");
});

test("a symbolic link is not followed, not even to a file that is not there", () => {
  const victim = join(folder, "victim");
  for (const exists of [false, true]) {
    if (exists) writeFileSync(victim, "");
    const path = join(folder, `link-${exists}.lock`);
    symlinkSync(victim, path);
    expect(refusal(path).retriable).toBe(false);
    expect(existsSync(victim)).toBe(exists);
    expect(exists && statSync(victim).size).toBe(exists ? 0 : false);
  }
});

test("what root makes in the folder of another account is that account's", () => {
  const home = join(folder, "home");
  mkdirSync(home);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(home, 65_534, 65_534);
  const path = join(home, "x.lock");
  const lock = acquireLock(path);
  expect(statSync(path).uid).toBe(statSync(home).uid);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  lock.release();
});

test("a folder may be reached by a symbolic link", () => {
  mkdirSync(join(folder, "real"));
  symlinkSync(join(folder, "real"), join(folder, "linked"));
  const lock = acquireLock(join(folder, "linked", "x.lock"));
  expect(takenElsewhere(join(folder, "real", "x.lock"))).toContain("Another upload");
  lock.release();
});

test("owners of a state file stay known while they are looked at, and the dead are cleaned up", () => {
  const state = join(folder, "state.sqlite");
  const database = openState(state);
  const first = becomeOwner(state, database);
  writeFileSync(`${state}-0123456789.lock`, "");
  writeFileSync(`${state}-other.lock`, "");
  const second = becomeOwner(state, database);
  expect(existsSync(`${state}-0123456789.lock`)).toBe(false);
  expect(existsSync(`${state}-other.lock`)).toBe(true);
  for (const { id } of [first, second]) {
    expect(isAtWork(state, id)).toBe(true);
    expect(takenElsewhere(`${state}-${id}.lock`)).toContain("Another upload");
    expect(statSync(`${state}-${id}.lock`).mode & 0o777).toBe(0o600);
  }
  expect(findProcessAtWork(state)).toBe(`Process ${process.pid}`);
  first.release();
  second.release();
  expect(isAtWork(state, first.id)).toBe(false);
  expect(findProcessAtWork(state)).toBeUndefined();
  database.close();
  expect(readdirSync(folder).filter((name) => name.startsWith("state.sqlite-"))).toEqual([
    "state.sqlite-other.lock",
  ]);
});
