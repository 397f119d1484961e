/**
 * From the words of a command line to a command, its flags and its words.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { closest, distance } from "fastest-levenshtein";
import { UsageError } from "../base/errors.ts";
import { type Option, type Options, parseFlag, readOption, type Values } from "../sdk/option.ts";
import type { Command } from "./command.ts";
import { type GlobalFlags, globalFlags, uploadFlags } from "./flags.ts";

/** A command line, understood. */
export interface ParsedLine {
  /** Absent when no command was named. */
  readonly command: Command | undefined;
  readonly global: GlobalFlags;
  readonly flags: Values<Options>;
  readonly words: readonly string[];
}

/** Short spellings of flags. */
export const shortFlags: Readonly<Record<string, string>> = {
  "-h": "--help",
  "-v": "--verbose",
  "-q": "--quiet",
};

function didYouMean(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const near = closest(word, known);
  return distance(word, near) <= Math.max(2, word.length / 3) ? `Did you mean ${near}?` : undefined;
}

/** Writes abbreviated flags out: a beginning that fits one flag only stands for it. */
function expand(argument: string, known: Options, names: readonly string[]): string {
  const long = shortFlags[argument] ?? argument;
  if (!long.startsWith("-") || long === "-" || long === "--" || /^-\d/.test(long)) return long;
  if (!long.startsWith("--")) throw new UsageError(`Unknown flag ${argument}`);
  const [name = "", ...rest] = long.slice(2).split("=");
  const value = rest.length === 0 ? "" : `=${rest.join("=")}`;
  if (names.includes(name)) return long;
  const matches = names.filter((known) => known.startsWith(name));
  if (matches.length === 1) return `--${matches[0]}${value}`;
  if (matches.length > 1) {
    throw new UsageError(`--${name} may mean ${matches.map((match) => `--${match}`).join(" or ")}`);
  }
  // A flag of another command is refused later, by name.
  if (Object.hasOwn(known, name)) return long;
  throw new UsageError(`Unknown flag --${name}`, {
    hint: didYouMean(name, names)?.replace("mean ", "mean --"),
  });
}

function missingValue(name: string, { placeholder }: Option<unknown>): UsageError {
  return new UsageError(`--${name} needs a value`, {
    hint: `For example --${name} ${placeholder}`,
  });
}

function expandAll(argv: readonly string[], known: Options, names: readonly string[]): string[] {
  const result: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] as string;
    if (argument === "--") return [...result, ...argv.slice(index)];
    const long = expand(argument, known, names);
    const option = long.startsWith("--") ? known[long.slice(2)] : undefined;
    if (option === undefined || option.kind === "flag") {
      result.push(long);
      continue;
    }
    // A flag's value is joined to it, so that a value that begins with one dash stays one.
    const next = argv[++index];
    if (next === undefined || next.startsWith("--")) throw missingValue(long.slice(2), option);
    result.push(`${long}=${next}`);
  }
  return result;
}

function readFlags(
  declared: Options,
  given: ReadonlyMap<string, string | undefined>,
): Values<Options> {
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(declared)) {
    if (!given.has(name)) {
      values[name] = option.default;
      continue;
    }
    const text = given.get(name);
    if (option.kind === "flag" && text === undefined) {
      values[name] = true;
      continue;
    }
    if (text === undefined || (text === "" && option.kind !== "text")) {
      throw missingValue(name, option);
    }
    const result = readOption(option, text);
    if (!result.ok) throw new UsageError(`--${name} ${result.problem}`);
    values[name] = result.value;
  }
  return values;
}

function refuseForeign(command: Command, given: ReadonlyMap<string, unknown>): void {
  for (const name of given.keys()) {
    if (name in globalFlags || name in command.flags) continue;
    // The Python connector took its flags with every action, and scripts rely on it.
    if (name in uploadFlags) continue;
    throw new UsageError(`--${name} is not a flag of ${command.name}`, {
      hint: `See ${command.name} --help.`,
    });
  }
}

function checkWords(command: Command, words: readonly string[]): void {
  const { minimum = 0, maximum = 0, usage = "" } = command.positionals ?? {};
  if (words.length < minimum) {
    throw new UsageError(`${command.name} needs ${usage}`, { hint: `See ${command.name} --help.` });
  }
  if (words.length > maximum) {
    throw new UsageError(`${command.name} does not take "${words[maximum]}"`, {
      hint: `See ${command.name} --help.`,
    });
  }
}

/** The words and flags of a command line, flags that take a value with their text. */
interface Tokens {
  readonly given: ReadonlyMap<string, string | undefined>;
  readonly words: readonly string[];
}

function tokenize(argv: readonly string[], known: Options, names: readonly string[]): Tokens {
  const types = Object.entries(known).map(([name, { kind }]) => {
    return [name, { type: kind === "flag" ? "boolean" : "string" }] as const;
  });
  const { tokens } = parseArgs({
    args: expandAll(argv, known, names),
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: Object.fromEntries(types),
  });
  const given = new Map<string, string | undefined>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "option") given.set(token.name, token.value);
    if (token.kind === "positional") words.push(token.value);
  }
  for (const [name, value] of given) {
    if (known[name]?.kind === "flag" && value !== undefined && parseFlag(value) === undefined) {
      throw new UsageError(`--${name} takes no value`);
    }
  }
  return { given, words };
}

function commandNamed(name: string, commands: readonly Command[]): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const shown = commands.filter(({ hidden }) => hidden !== true);
  const names = shown.map((candidate) => candidate.name);
  throw new UsageError(`Unknown command "${name}"`, {
    hint: didYouMean(name, names) ?? `The commands are ${names.join(", ")}.`,
  });
}

/**
 * Understands a command line. Flags may stand before, between and after words, as `--name value` or
 * `--name=value`, abbreviated as long as they are unique.
 *
 * @throws {UsageError}
 */
export function parseLine(argv: readonly string[], commands: readonly Command[]): ParsedLine {
  const all = commands.map(({ flags }) => flags);
  const known: Options = Object.assign({}, ...all, uploadFlags, globalFlags);
  // What an abbreviation may mean depends on the command, which may come after it.
  const likely = argv.map((word) => commands.find(({ name }) => name === word)).find(Boolean);
  const own: Options = { ...(likely?.flags ?? known), ...uploadFlags, ...globalFlags };
  const { given, words } = tokenize(argv, known, Object.keys(own));
  const global = readFlags(globalFlags, given) as unknown as GlobalFlags;
  const [name, ...rest] = words;
  if (name === undefined) return { command: undefined, global, flags: {}, words: [] };
  const command = commandNamed(name, commands);
  refuseForeign(command, given);
  if (!global.help && !global.version) checkWords(command, rest);
  return { command, global, flags: readFlags(command.flags, given), words: rest };
}
