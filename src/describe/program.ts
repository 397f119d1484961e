/**
 * What help, docs and completion need to know of the program's command line.
 *
 * @module
 */

import type { Option, Options } from "../sdk/option.ts";

/** Name of the program as it is typed. */
export const programName = "agent";

/** What the program is, in one line. */
export const programSummary = "Uploads IT assets and people from your systems into Oomnitza.";

/** A command as far as it can be described: what it takes, not what it does. */
export interface CommandText {
  readonly name: string;
  readonly summary: string;
  readonly details?: string;
  readonly positionals?: {
    readonly usage: string;
    readonly names?: "sections" | "sources";
    readonly help: string;
    readonly maximum: number;
  };
  readonly flags: Options;
  readonly examples: readonly { readonly line: string; readonly does: string }[];
  readonly hidden?: boolean;
}

/** Short spelling → long spelling of flags, for example `-h` → `--help`. */
export type ShortFlags = Readonly<Record<string, string>>;

/** The commands that people are shown. */
export function shownCommands(commands: readonly CommandText[]): readonly CommandText[] {
  return commands.filter(({ hidden }) => hidden !== true);
}

/** A command with the words it takes: `upload NAME...`. */
export function describeCall({ name, positionals }: CommandText): string {
  return `${name} ${positionals?.usage ?? ""}`.trimEnd();
}

/** A command's usage line, without the program: `upload NAME... [FLAGS]`. */
export function describeUsage(command: CommandText): string {
  return `${describeCall(command)} [FLAGS]`;
}

/** A flag with its short spelling and what stands for its value: `-h, --help`, `--workers N`. */
export function flagUsage(name: string, option: Option<unknown>, short: ShortFlags = {}): string {
  const brief = Object.keys(short).find((key) => short[key] === `--${name}`);
  const value = option.kind === "flag" ? "" : ` ${option.placeholder}`;
  return `${brief === undefined ? "" : `${brief}, `}--${name}${value}`;
}
