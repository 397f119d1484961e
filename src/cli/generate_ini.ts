/**
 * `agent generate-ini`.
 *
 * @module
 */

import { existsSync, renameSync, writeFileSync } from "node:fs";
import { EOL } from "node:os";
import { join } from "node:path";
import { AgentError, messageOf } from "../base/errors.ts";
import { describeIni } from "../describe/ini.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";

/** The file that is named, else the one that is in use, but never that of the service unless it is named. */
function pathToWrite({ ini, iniPlaces, directory }: CommandContext): string {
  const here = join(directory, "config.ini");
  return iniPlaces === undefined || ini !== iniPlaces.at(-1) ? ini : here;
}

/** Writes a sample configuration in which everything is disabled. */
export const generateIni = defineCommand({
  name: "generate-ini",
  summary: "Write a sample configuration file with a section for every source.",
  details: `Every section is disabled: fill in what you need and set enable = True.

A file that is already there is kept under the same name with .bak at its end; an older .bak file is replaced.`,
  positionals: {
    usage: "",
    help: "",
    minimum: 0,
    // Names of sections are accepted and mean nothing, as with the Python connector.
    maximum: Number.MAX_SAFE_INTEGER,
  },
  flags: {},
  examples: [
    { line: "agent generate-ini", does: "write config.ini" },
    { line: "agent generate-ini --ini /etc/agent/config.ini", does: "write another file" },
  ],
  run(context) {
    const { sources } = context;
    const path = pathToWrite(context);
    try {
      if (existsSync(path)) {
        renameSync(path, `${path}.bak`);
        context.log.info(`Kept the old file as ${path}.bak`);
      }
      // The file will hold passwords: only its owner may read it.
      writeFileSync(path, describeIni(sources).replaceAll("\n", EOL), { mode: 0o600, flag: "wx" });
    } catch (error) {
      throw new AgentError(`Cannot write ${path}: ${messageOf(error)}`, {
        hint: "Name another file with --ini.",
        cause: error,
      });
    }
    context.log.info(`Wrote ${path}`);
    if (context.global.output === "json") context.print(JSON.stringify({ ini: path }));
    return Promise.resolve(exitCodes.ok);
  },
});
