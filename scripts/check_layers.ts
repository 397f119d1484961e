/**
 * The gate for the layers: who may import whom, that no imports go in a circle, and who owns what.
 *
 * `bun scripts/check_layers.ts [--root DIR]`
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { findCycles } from "./checks/cycles.ts";
import { checkLayers } from "./checks/layers.ts";
import { readSources, reportViolations } from "./checks/source_file.ts";

function main(): number {
  const { values } = parseArgs({ options: { root: { type: "string", default: "." } } });
  const root = resolve(values.root);
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const packages = new Set(Object.keys(manifest.dependencies ?? {}));
  const files = readSources(root, ["src", "converters"]);
  const others = readSources(root, ["scripts", "test", "bench"]);
  return reportViolations("layers", files.length, [
    ...files.flatMap((file) => checkLayers(file, packages)),
    ...findCycles([...files, ...others]),
  ]);
}

process.exitCode = main();
