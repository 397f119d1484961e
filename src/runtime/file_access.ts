/**
 * Who besides its owner can read a file, and who besides the administrators can change it: by mode bits,
 * and on Windows by its security descriptor.
 *
 * @module
 */

import { existsSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, resolve } from "node:path";
import { broadReaders, foreignWriters } from "./sddl.ts";

/** Who can read a file that should be its owner's alone. */
export interface Exposure {
  /** For a sentence: `everyone on this computer`. */
  readonly who: string;
  /** The command that fixes it. */
  readonly fix: string;
}

/** Somebody who can change what the agent runs or reads. */
export interface ForeignWriter {
  /** The file, or the folder above it through which it can be replaced. */
  readonly path: string;
  /** For a sentence: `Authenticated Users`. */
  readonly who: string;
  /** Whether it is more than one person by nature. */
  readonly isBroad: boolean;
  /** Whether it is somebody who may always change it. */
  readonly isOwner: boolean;
}

const mode = { groupReads: 0o040, groupWrites: 0o020, othersRead: 0o004, othersWrite: 0o002 };
const sticky = 0o1000;

function quoted(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** Root's file that the agent reads through a group of its own is as closed as it can be. */
function isForServiceGroup(uid: number, gid: number): boolean {
  return uid === 0 && process.getuid?.() !== 0 && process.getgid?.() === gid;
}

function exposureByMode(path: string): Exposure | undefined {
  const { mode: bits, uid, gid } = statSync(path);
  const byOthers = (bits & mode.othersRead) !== 0;
  const byGroup = (bits & mode.groupReads) !== 0 && !isForServiceGroup(uid, gid);
  if (!byOthers && !byGroup) return undefined;
  const file = quoted(path);
  const isOwner = process.getuid?.() === uid;
  const chmod = `chmod ${isForServiceGroup(uid, gid) ? "640" : "600"} ${file}`;
  const fix = isOwner || isForServiceGroup(uid, gid)
    ? chmod
    : `chown ${quoted(userInfo().username)} ${file} && ${chmod}`;
  return { who: byOthers ? "everyone on this computer" : "its group", fix };
}

/** The SIDs are those of SYSTEM and of the administrators, whatever the language of Windows. */
function icaclsAdvice(path: string, sid: string): string {
  return `icacls "${path}" /reset && ` +
    `icacls "${path}" /inheritance:r /grant:r "*${sid}:F" "*S-1-5-18:F" "*S-1-5-32-544:F"`;
}

async function exposureByAcl(path: string): Promise<Exposure | undefined> {
  const { currentUserSid, readSddl } = await import("./windows_acl.ts");
  const readers = broadReaders(readSddl(path));
  if (readers.length === 0) return undefined;
  return { who: readers.join(" and "), fix: icaclsAdvice(path, currentUserSid()) };
}

/** Who else can read a file that is there; nothing when it is its owner's alone. */
export async function findExposure(path: string): Promise<Exposure | undefined> {
  return process.platform === "win32" ? await exposureByAcl(path) : exposureByMode(path);
}

/** A path and all folders above it. */
function withParents(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [path, ...withParents(parent)];
}

/** Groups of administrators: root's, and on macOS that of all administrators. */
function isAdministrators(gid: number): boolean {
  return gid === 0 || (process.platform === "darwin" && gid === 80);
}

/** The group that an account has for itself has its number. */
function isOwnGroup(gid: number): boolean {
  return process.getgid?.() === gid && process.getuid?.() === gid;
}

function writersByMode(path: string, isItself: boolean, trusted: ReadonlySet<string>) {
  const { mode: bits, uid, gid } = statSync(path);
  // In a folder like /tmp nobody can replace what belongs to another.
  if (!isItself && (bits & sticky) !== 0) return [];
  const owners = new Set([0, process.getuid?.() ?? 0].map(String));
  return [
    ...((bits & mode.othersWrite) !== 0
      ? [{ path, who: "everyone on this computer", isBroad: true, isOwner: false }]
      : []),
    ...((bits & mode.groupWrites) !== 0 && !isAdministrators(gid) && !isOwnGroup(gid)
      ? [{ path, who: `the group ${gid}`, isBroad: false, isOwner: false }]
      : []),
    ...(owners.has(String(uid)) || trusted.has(String(uid))
      ? []
      : [{ path, who: `the account ${uid}, which owns it`, isBroad: false, isOwner: true }]),
  ];
}

async function writersByAcl(path: string, isItself: boolean, trusted: ReadonlySet<string>) {
  const place = isItself ? "itself" : dirname(path) === path ? "root" : "above";
  const { accountOfSid, currentUserSid, readSddl } = await import("./windows_acl.ts");
  const mine = new Set([...trusted, currentUserSid()]);
  return foreignWriters(readSddl(path), mine, place).map(({ sid, group, isOwner }) => ({
    path,
    who: (group ?? accountOfSid(sid)) + (isOwner ? ", who owns it" : ""),
    isBroad: group !== undefined,
    isOwner,
  }));
}

/**
 * Who, besides the administrators and the account that runs this, can change a file or folder, or
 * replace it through a folder above it. What is not there is looked at from the folder that is.
 *
 * @param trusted SIDs, or on other systems numbers of accounts, that may
 */
export async function findForeignWriters(
  path: string,
  trusted: ReadonlySet<string> = new Set(),
): Promise<ForeignWriter[]> {
  const [itself, ...above] = withParents(resolve(path)).filter((each) => existsSync(each));
  if (itself === undefined) return [];
  const look = process.platform === "win32" ? writersByAcl : writersByMode;
  const found = await look(itself, true, trusted);
  for (const folder of above) found.push(...await look(folder, false, trusted));
  return found;
}
