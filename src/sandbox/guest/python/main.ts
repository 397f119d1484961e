/**
 * The runtime of Python bodies with the agent's names: what `scripts/python_runtime.ts` bundles for
 * the sandbox.
 *
 * @module
 */

import { createRuntime } from "../../../python/runtime/mod.ts";
import { agentHost, agentNames } from "./names.ts";

const runtime = Object.freeze({ ...createRuntime(agentNames), agent: agentHost });
Object.defineProperty(globalThis, "$py", { value: runtime });
