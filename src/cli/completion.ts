/**
 * Completion scripts for shells, made from the declared commands.
 *
 * @module
 */

import { type CommandText, programName, shownCommands } from "../describe/program.ts";
import { firstSentence } from "../describe/value.ts";
import type { Options } from "../sdk/option.ts";
import { bashTemplate, powershellTemplate, zshTemplate } from "./completion_templates.ts";

/** The shells there are scripts for. */
export const shells = ["bash", "zsh", "fish", "powershell"] as const;

/** One of {@linkcode shells}. */
export type Shell = (typeof shells)[number];

/** What is completed. */
export interface CompletionInput {
  readonly commands: readonly CommandText[];
  readonly globalFlags: Options;
  /** Names of sources, offered where a command takes one, or a section and none is known. */
  readonly sources: readonly string[];
}

/** A completion script for the shell, with a newline at its end. */
export function completionScript(shell: Shell, input: CompletionInput): string {
  const tree = buildTree(input);
  if (shell === "bash") return bashScript(tree);
  if (shell === "zsh") return zshScript(tree);
  return shell === "fish" ? fishScript(tree) : powershellScript(tree);
}

interface Flag {
  /** With its dashes. */
  readonly name: string;
  readonly help: string;
  /** What comes after it: nothing, a path, one of some words, or something that cannot be guessed. */
  readonly takes: "nothing" | "path" | "word" | "text";
  readonly words: readonly string[];
}

interface CommandNode {
  readonly name: string;
  readonly help: string;
  /** What its positionals may be, as far as that can be guessed. */
  readonly words: readonly string[];
  /** Whether they are sections, for which the script asks; `words` is what it offers without an answer. */
  readonly asksSections: boolean;
  readonly repeats: boolean;
  /** Its own flags. */
  readonly flags: readonly Flag[];
}

interface Tree {
  readonly commands: readonly CommandNode[];
  readonly globalFlags: readonly Flag[];
}

function buildTree({ commands, globalFlags, sources }: CompletionInput): Tree {
  return {
    commands: shownCommands(commands).map((command) => ({
      name: command.name,
      help: firstSentence(command.summary),
      words: listPositionalWords(command, sources),
      asksSections: command.positionals?.names === "sections",
      repeats: (command.positionals?.maximum ?? 0) > 1,
      flags: listFlags(command.flags),
    })),
    globalFlags: listFlags(globalFlags),
  };
}

/** Names are those of sources where no section is known; a usage of `a|b|c` takes these words. */
function listPositionalWords(
  { positionals }: CommandText,
  sources: readonly string[],
): readonly string[] {
  const usage = positionals?.usage ?? "";
  if (positionals?.names !== undefined) return sources;
  return usage.includes("|") ? usage.replace(/[[\].]/g, "").split("|") : [];
}

function listFlags(options: Options): Flag[] {
  return Object.entries(options).map(([name, { kind, help, choices }]): Flag => {
    const flag = { name: `--${name}`, help: firstSentence(help), words: choices ?? [] };
    if (kind === "flag") return { ...flag, takes: "nothing" };
    if (kind === "path") return { ...flag, takes: "path" };
    return { ...flag, takes: choices === undefined ? "text" : "word" };
  });
}

/** All flags of all commands, each once. */
function allFlags({ commands, globalFlags }: Tree): Flag[] {
  const flags = [...globalFlags, ...commands.flatMap((command) => command.flags)];
  return [...new Map(flags.map((flag) => [flag.name, flag])).values()];
}

function fill(template: string, parts: Readonly<Record<string, string>>): string {
  const named = template.replaceAll("PROGRAM", programName);
  return named.replace(/^.*@(\w+)@.*\n/gm, (_line, name: string) => {
    const text = parts[name] ?? "";
    return text === "" ? "" : `${text}\n`;
  });
}

function names(flags: readonly Flag[]): string {
  return flags.map(({ name }) => name).join(" ");
}

