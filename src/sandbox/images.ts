/**
 * The images that a sandbox process begins with (see `image.ts`), which are in the program as compressed
 * files; `scripts/sandbox_images.ts` makes them.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { decompressBytes } from "../runtime/compress.ts";
import javascript from "./guest/javascript.image" with { type: "file" };
import python from "./guest/python.image" with { type: "file" };

const files = { javascript, python } as const;

/** Reads the image for JavaScript alone, or that for Python, which has JavaScript beside it. */
export function readImage(language: keyof typeof files): Uint8Array {
  return decompressBytes(readFileSync(files[language]));
}
