/**
 * Which accounts besides the administrators may change the files of the service, and what to do about
 * others.
 *
 * @module
 */

import { readFileSync } from "node:fs";

/** The number of an account in passwd(5); nothing on systems that keep accounts elsewhere. */
function numberOf(account: string): string[] {
  try {
    const line = readFileSync("/etc/passwd", "utf8").split("\n")
      .find((each) => each.startsWith(`${account}:`));
    const number = line?.split(":")[2];
    return number === undefined ? [] : [number];
  } catch {
    return [];
  }
}

/** The account of the service as {@linkcode findForeignWriters} knows accounts. */
export async function trustedAccounts(user: string): Promise<ReadonlySet<string>> {
  if (process.platform !== "win32") return new Set(numberOf(user));
  const { sidOfAccount } = await import("../runtime/windows_acl.ts");
  const sid = sidOfAccount(user);
  return new Set(sid === undefined ? [] : [sid]);
}

/** What to do when others can change a file: the SIDs are those of Everyone, Authenticated Users and Users. */
export function accessAdvice(file: string): string {
  return process.platform === "win32"
    ? "Move it into a folder where only administrators can write (C:\\Program Files\\Oomnitza Agent for " +
      "the program), or take the rights away where they are given: icacls " +
      `"${file}" /inheritance:d /remove:g *S-1-1-0 *S-1-5-11 *S-1-5-32-545.`
    : `Let only root write there: chown root '${file}' && chmod go-w '${file}', and the same for its folder.`;
}
