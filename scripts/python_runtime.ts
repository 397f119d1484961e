/**
 * Bundles the runtime of Python bodies into the one script that the sandbox evaluates.
 *
 * `bun scripts/python_runtime.ts` writes it. The setup does so, and a build does so again.
 *
 * @module
 */
import { join } from "node:path";
import { root } from "./binary/compile.ts";
import { writeBundle } from "./binary/write_bundle.ts";

/** The bundled script, relative to the repository. */
const runtimeFile = "src/sandbox/guest/python.bundle";

/**
 * Bundles the runtime and writes it where the sandbox imports it. Two runs of one Bun give the same
 * text.
 *
 * @throws when it does not build.
 */
export async function writePythonRuntime(): Promise<void> {
  const built = await Bun.build({
    entrypoints: [join(root, "src/sandbox/guest/python/main.ts")],
    root,
    format: "iife",
    target: "browser",
    minify: { whitespace: true, syntax: true },
  });
  const text = await built.outputs[0]?.text();
  if (text === undefined) throw new Error("The runtime of Python could not be bundled.");
  writeBundle(runtimeFile, text);
}

if (import.meta.main) await writePythonRuntime();
