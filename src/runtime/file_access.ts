/**
 * Who besides its owner can read a file: by mode bits, and on Windows by its access control list.
 *
 * @module
 */

import { statSync } from "node:fs";
import { userInfo } from "node:os";
import { broadReaders } from "./sddl.ts";

/** Who can read a file that should be its owner's alone. */
export interface Exposure {
  /** For a sentence: `everyone on this computer`. */
  readonly who: string;
  /** The command that fixes it. */
  readonly fix: string;
}

const groupReads = 0o040;
const othersRead = 0o004;

function quoted(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** Root's file that the agent reads through a group of its own is as closed as it can be. */
function isForServiceGroup(uid: number, gid: number): boolean {
  return uid === 0 && process.getuid?.() !== 0 && process.getgid?.() === gid;
}

function exposureByMode(path: string): Exposure | undefined {
  const { mode, uid, gid } = statSync(path);
  const byOthers = (mode & othersRead) !== 0;
  const byGroup = (mode & groupReads) !== 0 && !isForServiceGroup(uid, gid);
  if (!byOthers && !byGroup) return undefined;
  const file = quoted(path);
  const isOwner = process.getuid?.() === uid;
  const chmod = `chmod ${isForServiceGroup(uid, gid) ? "640" : "600"} ${file}`;
  const fix = isOwner || isForServiceGroup(uid, gid)
    ? chmod
    : `chown ${quoted(userInfo().username)} ${file} && ${chmod}`;
  return { who: byOthers ? "everyone on this computer" : "its group", fix };
}

async function exposureByAcl(path: string): Promise<Exposure | undefined> {
  const { readSddl } = await import("./windows_acl.ts");
  const readers = broadReaders(readSddl(path));
  if (readers.length === 0) return undefined;
  const user = userInfo().username;
  return {
    who: readers.join(" and "),
    // The SIDs are those of SYSTEM and of the administrators, whatever the language of Windows.
    fix: `icacls "${path}" /inheritance:r /grant:r "${user}:F" "*S-1-5-18:F" "*S-1-5-32-544:F"`,
  };
}

/** Who else can read a file that is there; nothing when it is its owner's alone. */
export async function findExposure(path: string): Promise<Exposure | undefined> {
  return process.platform === "win32" ? await exposureByAcl(path) : exposureByMode(path);
}
