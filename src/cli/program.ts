/**
 * Runs a command line to its exit code; all errors end here, as sentences for people.
 *
 * @module
 */

import { AgentError, ConfigError, formatFinding, messageOf, UsageError } from "../base/errors.ts";
import {
  createLog,
  isAtLeast,
  type Log,
  type LogLevel,
  type LogSink,
  neutralise,
} from "../base/log.ts";
import { createRedactor, type Redactor } from "../base/redact.ts";
import { helpCommand, helpProgram } from "../describe/help.ts";
import { type CommandContext, exitCodes } from "./command.ts";
import { commands } from "./commands.ts";
import type { Console } from "./console.ts";
import { globalFlags } from "./flags.ts";
import { type ParsedLine, parseLine } from "./parse.ts";
import { describeVersion } from "./version.ts";

/** What is under way, for the error handler. */
interface Program {
  readonly console: Console;
  readonly redactor: Redactor;
  verbose: boolean;
  json: boolean;
}

function consoleSink(console: Console, floor: LogLevel): LogSink {
  return ({ time, level, name, message }) => {
    if (!isAtLeast(level, floor)) return;
    const clock = time.toTimeString().slice(0, 8);
    const about = name === "" ? "" : ` [${name}]`;
    console.note(`${clock} ${level.toUpperCase()}${about} ${message}`);
  };
}

function openLog(program: Program, { global }: ParsedLine): Log {
  const floor: LogLevel = global.verbose ? "debug" : global.quiet ? "warning" : "info";
  return createLog("", program.redactor, [consoleSink(program.console, floor)]);
}

/** Ctrl-C and SIGTERM end the work in good order; a second one ends it at once. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => {
      controller.abort(new AgentError(`Stopped by ${name}`));
      process.once(name, () => process.kill(process.pid, "SIGKILL"));
    });
  }
  return controller.signal;
}

async function dispatch(program: Program, parsed: ParsedLine): Promise<number> {
  const { console } = program;
  const { command, global, flags, words } = parsed;
  if (global.version) {
    console.print(describeVersion());
    return exitCodes.ok;
  }
  if (global.help || (command === undefined && process.argv.length <= 2)) {
    console.print(
      command === undefined
        ? helpProgram(commands, globalFlags)
        : helpCommand(command, globalFlags),
    );
    return command === undefined && !global.help ? exitCodes.usage : exitCodes.ok;
  }
  if (command === undefined) {
    throw new UsageError("No command was named", { hint: "See agent --help." });
  }
  const context: CommandContext = {
    log: openLog(program, parsed),
    redactor: program.redactor,
    signal: stopSignal(),
    global,
    print: (text) => console.print(program.redactor.redact(text)),
    isTerminal: console.isTerminal,
    status: (text) => console.status(text === undefined ? undefined : neutralise(text)),
  };
  return await command.run(context, flags, words);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  return error instanceof AgentError ? exitCodes.cannotStart : exitCodes.bug;
}

function describe(error: unknown, verbose: boolean): string {
  const lines: string[] = [];
  if (error instanceof AgentError) {
    lines.push(error.hint === undefined ? error.message : `${error.message}. ${error.hint}`);
    if (error instanceof ConfigError) {
      lines.push(...error.findings.map((finding) => `  ${formatFinding(finding)}`));
    }
  } else {
    lines.push(`Unexpected: ${messageOf(error)}`);
    lines.push("  This is a fault in the agent. Please report it with what --verbose shows.");
  }
  if (verbose && error instanceof Error && error.stack !== undefined) lines.push(error.stack);
  return lines.join("\n");
}

function reportError(program: Program, error: unknown, exit: number): void {
  const { console, redactor } = program;
  console.status(undefined);
  for (const line of redactor.redact(describe(error, program.verbose)).split("\n")) {
    console.note(neutralise(line));
  }
  if (!program.json) return;
  const findings = error instanceof ConfigError ? error.findings : [];
  const hint = error instanceof AgentError ? error.hint ?? null : null;
  const bug = !(error instanceof AgentError);
  const report = {
    report: 1,
    sections: [],
    error: { message: messageOf(error), hint, bug, findings },
    exit,
  };
  console.print(redactor.redact(JSON.stringify(report, null, 2)));
}

/** Runs a command line. */
export async function runProgram(argv: readonly string[], console: Console): Promise<number> {
  const program: Program = { console, redactor: createRedactor(), verbose: false, json: false };
  try {
    const parsed = parseLine(argv, commands);
    program.verbose = parsed.global.verbose;
    program.json = parsed.global.output === "json";
    return await dispatch(program, parsed);
  } catch (error) {
    const exit = exitCodeOf(error);
    reportError(program, error, exit);
    return exit;
  }
}
