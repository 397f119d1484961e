/**
 * Makes the images of the interpreter's memory that a sandbox process begins with: one with the runtime
 * of Python bodies, one without.
 *
 * `bun scripts/sandbox_images.ts` writes them. The setup does so, and a build does so again.
 *
 * @module
 */
import { compressWell } from "../src/runtime/compress.ts";
import { makeImage } from "./binary/make_image.ts";
import { writePythonRuntime } from "./python_runtime.ts";
import { writeBundle } from "./binary/write_bundle.ts";

/** Writes the images where the sandbox imports them. Two runs of one Bun give the same bytes. */
export async function writeSandboxImages(): Promise<void> {
  const texts = { javascript: "", python: await writePythonRuntime() };
  for (const [name, text] of Object.entries(texts)) {
    writeBundle(`src/sandbox/guest/${name}.image`, compressWell(await makeImage(text)));
  }
}

if (import.meta.main) await writeSandboxImages();
