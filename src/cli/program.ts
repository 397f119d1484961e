/**
 * Runs a command line to its exit code; all errors end here, as sentences for people.
 *
 * @module
 */

import { AgentError, ConfigError, UsageError } from "../base/errors.ts";
import { neutralise, neutraliseResult } from "../logging/log.ts";
import { describeError } from "../logging/error.ts";
import { createRedactor, type Redactor } from "../base/redact.ts";
import { helpCommand, type HelpLook, helpProgram } from "../describe/help.ts";
import { hasDesktop } from "../runtime/browser.ts";
import { version } from "../runtime/version.ts";
import { windowsServiceArgument } from "../os_service/names.ts";
import { bugHint, faultOf, type RunReport } from "../sync/report.ts";
import { type Command, type CommandContext, exitCodes } from "./command.ts";
import { commands } from "./commands.ts";
import type { Console } from "./console.ts";
import { globalFlags } from "./flags.ts";
import { type OpenLog, openLog } from "./log.ts";
import { type ParsedLine, parseLine, shortFlags } from "./parse.ts";
import { describeVersion } from "./version.ts";

/** What is under way, for the error handler. */
interface Program {
  readonly console: Console;
  readonly redactor: Redactor;
  verbose: boolean;
  json: boolean;
  /** Set once the command line is understood. */
  log: OpenLog | undefined;
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

function printHelp({ console }: Program, command: Command | undefined): void {
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const look: HelpLook = { shortFlags, colour };
  console.print(
    command === undefined
      ? helpProgram(commands, globalFlags, look)
      : helpCommand(command, globalFlags, look),
  );
}

async function dispatch(program: Program, parsed: ParsedLine): Promise<number> {
  const { console, redactor } = program;
  const { command, global, flags, words } = parsed;
  if (global.version) {
    console.print(describeVersion());
    return exitCodes.ok;
  }
  const isBare = command === undefined && process.argv.length <= 2;
  if (global.help || isBare) {
    printHelp(program, command);
    return isBare ? exitCodes.usage : exitCodes.ok;
  }
  if (command === undefined) {
    throw new UsageError("No command was named", { hint: "See agent --help." });
  }
  const { keepsLog = false } = command;
  program.log = openLog({ console, redactor, global, keepsLog, env: process.env });
  const context: CommandContext = {
    log: program.log.log,
    redactor,
    signal: stopSignal(),
    global,
    print: (text) => console.print(neutraliseResult(redactor.redact(text))),
    isTerminal: console.isTerminal,
    status: (text) =>
      console.status(text === undefined ? undefined : neutralise(redactor.redact(text))),
  };
  return await command.run(context, flags, words);
}

/** What nobody has caught ends the program like any other fault: told, and with secrets masked. */
function uncaught(): Promise<never> {
  return new Promise((_, reject) => {
    process.on("uncaughtException", reject);
    process.on("unhandledRejection", reject);
  });
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  return error instanceof AgentError ? exitCodes.cannotStart : exitCodes.bug;
}

function reportError(program: Program, error: unknown, exit: number): void {
  const { console, redactor } = program;
  console.status(undefined);
  const { verbose, log } = program;
  const advice = error instanceof AgentError ? "" : `\n  ${bugHint}`;
  const text = describeError(error, { verbose }, redactor) + advice;
  console.note(text);
  // Log files tell it too, for those who look there in the morning.
  log?.record?.error(text);
  if (program.json) {
    const report = JSON.stringify(failureReport(error, exit), null, 2);
    console.print(neutraliseResult(redactor.redact(report)));
  }
}

/** The report of a run that could not start, in the form of the others. */
function failureReport(error: unknown, exit: number) {
  const at = new Date().toISOString();
  const findings = error instanceof ConfigError ? error.findings : [];
  return {
    report: 1,
    agent: version,
    started: at,
    ended: at,
    testmode: false,
    not_enabled: [],
    sections: [],
    error: { ...faultOf(error), findings },
    exit,
  } satisfies RunReport;
}

/** Without a command, a person at a desktop gets the GUI, as the Python connector had it. */
function withDefaultCommand(argv: readonly string[], parsed: ParsedLine): ParsedLine {
  const { command, global } = parsed;
  const isComplete = command !== undefined || global.help || global.version;
  if (isComplete || !hasDesktop(process.env, process.platform)) return parsed;
  return parseLine(["gui", ...argv], commands);
}

/** Runs a command line. */
export async function runProgram(argv: readonly string[], console: Console): Promise<number> {
  const program: Program = {
    console,
    redactor: createRedactor(),
    verbose: false,
    json: false,
    log: undefined,
  };
  try {
    if (argv[0] === windowsServiceArgument) {
      const { runAsWindowsService } = await import("../os_service/windows_host.ts");
      return await runAsWindowsService(() => runProgram(argv.slice(1), console));
    }
    const parsed = withDefaultCommand(argv, parseLine(argv, commands));
    program.verbose = parsed.global.verbose;
    program.json = parsed.global.output === "json";
    return await Promise.race([dispatch(program, parsed), uncaught()]);
  } catch (error) {
    const exit = exitCodeOf(error);
    reportError(program, error, exit);
    return exit;
  } finally {
    program.log?.close();
  }
}
