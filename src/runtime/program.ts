/**
 * Where this program is and how it was started.
 *
 * @module
 */

import { basename, dirname } from "node:path";

/**
 * Whether this is a compiled binary rather than a run from source. The path of the main file says so,
 * and not the address of this one: on Windows that is escaped.
 */
export const isCompiled: boolean = /^(\/\$bunfs\/|[A-Z]:[\\/]~BUN[\\/])/i.test(Bun.main);

/**
 * Folder of the binary; from source, the working directory.
 *
 * @param directory the working directory, absolute
 */
export function programDirectory(directory: string): string {
  return isCompiled ? dirname(process.execPath) : directory;
}

/** File name of the binary; from source, `agent`. */
export function programName(): string {
  return isCompiled ? basename(process.execPath) : "agent";
}
