/**
 * Writing the bundles that the program embeds and that are not kept in the repository.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./compile.ts";

/** Writes a bundle, by path relative to the repository, unless it is current: others may read it. */
export function writeBundle(file: string, content: string | Uint8Array): void {
  const path = join(root, file);
  const bytes = Buffer.from(content);
  if (!existsSync(path) || !readFileSync(path).equals(bytes)) writeFileSync(path, bytes);
  console.log(`${file}: ${(bytes.length / 1000).toFixed(0)} kB`);
}
