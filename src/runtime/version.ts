/**
 * Which agent this is: version, commit, file and signing key, baked in when the binary is compiled.
 *
 * @module
 */
import manifest from "../../package.json" with { type: "json" };

/** Replaced by `scripts/build.ts` (`bun build --define`); not defined when run from source. */
declare const AGENT_VERSION: string | undefined;
declare const AGENT_COMMIT: string | undefined;
declare const AGENT_FILE: string | undefined;
declare const AGENT_PUBLIC_KEY: string | undefined;

/** The version of this agent, as in package.json. */
export const version: string = typeof AGENT_VERSION === "string" ? AGENT_VERSION : manifest.version;

/** Abbreviated git commit the binary was built from (`-dirty` when changed); absent from source. */
export const commit: string | undefined = typeof AGENT_COMMIT === "string"
  ? AGENT_COMMIT
  : undefined;

/** File name of this program in a release, such as `agent-linux-x64`; absent from source. */
export const releaseFile: string | undefined = typeof AGENT_FILE === "string"
  ? AGENT_FILE
  : undefined;

/** Public key that releases are signed with, as minisign writes it; absent when built without one. */
export const publicKey: string | undefined = typeof AGENT_PUBLIC_KEY === "string"
  ? AGENT_PUBLIC_KEY
  : undefined;
