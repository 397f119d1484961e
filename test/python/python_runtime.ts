/** The runtime of Python bodies as one script, as it goes into the image of the sandbox. @module */

import { readFileSync } from "node:fs";

/** JavaScript that defines the global `$py` and needs nothing but ECMAScript 2023. */
export const pythonRuntime: string = readFileSync(
  new URL("../../src/sandbox/guest/python.bundle", import.meta.url),
  "utf8",
);
