/**
 * One upload at a time with a state file, by default.
 *
 * The lock lies beside the state file, in a folder that belongs to the account: so nobody else can hold
 * it, and an upload by hand and the service, which has a temporary folder of its own, see the same one.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { accessSync, constants, lstatSync, mkdirSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { AgentError } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import type { Lock } from "../runtime/lock.ts";
import { findState, type StateContext } from "./state_location.ts";

function canWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A folder of this account alone, below the one for temporary files, where everybody may write. */
function ownFolder(): string {
  const folder = join(tmpdir(), `oomnitza-agent-${process.getuid?.() ?? "locks"}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stats = lstatSync(folder);
  const isOwn = process.getuid === undefined || stats.uid === process.getuid();
  const isClosed = process.platform === "win32" || (stats.mode & 0o022) === 0;
  if (stats.isDirectory() && isOwn && isClosed) return folder;
  throw new AgentError(`Somebody else can write in ${folder}: a lock in it is worth nothing`, {
    hint:
      "Remove it, name a state file in a folder of your own with --state, or start with --singleton 0.",
  });
}

/** A path without symbolic links, as far as it exists: one state file has one lock, whatever it is called. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const folder = dirname(path);
    return folder === path ? path : join(realPath(folder), basename(path));
  }
}

/** The file whose lock an upload takes: beside the state file, or where that cannot be in a folder of the account. */
function lockFile({ ini, stateFile }: Pick<StateContext, "ini" | "stateFile">): string {
  const real = realPath(stateFile ?? join(dirname(ini), "agent-state.sqlite"));
  if (canWrite(dirname(real))) return `${real}-upload.lock`;
  return join(ownFolder(), `${createHash("sha256").update(real).digest("hex").slice(0, 16)}.lock`);
}

/** Nothing where the state is in PostgreSQL: each section is held there. */
async function takeLock(
  app: StateContext,
  config?: Pick<Config, "state">,
): Promise<Lock | undefined> {
  const { kind } = await findState(app, config);
  return kind === "postgres" ? undefined : await lockStateFile(app);
}

/**
 * Takes the lock of a state file, wherever the state is.
 *
 * @throws {AgentError} when another process holds it.
 */
export async function lockStateFile(app: Pick<StateContext, "ini" | "stateFile">): Promise<Lock> {
  const { acquireLock } = await import("../runtime/lock.ts");
  return acquireLock(lockFile(app));
}

/** The lock of a state file for works of this process that may go on at once. */
export class SharedLock {
  readonly #isLocked: boolean;
  readonly #app: StateContext;
  readonly #config: Pick<Config, "state">;
  #taking: Promise<Lock | undefined> | undefined;
  #lock: Lock | undefined;
  #users = 0;

  /**
   * @param isLocked whether there is a lock at all.
   * @param config what the state was opened by: its file may say something else, or be broken, by now.
   */
  constructor(isLocked: boolean, app: StateContext, config: Pick<Config, "state">) {
    this.#isLocked = isLocked;
    this.#app = app;
    this.#config = config;
  }

  /**
   * Does some work under the lock, unless an upload of another process holds it.
   *
   * @returns whether the work was done.
   */
  async tryWork(work: () => Promise<void>): Promise<boolean> {
    this.#users++;
    try {
      if (!await this.#take()) return false;
      await work();
      return true;
    } finally {
      if (--this.#users === 0) {
        this.#lock?.release();
        this.#lock = undefined;
      }
    }
  }

  async #take(): Promise<boolean> {
    if (!this.#isLocked || this.#lock !== undefined) return true;
    try {
      this.#lock = await (this.#taking ??= takeLock(this.#app, this.#config));
      return true;
    } catch (error) {
      if (error instanceof AgentError && error.retriable) return false;
      throw error;
    } finally {
      this.#taking = undefined;
    }
  }
}

/** Does some work under the lock of the state file, which it may release before its end. */
export async function withLock<T>(
  locked: boolean,
  app: StateContext,
  work: (release: () => void) => Promise<T>,
): Promise<T> {
  let lock = locked ? await takeLock(app) : undefined;
  function release(): void {
    lock?.release();
    lock = undefined;
  }
  try {
    return await work(release);
  } finally {
    release();
  }
}
