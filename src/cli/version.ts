/**
 * `agent version`.
 *
 * @module
 */

import { commit, version } from "../runtime/version.ts";

/** Version and commit of this program, for people. */
export function describeVersion(): string {
  return commit === undefined ? `agent ${version}` : `agent ${version} (${commit})`;
}
