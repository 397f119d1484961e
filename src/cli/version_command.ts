/**
 * `agent version`, as a command. The program answers it before commands are loaded; this declaration
 * is for help, completion and the docs.
 *
 * @module
 */

import { commit, version } from "../runtime/version.ts";
import { defineCommand, exitCodes } from "./command.ts";
import { describeVersion } from "./version.ts";

/** Shows which program this is. */
export const versionCommand = defineCommand({
  name: "version",
  summary: "Show the version.",
  flags: {},
  examples: [{ line: "agent version", does: "show the version and the commit it was built from" }],
  run(context) {
    const json = context.global.output === "json";
    context.print(json ? JSON.stringify({ version, commit: commit ?? null }) : describeVersion());
    return Promise.resolve(exitCodes.ok);
  },
});
