/**
 * What setting up a service takes, step by step: shown by a dry run, performed by a real one.
 *
 * @module
 */

import type { FolderAccess } from "./take_folder.ts";

/** A program and its arguments. */
export type CommandLine = readonly [string, ...string[]];

/** Makes a folder, or sees to the mode of one that is there. */
export interface FolderStep {
  readonly kind: "folder";
  readonly path: string;
  /** As of chmod; means nothing to Windows. */
  readonly mode: number;
  /** Whose it is to be on Windows. */
  readonly access?: FolderAccess;
}

/** Writes a file, over one that is there. */
export interface WriteStep {
  readonly kind: "write";
  readonly path: string;
  /** As of chmod; means nothing to Windows. */
  readonly mode: number;
  readonly text: string;
  /** Whether a file that is there is left as it is. */
  readonly keep?: boolean;
}

/** Removes a file, when it is there. */
export interface RemoveStep {
  readonly kind: "remove";
  readonly path: string;
}

/** Runs a program, which must succeed. */
export interface RunStep {
  readonly kind: "run";
  readonly command: CommandLine;
  /** Runs only when this succeeds, which is run first. */
  readonly when?: CommandLine;
  /** Runs only when this fails, which is run first. */
  readonly unless?: CommandLine;
  /** How often it is tried, a second apart. */
  readonly tries?: number;
  /** Then an exit code other than 0 is ignored. */
  readonly mayFail?: boolean;
}

/** Lets an account of Windows log on as a service. */
export interface LogonStep {
  readonly kind: "logon";
  /** `DOMAIN\\name`. */
  readonly account: string;
}

/** Any of them. */
export type Step = FolderStep | WriteStep | RemoveStep | RunStep | LogonStep;

/** A step in one line, for a log. */
export function describeStep(step: Step): string {
  if (step.kind === "run") return `Running ${commandText(step.command)}`;
  return step.kind === "logon"
    ? `Letting ${step.account} log on as a service`
    : `${step.kind} ${step.path}`;
}

/** A program with its arguments as one would type it, on Windows or elsewhere. */
export function commandText(command: CommandLine): string {
  return command.map(command[0].includes("\\") ? windowsWord : shellWord).join(" ");
}

/** A word of a command line of Windows, as CommandLineToArgvW takes it apart. */
export function windowsWord(text: string): string {
  if (/^[\w:\\/.,=*()-]+$/.test(text)) return text;
  return `"${text.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, "$1$1")}"`;
}

/** The words of a command line of Windows, as CommandLineToArgvW takes it apart. */
export function windowsWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let isQuoted = false;
  for (const [, slashes = "", next = ""] of line.matchAll(/(\\*)("|\s|[^\\"\s]+|$)/g)) {
    if (next === '"') {
      const isQuote = slashes.length % 2 === 1;
      word = `${word ?? ""}${"\\".repeat(slashes.length >> 1)}${isQuote ? next : ""}`;
      isQuoted = isQuote ? isQuoted : !isQuoted;
      continue;
    }
    if (slashes !== "") word = (word ?? "") + slashes;
    const isEnd = next === "" || (!isQuoted && /^\s$/.test(next));
    if (!isEnd) word = (word ?? "") + next;
    else if (word !== undefined) words.push(word);
    if (isEnd) word = undefined;
  }
  return words;
}

function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

function runText({ command, when, unless, tries = 1, mayFail = false }: RunStep): string {
  const conditions = [
    when === undefined ? "" : `, when this succeeds: ${commandText(when)}`,
    unless === undefined ? "" : `, unless this succeeds: ${commandText(unless)}`,
    tries > 1 ? `, up to ${tries} times` : "",
    mayFail ? ", which may fail" : "",
  ].join("");
  return `run${conditions}\n    ${commandText(command)}`;
}

function accessText(path: string, { closed, grants }: FolderAccess): string {
  const lines = [
    path,
    "owner: Administrators; refused when it, or something in it, belongs to another account or leads elsewhere",
    closed
      ? "SYSTEM and Administrators: full access; nothing is inherited"
      : "inherits from its folder",
    ...grants.map(({ account, rights }) => `${account}: ${rights}`),
  ];
  return ["make or take folder", ...lines].join("\n    ");
}

/** A step for people, over several lines, what is written or run indented by four. */
export function stepText(step: Step): string {
  switch (step.kind) {
    case "folder":
      return step.access === undefined
        ? `make folder (mode ${octal(step.mode)})\n    ${step.path}`
        : accessText(step.path, step.access);
    case "write": {
      const keep = step.keep === true ? ", unless it is there" : "";
      const text = step.text.trimEnd().replaceAll(/^(?=.)/gm, "    ");
      return `write ${step.path} (mode ${octal(step.mode)}${keep})\n${text}`;
    }
    case "remove":
      return `remove\n    ${step.path}`;
    case "logon":
      return `allow to log on as a service\n    ${step.account}`;
    case "run":
      return runText(step);
  }
}

/** A step for programs: as it is, with modes as people write them. */
export function stepJson(step: Step): unknown {
  return "mode" in step ? { ...step, mode: octal(step.mode) } : step;
}
