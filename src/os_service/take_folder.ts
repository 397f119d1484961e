/**
 * Taking possession of a folder on Windows: whoever makes a folder in ProgramData first owns it, and with
 * it what an administrator puts there later. So the folder is closed before anything in it is looked at,
 * and what belongs to somebody else is refused.
 *
 * @module
 */

import { lstatSync, readdirSync } from "node:fs";
import { win32 } from "node:path";
import { AgentError, messageOf } from "../base/errors.ts";
import { isTrusted, parseSddl } from "../runtime/sddl.ts";

/** What an account may do in a folder: read, or also write. */
export interface FolderGrant {
  /** `DOMAIN\name`. */
  readonly account: string;
  readonly rights: "read" | "modify";
}

/** Whose a folder is to be. */
export interface FolderAccess {
  /** Whether only the administrators and the grants count, and not what the folder above says. */
  readonly closed: boolean;
  readonly grants: readonly FolderGrant[];
  /** Folders in it that are taken by themselves. */
  readonly apart: readonly string[];
}

/** What Windows knows and does: `src/runtime/windows_acl.ts`, or another in tests. */
export interface FolderSecurity {
  readSddl(path: string): string;
  writeSddl(path: string, sddl: string): void;
  makeFolderWith(path: string, sddl: string): boolean;
  sidOfAccount(name: string): string | undefined;
  accountOfSid(sid: string): string;
  currentUserSid(): string;
  /** What a folder holds, and what each thing is. */
  list(folder: string): readonly string[];
  kindOf(path: string): "file" | "folder" | "link" | "hard link" | undefined;
}

/** Rights of icacls' words RX and M. */
const rights = { read: "0x1200a9", modify: "0x1301bf" } as const;

function sidOf(account: string, security: FolderSecurity): string {
  const sid = security.sidOfAccount(account);
  if (sid !== undefined) return sid;
  throw new AgentError(`Windows knows no account ${account}`, {
    hint: "Name it with --user as DOMAIN\\name, a group managed service account with $ at its end.",
  });
}

/** The descriptor of a folder, with an owner whom nobody but the administrators is. */
function sddlOf({ closed, grants }: FolderAccess, security: FolderSecurity): string {
  const ours = ["SY", "BA"].map((sid) => `(A;OICI;FA;;;${sid})`);
  const others = grants.map(({ account, rights: word }) =>
    `(A;OICI;${rights[word]};;;${sidOf(account, security)})`
  );
  return `O:BAD:${closed ? "P" : ""}${[...(closed ? ours : []), ...others].join("")}`;
}

/** What a file has that is only what its folder gives it. */
const inherited = "O:BAD:";

function foreign(path: string, why: string, advice: string): AgentError {
  return new AgentError(`${path} ${why}: it is not used`, { hint: advice });
}

/** Refuses what leads elsewhere, and what somebody made who does not administer this machine. */
function refuseForeign(path: string, trusted: ReadonlySet<string>, security: FolderSecurity): void {
  const kind = security.kindOf(path);
  if (kind === "link" || kind === "hard link") {
    throw foreign(
      path,
      kind === "link" ? "is a junction or link" : "is a second name of another file",
      "Find out who made it, remove it, and run the command again.",
    );
  }
  const { owner } = parseSddl(security.readSddl(path));
  if (owner !== undefined && isTrusted(owner, trusted)) return;
  const who = owner === undefined ? "nobody" : security.accountOfSid(owner);
  throw foreign(
    path,
    `belongs to ${who}, who is no administrator and could have put anything there`,
    "Look at what it holds. Remove it if you do not know it, or else make it the administrators': " +
      `icacls "${path}" /setowner *S-1-5-32-544 /T. Then run the command again.`,
  );
}

function takeContents(
  folder: string,
  apart: readonly string[],
  trusted: ReadonlySet<string>,
  security: FolderSecurity,
): void {
  for (const name of security.list(folder)) {
    const path = win32.join(folder, name);
    refuseForeign(path, trusted, security);
    if (apart.some((each) => each.toLowerCase() === path.toLowerCase())) continue;
    security.writeSddl(path, inherited);
    if (security.kindOf(path) === "folder") takeContents(path, [], trusted, security);
  }
}

/**
 * Makes a folder, or takes one that is there: closed first, then all that it holds is made the
 * administrators', with the rights that the folder gives.
 *
 * @throws {AgentError} When the folder, or something in it, belongs to somebody else or leads elsewhere.
 */
export function takeFolder(path: string, access: FolderAccess, security: FolderSecurity): void {
  const sddl = sddlOf(access, security);
  // Also what the service itself made, and who runs this as administrator.
  const accounts = access.grants.map(({ account }) => sidOf(account, security));
  const trusted = new Set([...accounts, security.currentUserSid()]);
  try {
    if (security.makeFolderWith(path, sddl)) return;
    refuseForeign(path, trusted, security);
    security.writeSddl(path, sddl);
    takeContents(path, access.apart, trusted, security);
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw new AgentError(`Cannot take the folder ${path}: ${messageOf(error)}`, {
      hint: "Run the command as administrator.",
      cause: error,
    });
  }
}

/** Windows itself. */
export async function windowsSecurity(): Promise<FolderSecurity> {
  const acl = await import("../runtime/windows_acl.ts");
  return {
    ...acl,
    list: (folder) => readdirSync(folder),
    kindOf(path) {
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats === undefined) return undefined;
      if (stats.isSymbolicLink()) return "link";
      if (stats.isDirectory()) return "folder";
      return stats.nlink > 1 ? "hard link" : "file";
    },
  };
}
