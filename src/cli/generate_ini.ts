/**
 * `agent generate-ini`.
 *
 * @module
 */

import { closeSync, existsSync, openSync, renameSync, writeFileSync } from "node:fs";
import { EOL } from "node:os";
import { join } from "node:path";
import { AgentError, messageOf } from "../base/errors.ts";
import { describeIni } from "../describe/ini.ts";
import { opt } from "../sdk/option.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";

/** The file that is named, else the one that is in use, but never that of the service unless it is named. */
function pathToWrite({ ini, iniPlaces, directory }: CommandContext): string {
  const here = join(directory, "config.ini");
  return iniPlaces === undefined || ini !== iniPlaces.at(-1) ? ini : here;
}

/** Renames a file to a name that nobody has, and gives that name. */
function setAside(path: string): string {
  for (let number = 1;; number++) {
    const backup = number === 1 ? `${path}.bak` : `${path}.bak.${number}`;
    try {
      // The name is taken first: a rename would replace what another process has put there.
      closeSync(openSync(backup, "wx", 0o600));
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EEXIST") continue;
      throw error;
    }
    renameSync(path, backup);
    return backup;
  }
}

/** Writes a sample configuration in which everything is disabled. */
export const generateIni = defineCommand({
  name: "generate-ini",
  summary: "Write a sample configuration file with a section for every source.",
  details: `Every section is disabled: fill in what you need and set enable = True.

A file that is already there is kept under the same name with .bak at its end, and once there is such a file with .bak.2, .bak.3 and so on: no backup is ever replaced.`,
  positionals: {
    usage: "",
    help: "",
    minimum: 0,
    // Names of sections are accepted and mean nothing, as with the Python connector.
    maximum: Number.MAX_SAFE_INTEGER,
  },
  flags: {
    "keep": opt.flag("Leave a file that is already there as it is.", { default: false }),
  },
  examples: [
    { line: "agent generate-ini", does: "write config.ini" },
    { line: "agent generate-ini --ini /etc/agent/config.ini", does: "write another file" },
    { line: "agent generate-ini --keep", does: "write it when there is none, as installers do" },
  ],
  run(context, { keep }) {
    const { sources } = context;
    const path = pathToWrite(context);
    try {
      if (keep && existsSync(path)) {
        context.log.info(`${path} is there, and stays as it is`);
        return Promise.resolve(exitCodes.ok);
      }
      if (existsSync(path)) context.log.info(`Kept the old file as ${setAside(path)}`);
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
