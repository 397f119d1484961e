/**
 * `agent completion`: scripts that let a shell complete command lines.
 *
 * @module
 */

import { readOwnIni } from "../app/configuration.ts";
import { UsageError } from "../base/errors.ts";
import { sourceNamed } from "../config/declared.ts";
import { isSectionEnabled } from "../config/enabled.ts";
import { sources } from "../sources/mod.ts";
import { type Command, type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { completionScript, shells } from "./completion.ts";
import { globalFlags } from "./flags.ts";

/** Asks for names instead of a script. */
const sectionsWord = "sections";

/** Prints the enabled sections of the configuration, as the scripts ask for them; it is not checked. */
function printSections(context: CommandContext): number {
  const { env, sources } = context;
  const document = readOwnIni(context);
  const names = document.sections.map(({ name }) => name).filter((name) =>
    sourceNamed(name, sources) !== undefined && isSectionEnabled(document, name, env)
  );
  if (context.global.output === "json") context.print(JSON.stringify(names));
  else for (const name of names) context.print(name);
  return exitCodes.ok;
}

/** The command that prints a completion script of a list of commands, which it is in itself. */
export function createCompletion(list: () => readonly Command[]): Command {
  return defineCommand({
    name: "completion",
    summary: "Print a script that completes command lines in a shell.",
    details:
      `The script completes commands, flags, the values of flags that take one of some words, file names, and the names of sections and sources. Its first lines say how to load it. For the enabled sections of the configuration it asks the program: agent completion sections.

Print it again after an update of the program.`,
    positionals: {
      usage: [...shells, sectionsWord].join("|"),
      help: "The shell; or sections, for the names of the enabled sections, one a line.",
      minimum: 1,
      maximum: 1,
    },
    flags: {},
    examples: [
      { line: "source <(agent completion bash)", does: "complete in this bash" },
      {
        line: "agent completion powershell | Out-String | Invoke-Expression",
        does: "complete in this PowerShell",
      },
    ],
    run(context, _flags, [name]) {
      if (name === sectionsWord) return Promise.resolve(printSections(context));
      const shell = shells.find((known) => known === name?.toLowerCase());
      if (shell === undefined) {
        throw new UsageError(`There is no completion for "${name}"`, {
          hint: `The shells are ${shells.join(", ")}.`,
        });
      }
      const names = sources.map((source) => source.name);
      const script = completionScript(shell, { commands: list(), globalFlags, sources: names });
      context.print(
        context.global.output === "json" ? JSON.stringify({ shell, script }) : script.trimEnd(),
      );
      return Promise.resolve(exitCodes.ok);
    },
  });
}
