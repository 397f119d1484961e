/**
 * User code from the ini in a sandbox: `prepareUserCode` at start-up, `createSandbox` for a run.
 *
 * @module
 */

export { sandboxArgument } from "./argument.ts";
export { type PreparedProgram, prepareUserCode, readsOf, type UserCodeSource } from "./prepare.ts";
export type { Language, SandboxLimits, SandboxOutcome } from "./protocol.ts";
export type { Reads } from "./reads.ts";
export {
  createSandbox,
  defaultLimits,
  type Sandbox,
  type SandboxCall,
  type SandboxInput,
  type SandboxOptions,
  type SandboxStats,
} from "./sandbox.ts";
export type { ErrorKind } from "./code_errors.ts";
