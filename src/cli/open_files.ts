/**
 * Whether this process may open as many files and connections as a run needs.
 *
 * @module
 */

import { closeSync, openSync } from "node:fs";
import { devNull } from "node:os";
import { AgentError, errorCode } from "../base/errors.ts";

/** State file, log files, source, sandbox and connections; below it, the runtime waits for ever. */
const needed = 32;

/**
 * Refuses to begin what would come to a standstill without a word.
 *
 * @throws {AgentError}
 */
export function checkOpenFiles(): void {
  const opened: number[] = [];
  try {
    while (opened.length < needed) opened.push(openSync(devNull, "r"));
  } catch (error) {
    if (errorCode(error) !== "EMFILE" && errorCode(error) !== "ENFILE") throw error;
    throw new AgentError(
      `This process may open only ${opened.length} more files, and a run needs ${needed}`,
      {
        hint: "Raise the limit: ulimit -n 1024, or LimitNOFILE= of the systemd unit.",
        cause: error,
      },
    );
  } finally {
    for (const file of opened) closeSync(file);
  }
}
