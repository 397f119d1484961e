/**
 * Opening a page in the browser of the person who sits here.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";

/** Whether a person sits in front of this machine's own screen, as far as can be known. */
export function hasDesktop(
  env: Readonly<Record<string, string | undefined>>,
  platform: string,
): boolean {
  if (env.SSH_CONNECTION !== undefined || env.SSH_TTY !== undefined) return false;
  // Windows names the session of a desktop; services and tasks without one have no such name.
  if (platform === "win32") return (env.SESSIONNAME ?? "") !== "";
  // Also a double click on the program opens it in a terminal; jobs of launchd have none.
  if (platform === "darwin") return env.TERM !== undefined;
  return (env.DISPLAY ?? "") !== "" || (env.WAYLAND_DISPLAY ?? "") !== "";
}

/** By their full names: a program of that name in the current folder must not be taken for them. */
async function browserCommand(url: string): Promise<string[]> {
  if (process.platform === "win32") {
    const { systemFile } = await import("./windows_system.ts");
    return [systemFile("rundll32.exe"), `${systemFile("url.dll")},FileProtocolHandler`, url];
  }
  if (process.platform === "darwin") return ["/usr/bin/open", url];
  const opener = Bun.which("xdg-open");
  if (opener === null || !isAbsolute(opener)) throw new Error("There is no xdg-open");
  return [opener, url];
}

/**
 * Opens an address that holds a secret in the browser. Command lines can be read by every user of a
 * machine, so the browser is given a file of ours that leads to the address.
 *
 * @returns what removes the file again; nothing when no browser could be started
 */
export async function openPrivately(url: string): Promise<(() => void) | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "agent-gui-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const page = join(folder, "agent.html");
  const target = url.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  const text = `<!doctype html><meta charset="utf-8"><title>Oomnitza agent</title>` +
    `<meta http-equiv="refresh" content="0; url=${target}"><a href="${target}">Oomnitza agent</a>`;
  writeFileSync(page, text, { mode: 0o600 });
  try {
    const opener = Bun.spawn({
      cmd: await browserCommand(pathToFileURL(page).href),
      stdio: ["ignore", "ignore", "ignore"],
    });
    opener.unref();
    // One that ends well has handed the page over; one that goes on is the browser itself.
    const ended = await Promise.race([opener.exited, Bun.sleep(3_000)]);
    if (ended === undefined || ended === 0) return remove;
  } catch {
    // There is no such program: then nothing can be opened.
  }
  remove();
  return undefined;
}
