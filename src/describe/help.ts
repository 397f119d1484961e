/**
 * The help of the program, of each command and of each source, as text for a terminal.
 *
 * @module
 */

import { iniText, type Options } from "../sdk/option.ts";
import { exitCodeMeanings } from "./exit_codes.ts";
import { list, type Look, paragraphs, part, type Row, stack } from "./layout.ts";
import {
  type CommandText,
  describeCall,
  describeUsage,
  flagUsage,
  programName,
  programSummary,
  type ShortFlags,
  shownCommands,
} from "./program.ts";
import { firstSentence } from "./value.ts";

export { helpSource, helpSources } from "./source_help.ts";

/** How a help text is to look, and the short spellings of flags that it shows. */
export interface HelpLook extends Look {
  readonly shortFlags?: ShortFlags | undefined;
}

/** Command lines shown in the overview. */
const overviewExamples = 5;

const learnMore: readonly Row[] = [
  [`${programName} COMMAND --help`, "What a command does, with all of its flags."],
  [`${programName} sources`, "Lists the sources."],
  [`${programName} sources NAME`, "Shows the options and fields of a source."],
];

/** What `agent --help` shows, without a trailing newline. */
export function helpProgram(
  commands: readonly CommandText[],
  globalFlags: Options,
  look: HelpLook = {},
): string {
  const shown = shownCommands(commands);
  const examples = shown.flatMap((command) => command.examples.slice(0, 1));
  const codes = exitCodeMeanings.map(({ code, meaning }): Row => [`${code}`, meaning]);
  return stack([
    paragraphs(programSummary, look),
    part("Usage", `  ${programName} COMMAND [WORDS] [FLAGS]`, look),
    part(
      "Commands",
      list(shown.map((command) => [describeCall(command), command.summary]), look),
      look,
    ),
    part("Flags of every command", flagList(globalFlags, "brief", look), look),
    part("Examples", exampleList(examples.slice(0, overviewExamples), look), look),
    part("Exit codes", list(codes, look), look),
    part("Learn more", list(learnMore, look), look),
  ]);
}

/** What `agent upload --help` shows, without a trailing newline. */
export function helpCommand(
  command: CommandText,
  globalFlags: Options,
  look: HelpLook = {},
): string {
  const { usage = "", help = "" } = command.positionals ?? {};
  return stack([
    paragraphs(command.summary, look),
    part("Usage", `  ${programName} ${describeUsage(command)}`, look),
    usage === "" ? "" : list([[usage, help]], look),
    paragraphs(command.details ?? "", look),
    part("Flags", flagList(command.flags, "whole", look), look),
    part("Flags of every command", flagList(globalFlags, "brief", look), look),
    part("Examples", exampleList(command.examples, look), look),
  ]);
}

function flagList(flags: Options, extent: "brief" | "whole", look: HelpLook): string {
  const rows = Object.entries(flags).map(([name, option]): Row => {
    const help = extent === "brief" ? firstSentence(option.help) : option.help;
    const initial = option.kind === "flag" ? "" : iniText(option.default);
    return [
      flagUsage(name, option, look.shortFlags),
      initial === "" ? help : `${help} Default: ${initial}.`,
    ];
  });
  return list(rows, look);
}

function exampleList(examples: CommandText["examples"], look: Look): string {
  return examples.map(({ line, does }) => `  ${line}\n${paragraphs(does, look, 6)}`).join("\n");
}
