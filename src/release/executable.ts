/**
 * Replaces the running program: a new file beside it, tried out, then swapped by renaming.
 *
 * @module
 */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  linkSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { AgentError, errorCode, messageOf } from "../base/errors.ts";
import { describeIdentity, type Identity, isSame, parseIdentity } from "./manifest.ts";
import type { OpenFile } from "./origin.ts";

/** The files of an upgrade, all in one folder, so that renaming is all it takes. */
export interface ProgramFiles {
  readonly program: string;
  /** The new one, until it replaces the program. */
  readonly fresh: string;
  /** The one before, kept. */
  readonly old: string;
}

/** Milliseconds that a program may take to say its version. */
const versionTimeoutMs = 60_000;
/** Milliseconds after which a file left behind belongs to nobody any more. */
const abandonedAfterMs = 3_600_000;

/** The files of an upgrade of `program`: `agent.new` and `agent.old`, on Windows with .exe. */
export function locateProgramFiles(program: string): ProgramFiles {
  const [, stem = program, suffix = ""] = /^(.*?)(\.exe)?$/i.exec(program) ?? [];
  return { program, fresh: `${stem}.new${suffix}`, old: `${stem}.old${suffix}` };
}

/**
 * Creates the new file, for nobody to run yet.
 *
 * @throws {AgentError} when this account may not write there, or another upgrade is running.
 */
export async function createFresh({ fresh, program }: ProgramFiles): Promise<FileHandle> {
  try {
    const left = statSync(fresh, { throwIfNoEntry: false });
    if (left !== undefined && Date.now() - left.mtimeMs > abandonedAfterMs) rmSync(fresh);
    return await open(fresh, "wx", 0o600);
  } catch (error) {
    const code = errorCode(error);
    if (code === "EEXIST") {
      throw new AgentError(`Another upgrade is running: there is ${fresh}`, {
        hint: "Wait for it to finish. If none is running, remove that file.",
        cause: error,
      });
    }
    const refused = code === "EACCES" || code === "EPERM" || code === "EROFS";
    throw new AgentError(`Cannot write into ${dirname(program)}: ${messageOf(error)}`, {
      hint: refused
        ? "Run the upgrade as an account that may write to that folder: with sudo, or as administrator."
        : undefined,
      cause: error,
    });
  }
}

/**
 * Writes `content` into the new file and onto the disk.
 *
 * @param onProgress Called with the bytes written so far.
 * @returns The SHA-256 sum of what was written.
 */
export async function fill(
  handle: FileHandle,
  content: OpenFile,
  onProgress: (bytes: number) => void,
): Promise<string> {
  const hash = createHash("sha256");
  let written = 0;
  for await (const chunk of content.chunks) {
    hash.update(chunk);
    await writeAll(handle, chunk);
    written += chunk.length;
    onProgress(written);
  }
  await handle.sync();
  return hash.digest("hex");
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  try {
    let at = 0;
    while (at < chunk.length) at += (await handle.write(chunk, at)).bytesWritten;
  } catch (error) {
    const full = errorCode(error) === "ENOSPC";
    throw new AgentError(`Cannot write the new program: ${messageOf(error)}`, {
      hint: full
        ? "The disk is full: free some space, then try again. Nothing was changed."
        : undefined,
      cause: error,
    });
  }
}

/** Gives the new file the rights and the owner of the program, so that the same people can run it. */
export function adopt({ fresh, program }: ProgramFiles): void {
  const { mode, uid, gid } = statSync(program);
  chmodSync(fresh, mode & 0o7777);
  if (process.getuid?.() === 0) chownSync(fresh, uid, gid);
}

/**
 * Runs a program to see whether it starts, and whether it is the one it should be.
 *
 * @throws {AgentError} when it does not start, or is another.
 */
export async function tryProgram(path: string, expected: Identity): Promise<void> {
  const output = await runVersion(path);
  const identity = parseIdentity(output, path);
  if (isSame(identity, expected)) return;
  throw new AgentError(
    `${path} is agent ${describeIdentity(identity)}, but the release is ${
      describeIdentity(expected)
    }`,
    { hint: "The release is inconsistent: contact its publisher." },
  );
}

function runVersion(path: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = { cwd: dirname(path), timeout: versionTimeoutMs, windowsHide: true };
  execFile(path, ["version", "--output", "json"], options, (error, stdout, stderr) => {
    if (error === null) return resolve(stdout);
    const last = stderr.trim().split("\n").at(-1) ?? "";
    const reason = last === "" ? error.message : last;
    reject(new AgentError(`${path} does not start: ${reason}`, { cause: error }));
  });
  return promise;
}

/**
 * Replaces the program by the new file and keeps the old one. At no moment is there no
 * program, except on Windows for the blink between two renames.
 *
 * @throws {AgentError} when that does not work; then the old program is where it was.
 */
export function swap(files: ProgramFiles): void {
  try {
    rmSync(files.old, { force: true });
    if (process.platform === "win32") swapByTwoRenames(files);
    else swapByOneRename(files);
  } catch (error) {
    throw new AgentError(`Cannot replace ${files.program}: ${messageOf(error)}`, {
      hint: `It may be in use: stop the service and everything that runs from ${files.old}.`,
      cause: error,
    });
  }
}

/** Windows lets a running program be renamed, but not be replaced. */
function swapByTwoRenames({ program, fresh, old }: ProgramFiles): void {
  renameSync(program, old);
  try {
    renameSync(fresh, program);
  } catch (error) {
    renameSync(old, program);
    throw error;
  }
}

function swapByOneRename({ program, fresh, old }: ProgramFiles): void {
  try {
    linkSync(program, old);
  } catch {
    copyFileSync(program, old); // file systems without hard links
  }
  renameSync(fresh, program);
}

export function rollBack({ program, fresh, old }: ProgramFiles): void {
  if (process.platform === "win32") renameSync(program, fresh);
  renameSync(old, program);
}
