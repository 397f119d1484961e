/**
 * Where this program is and how it was started.
 *
 * @module
 */

import { basename, dirname } from "node:path";

/** Whether this is a compiled binary rather than a run from source. */
export const isCompiled: boolean = import.meta.url.includes("$bunfs") ||
  import.meta.url.includes("~BUN");

/** Folder of the binary; from source, the working directory. */
export function programDirectory(): string {
  return isCompiled ? dirname(process.execPath) : process.cwd();
}

/** File name of the binary; from source, `agent`. */
export function programName(): string {
  return isCompiled ? basename(process.execPath) : "agent";
}
