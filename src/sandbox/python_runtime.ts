/**
 * The runtime of Python bodies with the agent's names, as one JavaScript text for QuickJS. In a file
 * of its own, for only the sandbox process needs it.
 *
 * @module
 */

import bundle from "./guest/python.bundle" with { type: "text" };

/**
 * JavaScript that defines the global `$py` and needs nothing but ECMAScript 2023: to be evaluated
 * once in a context, before any translated body. Its sources are `src/python/runtime` and
 * `guest/python`.
 */
export const pythonRuntime: string = bundle;