function bashScript(tree: Tree): string {
  const flags = allFlags(tree);
  const paths = flags.filter(({ takes }) => takes === "path");
  const cases = flags.filter(({ takes }) => takes === "word")
    .map(({ name, words }) => `      ${name}) _PROGRAM_offer -W "${words.join(" ")}" ;;`);
  const own = tree.commands.filter((command) => command.flags.length > 0);
  return fill(bashTemplate, {
    valued: `      ${
      flags.filter(({ takes }) => takes !== "nothing").map(({ name }) => name).join(" | ")
    })`,
    paths: `      ${paths.map(({ name }) => name).join(" | ")})`,
    choices: cases.join("\n").replaceAll("PROGRAM", programName),
    flags: own.map(({ name, flags }) => `      ${name}) flags="$flags ${names(flags)}" ;;`).join(
      "\n",
    ),
    global: `    flags="${names(tree.globalFlags)}"`,
    commands: `    "") words="${tree.commands.map(({ name }) => name).join(" ")}" ;;`,
    words: tree.commands.filter(({ words }) => words.length > 0)
      .map(({ name, words, asksSections }) => {
        const list = words.join(" ");
        const found = asksSections ? `$(_PROGRAM_sections ${list})` : list;
        return `    ${name}) words="${found}" ;;`;
      }).join("\n").replaceAll("PROGRAM", programName),
  });
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function zshFlag({ name, help, takes, words }: Flag): string {
  const about = `[${help.replace(/[[\]:\\]/g, "\\$&")}]`;
  if (takes === "nothing") return quoted(`${name}${about}`);
  const action = takes === "path" ? "_files" : takes === "word" ? `(${words.join(" ")})` : "";
  return quoted(`${name}=${about}:${takes}:${action}`);
}

function zshCase({ name, flags, words, repeats, asksSections }: CommandNode): string {
  const found = asksSections
    ? `{_${programName}_sections ${words.join(" ")}}`
    : `(${words.join(" ")})`;
  const positional = words.length === 0 ? [] : [quoted(`${repeats ? "*" : "1"}:name:${found}`)];
  const specs = [...flags.map(zshFlag), ...positional];
  return [
    `        ${name})`,
    ["          _arguments $global", ...specs].join(" \\\n            "),
    "          ;;",
  ].join("\n");
}

function zshScript({ commands, globalFlags }: Tree): string {
  const described = commands.map(({ name, help }) =>
    `    ${quoted(`${name}:${help.replaceAll(":", "\\:")}`)}`
  );
  return fill(zshTemplate, {
    global: globalFlags.map((flag) => `    ${zshFlag(flag)}`).join("\n"),
    commands: described.join("\n"),
    cases: commands.map(zshCase).join("\n"),
  });
}

function fishFlag({ name, help, takes, words }: Flag, condition: string): string {
  const value = {
    nothing: "",
    path: " -r -F",
    text: " -x",
    word: ` -x -a ${fishQuoted(words.join(" "))}`,
  };
  return `complete -c ${programName}${condition} -l ${name.slice(2)}${value[takes]} -d ${
    fishQuoted(help)
  }`;
}

/** The words of the command line that name the configuration. */
function fishFunction(program: string): string[] {
  return [
    `function __${program}_ini`,
    "    set -l ini",
    "    set -l isNext 0",
    "    for word in (commandline -opc)",
    "        if test $isNext = 1",
    "            set ini --ini (string replace -r '^~(?=/)' $HOME -- $word)",
    "            set isNext 0",
    "        else if test $word = --ini",
    "            set isNext 1",
    "        else if string match -q -- '--ini=*' $word",
    "            set ini $word",
    "        end",
    "    end",
    "    string join \\n -- $ini",
    "end",
  ];
}

function fishQuoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}

function fishScript({ commands, globalFlags }: Tree): string {
  const lines = [
    `# Completion of ${programName} for fish.`,
    `# Install it: ${programName} completion fish > ~/.config/fish/completions/${programName}.fish`,
    ...fishFunction(programName),
    `complete -c ${programName} -f`,
    ...globalFlags.map((flag) => fishFlag(flag, "")),
  ];
  for (const { name, help, words, flags, asksSections } of commands) {
    const within = ` -n '__fish_seen_subcommand_from ${name}'`;
    const start = ` -n __fish_use_subcommand -a ${name}`;
    lines.push(`complete -c ${programName}${start} -d ${fishQuoted(help)}`);
    lines.push(...flags.map((flag) => fishFlag(flag, within)));
    if (words.length === 0) continue;
    const list = words.join(" ");
    const found = asksSections
      ? `(${programName} completion sections (__${programName}_ini) 2>/dev/null; or string split " " "${list}")`
      : list;
    lines.push(`complete -c ${programName}${within} -a ${fishQuoted(found)}`);
  }
  return `${lines.join("\n")}\n`;
}

function powershellQuoted(text: string): string {
  // PowerShell takes typographic apostrophes for quotes too.
  return `'${text.replace(/['‘’‚‛]/g, "$&$&")}'`;
}

function powershellList(words: readonly string[]): string {
  return `@(${words.map(powershellQuoted).join(", ")})`;
}

function powershellScript(tree: Tree): string {
  const { commands, globalFlags } = tree;
  return fill(powershellTemplate, {
    commands: commands.map(({ name, help, words, flags, asksSections }) =>
      `        ${powershellQuoted(name)} = @{ Help = ${powershellQuoted(help)}; Words = ${
        powershellList(words)
      }; Sections = ${asksSections ? "$true" : "$false"}; Flags = ${
        powershellList(flags.map((flag) => flag.name))
      } }`
    ).join("\n"),
    flags: allFlags(tree).map(({ name, help, takes, words }) =>
      `        ${powershellQuoted(name)} = @{ Help = ${powershellQuoted(help)}; Takes = ${
        powershellQuoted(takes)
      }; Words = ${powershellList(words)} }`
    ).join("\n"),
    global: `    $common = ${powershellList(globalFlags.map(({ name }) => name))}`,
  });
}
