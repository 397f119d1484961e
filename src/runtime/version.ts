/**
 * Which agent this is: version and commit, baked in when the binary is compiled.
 *
 * @module
 */
import manifest from "../../package.json" with { type: "json" };

/** Replaced by `scripts/build.ts` (`bun build --define`); not defined when run from source. */
declare const AGENT_VERSION: string | undefined;
declare const AGENT_COMMIT: string | undefined;

/** The version of this agent, as in package.json. */
export const version: string = typeof AGENT_VERSION === "string" ? AGENT_VERSION : manifest.version;

/** Abbreviated git commit the binary was built from (`-dirty` when changed); absent from source. */
export const commit: string | undefined = typeof AGENT_COMMIT === "string"
  ? AGENT_COMMIT
  : undefined;
