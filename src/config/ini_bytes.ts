/**
 * Reads a configuration file as bytes.
 *
 * @module
 */

import { readFileSync, statSync } from "node:fs";
import { AgentError, ConfigError, errorCode, messageOf } from "../base/errors.ts";

/**
 * Reads a configuration file. What is no file, such as a pipe, is refused before it is opened: a command reads
 * its configuration more than once, and the second time would wait for ever.
 *
 * @throws {ConfigError} when it cannot be read.
 */
export function readIniBytes(file: string): Uint8Array {
  try {
    const stats = statSync(file);
    if (!stats.isFile() && !stats.isDirectory()) throw noFileError(file);
    return readFileSync(file);
  } catch (error) {
    throw error instanceof AgentError ? error : unreadableFileError(file, error);
  }
}

function noFileError(file: string): AgentError {
  return new ConfigError(`Cannot read ${file}: it is a pipe or a device, and no file`, [], {
    hint:
      "The agent reads its configuration more than once. Write it into a file that only this account can read, and keep secrets out of it by references such as ${env:NAME}.",
  });
}

/** The error for a file that could not be read. */
export function unreadableFileError(file: string, thrown: unknown): AgentError {
  const code = errorCode(thrown);
  const isClosed = code === "EACCES" || code === "EPERM";
  const isMissing = code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR";
  return new ConfigError(`Cannot read ${file}: ${messageOf(thrown)}`, [], {
    cause: thrown,
    hint: isClosed
      ? "Run the agent as the account that owns the file, for example with sudo."
      : isMissing
      ? "Name the file with --ini, or write a sample with generate-ini."
      : undefined,
  });
}
