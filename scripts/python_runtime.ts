/**
 * Bundles the runtime of Python bodies into the one script that the sandbox evaluates.
 *
 * `bun scripts/python_runtime.ts` writes it; with `--check`, it only says whether the committed one
 * is current, by its exit code.
 *
 * @module
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./binary/compile.ts";

/** The bundled script, relative to the repository. */
export const runtimeFile = "src/sandbox/guest/python.bundle";

/** Bundles the runtime; throws when it does not build. Two runs of one Bun give the same text. */
export async function bundlePythonRuntime(): Promise<string> {
  const built = await Bun.build({
    entrypoints: [join(root, "src/sandbox/guest/python/main.ts")],
    root,
    format: "iife",
    target: "browser",
    minify: { whitespace: true, syntax: true },
  });
  const text = await built.outputs[0]?.text();
  if (text === undefined) throw new Error("The runtime of Python could not be bundled.");
  return text;
}

async function main(): Promise<void> {
  const path = join(root, runtimeFile);
  const text = await bundlePythonRuntime();
  const isCurrent = existsSync(path) && readFileSync(path, "utf8") === text;
  if (process.argv.includes("--check")) {
    if (isCurrent) return;
    console.error(`${runtimeFile} is not what its sources give: run bun scripts/python_runtime.ts`);
    process.exitCode = 1;
    return;
  }
  if (!isCurrent) writeFileSync(path, text);
  console.log(`${runtimeFile}: ${(text.length / 1000).toFixed(0)} kB`);
}

if (import.meta.main) await main();
