/**
 * Bundles the runtime of Python bodies into the one script that goes into an image of the sandbox.
 *
 * @module
 */
import { join } from "node:path";
import { root } from "./binary/compile.ts";
import { writeBundle } from "./binary/write_bundle.ts";

/** The bundled script, relative to the repository. */
const runtimeFile = "src/sandbox/guest/python.bundle";

/**
 * Bundles the runtime, writes it for the tests and gives it. Two runs of one Bun give the same text.
 *
 * @throws when it does not build.
 */
export async function writePythonRuntime(): Promise<string> {
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
  return text;
}
