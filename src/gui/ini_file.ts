/**
 * The configuration file on disk: read with a mark of its state, written whole and with a backup.
 *
 * @module
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { AgentError, messageOf } from "../base/errors.ts";
import { readIniBytes } from "../config/ini_bytes.ts";
import {
  decodeIni,
  encodeIni,
  type IniDocument,
  type IniEncoding,
  parseIni,
} from "../config/ini.ts";

/** A configuration file as it was at one moment. */
export interface IniFile {
  /** As it was named. */
  readonly path: string;
  /** Whether there is one; without it, the text is empty. */
  readonly exists: boolean;
  readonly text: string;
  readonly encoding: IniEncoding;
  /** Changes whenever a byte of the file does. */
  readonly revision: string;
  readonly document: IniDocument;
}

/** Backups that are kept; the oldest go first. */
const backupsKept = 20;

/**
 * Reads the configuration file.
 *
 * @throws {AgentError} when it is there and cannot be read
 */
export function readIniFile(path: string): IniFile {
  const bytes = existsSync(path) ? readIniBytes(path) : undefined;
  const { text, encoding, findings } = decodeIni(bytes ?? new Uint8Array(), path);
  const document = parseIni(text, path);
  return {
    path,
    exists: bytes !== undefined,
    text,
    encoding,
    revision: bytes === undefined ? "none" : createHash("sha256").update(bytes).digest("hex"),
    document: { ...document, findings: [...findings, ...document.findings] },
  };
}

/**
 * Replaces the text of the file, at once and as a whole, and keeps what was there as a backup beside
 * it. Owner and rights stay; a new file is for its owner only.
 *
 * @returns the path of the backup; nothing when there was no file
 * @throws {AgentError} when the file is no longer what was read, or cannot be written
 */
export function writeIniFile(was: IniFile, text: string): string | undefined {
  if (readIniFile(was.path).revision !== was.revision) throw changedMeanwhile(was.path);
  const bytes = encodeIni(text, was.encoding);
  // A link stays a link: what it points to is replaced.
  const target = was.exists ? realpathSync(was.path) : was.path;
  try {
    const backup = was.exists ? writeBackup(target) : undefined;
    replace(target, bytes);
    return backup;
  } catch (error) {
    throw new AgentError(`Cannot write ${was.path}: ${messageOf(error)}`, {
      hint: "The account that runs agent gui must be able to write the file and its folder.",
      cause: error,
    });
  }
}

/** The error for a file that somebody else has changed since it was read. */
export function changedMeanwhile(path: string): AgentError {
  return new AgentError(`${path} was changed by somebody else meanwhile, so nothing was saved`, {
    hint: "Load the page again to see what it says now, then make your change again.",
  });
}

function replace(target: string, bytes: Uint8Array): void {
  const fresh = `${target}.${process.pid}.new`;
  const before = statSync(target, { throwIfNoEntry: false });
  try {
    writeDurably(fresh, bytes, before === undefined ? 0o600 : before.mode & 0o777);
    if (before !== undefined) giveTo(fresh, before);
    renameSync(fresh, target);
  } finally {
    rmSync(fresh, { force: true });
  }
}

function writeDurably(path: string, bytes: Uint8Array, mode: number): void {
  const file = openSync(path, "w", mode);
  try {
    writeFileSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  // The mode of opening is narrowed by the umask.
  chmodSync(path, mode);
}

/** Only an administrator can give a file away; for anybody else it is theirs already. */
function giveTo(path: string, { uid, gid }: { uid: number; gid: number }): void {
  if (process.getuid?.() === 0) chownSync(path, uid, gid);
}

function writeBackup(target: string): string {
  const { mode, uid, gid } = statSync(target);
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  let backup = `${target}.${stamp}.bak`;
  for (let next = 2; existsSync(backup); next++) backup = `${target}.${stamp}-${next}.bak`;
  writeDurably(backup, readFileSync(target), mode & 0o777);
  giveTo(backup, { uid, gid });
  removeOldBackups(target);
  return backup;
}

function removeOldBackups(target: string): void {
  const folder = dirname(target);
  const start = `${basename(target)}.`;
  const ours = readdirSync(folder)
    .filter((name) => name.startsWith(start) && /\d{4}-\d\d-\d\dT[\d-]+\.bak$/.test(name))
    .sort();
  for (const name of ours.slice(0, -backupsKept)) rmSync(join(folder, name), { force: true });
}
