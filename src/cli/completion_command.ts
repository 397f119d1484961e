/**
 * `agent completion`: scripts that let a shell complete command lines.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import { sources } from "../sources/mod.ts";
import { type Command, defineCommand, exitCodes } from "./command.ts";
import { completionScript, shells } from "./completion.ts";
import { globalFlags } from "./flags.ts";

/** The command that prints a completion script of a list of commands, which it is in itself. */
export function createCompletion(list: () => readonly Command[]): Command {
  return defineCommand({
    name: "completion",
    summary: "Print a script that completes command lines in a shell.",
    details:
      `The script completes commands, flags, the values of flags that take one of some words, file names, and the names of sources. Its first lines say how to load it.

Print it again after an update of the program.`,
    positionals: {
      usage: shells.join("|"),
      help: "The shell.",
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
      const shell = shells.find((known) => known === name?.toLowerCase());
      if (shell === undefined) {
        throw new UsageError(`There is no completion for "${name}"`, {
          hint: `The shells are ${shells.join(", ")}.`,
        });
      }
      const names = sources.map((source) => source.name);
      context.print(
        completionScript(shell, { commands: list(), globalFlags, sources: names }).trimEnd(),
      );
      return Promise.resolve(exitCodes.ok);
    },
  });
}
