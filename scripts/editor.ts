/**
 * Bundles the code editor of the GUI into the one script that is embedded in the program.
 *
 * `bun scripts/editor.ts` writes it. The setup does so, and a build does so again.
 *
 * @module
 */
import { join } from "node:path";
import { root } from "./binary/compile.ts";
import type { Metafile } from "./binary/licences.ts";
import { writeBundle } from "./binary/write_bundle.ts";

/** The bundled script, relative to the repository. */
const editorFile = "src/gui/assets/editor.bundle";

/**
 * Bundles the editor and writes it where the GUI imports it. Two runs of one Bun give the same text.
 *
 * @returns The files that went in, by path relative to the repository.
 * @throws when it does not build.
 */
export async function writeEditor(): Promise<Metafile["inputs"]> {
  const built = await Bun.build({
    entrypoints: [join(root, "src/gui/editor/main.js")],
    root,
    format: "iife",
    target: "browser",
    minify: true,
    metafile: true,
  });
  const text = await built.outputs[0]?.text();
  if (text === undefined || built.metafile === undefined) {
    throw new Error("The editor could not be bundled.");
  }
  writeBundle(editorFile, text);
  return built.metafile.inputs;
}

if (import.meta.main) await writeEditor();
