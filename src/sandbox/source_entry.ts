/**
 * What the sandbox process starts with when the program runs from its sources.
 *
 * @module
 */

import { runSandboxChild } from "./child.ts";

await runSandboxChild();
