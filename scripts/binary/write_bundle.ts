/**
 * Writing the bundles that the program embeds and that are not kept in the repository.
 *
 * @module
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./compile.ts";

/** Writes a bundle, by path relative to the repository, unless it is current: others may read it. */
export function writeBundle(file: string, text: string): void {
  const path = join(root, file);
  if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
  console.log(`${file}: ${(text.length / 1000).toFixed(0)} kB`);
}
