/**
 * Commands, declared once: parsing, help, completion and the docs page are derived.
 *
 * @module
 */

import type { AppContext } from "../app/context.ts";
import type { Options, Values } from "../sdk/option.ts";
import type { Input } from "./console.ts";
import type { GlobalFlags } from "./flags.ts";
import type { Paint } from "./paint.ts";

/** Exit codes; scripts rely on them. */
export const exitCodes = {
  ok: 0,
  /** Configuration, credentials of Oomnitza, or the lock. */
  cannotStart: 1,
  usage: 2,
  /** Something ran, but a section or some records failed. */
  failed: 3,
  /** agent plan found something to do, or agent drift something that was changed. */
  pending: 4,
  /** The guard stopped a section before anything was sent. */
  guarded: 5,
  bug: 70,
} as const;

/** Listens for the wish that files are read again: SIGHUP, where there is one. */
export type ListenForReload = (reload: () => void, until: AbortSignal) => void;

/** What a command works with. */
export interface CommandContext extends AppContext {
  readonly global: GlobalFlags;
  /** Standard input. */
  readonly input: Input;
  /** Writes a result to standard output, with a newline; `paint` colours it where a person reads it. */
  readonly print: (text: string, paint?: Paint) => void;
  /** Whether a person watches standard error. */
  readonly isTerminal: boolean;
  /** Calls what it is given whenever somebody asks for the files to be read again, until the signal ends that. */
  readonly listenForReload: ListenForReload;
  /** Shows a line that changes in place on a terminal; without text it goes away. */
  readonly status: (text: string | undefined) => void;
}

/** The words that follow a command's name. */
export interface Positionals {
  /** For usage texts, for example `NAME...`. */
  readonly usage: string;
  /** What they name, where a shell can complete it. */
  readonly names?: "sections" | "sources";
  readonly help: string;
  readonly minimum: number;
  readonly maximum: number;
}

/** A command as declared. */
export interface Command<F extends Options = Options> {
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /** More for the help and the docs page, paragraphs separated by blank lines. */
  readonly details?: string;
  readonly positionals?: Positionals;
  /** Its own flags; the global ones are understood everywhere. */
  readonly flags: F;
  /** Command lines worth showing, with what they do. */
  readonly examples: readonly { readonly line: string; readonly does: string }[];
  /**
   * Whether it runs something: then its log goes into `info.log` and `errors.log` too; with `asked` only
   * into the folder, or by the logging configuration, that somebody names.
   */
  readonly keepsLog?: boolean | "asked";
  /** Left out of help and docs. */
  readonly hidden?: boolean;
  /** Does the work; the result is the exit code. */
  run(context: CommandContext, flags: Values<F>, words: readonly string[]): Promise<number>;
}

/** Declares a command; the types of its flags flow into `run`. */
export function defineCommand<const F extends Options>(command: Command<F>): Command {
  return command as unknown as Command;
}
