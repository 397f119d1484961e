/**
 * Bundles the code editor of the GUI into the one script that is embedded in the program.
 *
 * `bun scripts/editor.ts` writes it; with `--check`, it only says whether the committed one is
 * current, by its exit code.
 *
 * @module
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./binary/compile.ts";
import type { Metafile } from "./binary/licences.ts";

/** The bundled script, relative to the repository. */
export const editorFile = "src/gui/assets/editor.bundle";

/** What bundling the editor gives. */
export interface EditorBundle {
  readonly text: string;
  /** The files that went in, by path relative to the repository. */
  readonly inputs: Metafile["inputs"];
}

/** Bundles the editor; throws when it does not build. Two runs of one Bun give the same text. */
export async function bundleEditor(): Promise<EditorBundle> {
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
  return { text, inputs: built.metafile.inputs };
}

async function main(): Promise<void> {
  const path = join(root, editorFile);
  const { text } = await bundleEditor();
  const isCurrent = existsSync(path) && readFileSync(path, "utf8") === text;
  if (process.argv.includes("--check")) {
    if (isCurrent) return;
    console.error(`${editorFile} is not what its sources give: run bun scripts/editor.ts`);
    process.exitCode = 1;
    return;
  }
  if (!isCurrent) writeFileSync(path, text);
  console.log(`${editorFile}: ${(text.length / 1000).toFixed(0)} kB`);
}

if (import.meta.main) await main();
