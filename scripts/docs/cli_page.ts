/**
 * The commands, flags and exit codes as part of a docs page.
 *
 * @module
 */

import type { Options } from "../../src/sdk/option.ts";
import { exitCodeMeanings } from "../../src/describe/exit_codes.ts";
import { code, codeBlock, prose, table } from "./markdown.ts";
import { flagTable } from "./option_table.ts";
import {
  type CommandText,
  describeCall,
  describeUsage,
  flagUsage,
  programName,
  type ShortFlags,
  shownCommands,
} from "../../src/describe/program.ts";

/** Commands, the flags of every command, and exit codes, as Markdown under headings of level 2. */
export function cliReference(
  commands: readonly CommandText[],
  globalFlags: Options,
  shortFlags: ShortFlags,
): string {
  const shown = shownCommands(commands);
  return [
    "## Commands",
    table(
      ["Command", "Description"],
      shown.map((command) => [
        `[${code(describeCall(command))}](#${anchorOf(command)})`,
        prose(command.summary),
      ]),
    ),
    ...shown.map(commandPart),
    "## Flags of every command",
    flagTable(globalFlags, (name, option) => flagUsage(name, option, shortFlags)),
    "## Exit codes",
    table(
      ["Code", "Meaning"],
      exitCodeMeanings.map(({ code: number, meaning }) => [`${number}`, prose(meaning)]),
    ),
  ].join("\n\n");
}

function anchorOf({ name }: CommandText): string {
  return `${programName}-${name}`;
}

function commandPart(command: CommandText): string {
  const { usage = "", help = "" } = command.positionals ?? {};
  const parts = [
    `### ${programName} ${command.name}`,
    prose(command.summary),
    codeBlock("text", `${programName} ${describeUsage(command)}`),
  ];
  if (usage !== "") parts.push(`${code(usage)}: ${prose(help)}`);
  if (command.details !== undefined) parts.push(prose(command.details));
  if (Object.keys(command.flags).length > 0) {
    parts.push(flagTable(command.flags, (name, option) => flagUsage(name, option)));
  }
  if (command.examples.length > 0) parts.push(codeBlock("sh", examplesOf(command)));
  return parts.join("\n\n");
}

function examplesOf({ examples }: CommandText): string {
  return examples.map(({ line, does }) => `# ${does}\n${line}`).join("\n");
}
