/**
 * Reads a file that holds one secret and nothing else.
 *
 * @module
 */

import { open } from "node:fs/promises";
import { AgentError, messageOf } from "../base/errors.ts";

/** No secret is longer; a larger file is a mistake. */
const maxSecretBytes = 1024 * 1024;

/** The text without the newline that editors and `echo` leave at its end. */
export function withoutNewline(text: string): string {
  return text.replace(/\r?\n$/, "");
}

/**
 * The secret in a file: UTF-8, with or without a newline at its end.
 *
 * @throws {AgentError} when the file cannot be read, is too large or is no text.
 */
export async function readSecretFile(path: string, hint: string): Promise<string> {
  const bytes = await readBytes(path, hint);
  if (bytes.length > maxSecretBytes) {
    throw new AgentError(`${path} is larger than 1 MiB`, { hint: "Name a file with one secret" });
  }
  try {
    return withoutNewline(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new AgentError(`${path} is not UTF-8 text`, { hint, cause: error });
  }
}

async function readBytes(path: string, hint: string): Promise<Uint8Array> {
  try {
    await using file = await open(path, "r");
    const buffer = new Uint8Array(maxSecretBytes + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      if (bytesRead === 0) return buffer.subarray(0, length);
      length += bytesRead;
      if (length === buffer.length) return buffer;
    }
  } catch (error) {
    throw new AgentError(`${path} cannot be read: ${messageOf(error)}`, { hint, cause: error });
  }
}
