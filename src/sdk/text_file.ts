/**
 * Small files of text that an option names, for example a token.
 *
 * @module
 */

import { open, readFile, rename, stat } from "node:fs/promises";
import { errorCode, messageOf, SourceError } from "../base/errors.ts";

const largest = 1024 * 1024;

/**
 * The text of a file, UTF-8, without a byte order mark.
 *
 * @param path relative to the working directory.
 * @throws {SourceError} when it cannot be read, is no file, or is larger than 1 MB.
 */
export async function readTextFile(path: string): Promise<string> {
  const text = await readTextFileIfAny(path);
  if (text === undefined) throw new SourceError(`Cannot read ${path}: it does not exist`);
  return text;
}

/** The same, but nothing for a file that does not exist. */
export async function readTextFileIfAny(path: string): Promise<string | undefined> {
  try {
    const stats = await stat(path);
    // Anything but a file could block for ever.
    if (!stats.isFile()) throw new SourceError(`Cannot read ${path}: it is not a file`);
    if (stats.size > largest) throw new SourceError(`Cannot read ${path}: it is larger than 1 MB`);
    return new TextDecoder().decode(await readFile(path));
  } catch (thrown) {
    if (thrown instanceof SourceError) throw thrown;
    if (errorCode(thrown) === "ENOENT") return undefined;
    throw new SourceError(`Cannot read ${path}: ${messageOf(thrown)}`, { cause: thrown });
  }
}

/**
 * Puts another text in the place of a file that exists, at once: nobody ever finds half of it. Where the
 * system has modes, its mode stays.
 *
 * @throws {SourceError} when it cannot be written.
 */
export async function replaceTextFile(path: string, text: string): Promise<void> {
  const beside = `${path}.new`;
  try {
    const { mode } = await stat(path);
    const file = await open(beside, "w", mode & 0o777);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (thrown) {
    throw new SourceError(`Cannot write ${path}: ${messageOf(thrown)}`, { cause: thrown });
  }
}
