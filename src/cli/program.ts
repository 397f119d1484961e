/**
 * Runs a command line to its exit code; all errors end here, as sentences for people.
 *
 * @module
 */

import type { Environment } from "../base/environment.ts";
import { AgentError, ConfigError, UsageError } from "../base/errors.ts";
import { neutralise, neutraliseResult } from "../logging/log.ts";
import { describeLines, errorLines } from "../logging/error.ts";
import { createRedactor, type Redactor } from "../base/redact.ts";
import { helpCommand, type HelpLook, helpProgram } from "../describe/help.ts";
import { hasDesktop } from "../runtime/browser.ts";
import { version } from "../runtime/version.ts";
import { startedService } from "../os_service/names.ts";
import { bugHint, type RunReport, toSectionError } from "../sync/report.ts";
import { sources } from "../sources/mod.ts";
import { type Command, type CommandContext, exitCodes, type ListenForReload } from "./command.ts";
import { commands } from "./commands.ts";
import type { Console, Input } from "./console.ts";
import { globalFlags } from "./flags.ts";
import { type OpenLog, openLog } from "./log.ts";
import { checkOpenFiles } from "./open_files.ts";
import { resolveFiles } from "./paths.ts";
import { type ParsedLine, parseLine, shortFlags } from "./parse.ts";
import { describeVersion } from "./version.ts";

/** What a program takes from its process: main.ts gives that of this one, tests give others. */
export interface ProgramEnvironment {
  readonly console: Console;
  readonly input: Input;
  readonly env: Environment;
  /** Working directory, absolute. */
  readonly directory: string;
  /** Begins to listen for what ends the work: the signal is aborted then. */
  readonly listenForStop: () => AbortSignal;
  readonly listenForReload: ListenForReload;
  /** The service manager that started the program and reads no standard error. */
  readonly service?: {
    /** Called when the program does its work. */
    readonly onReady: () => void;
    /** Keeps the sentences about a failure; `isLogged` when the log has them. */
    readonly recordFailure: (lines: readonly string[], isLogged: boolean) => void;
  };
  /** Rejects with what nobody has caught. */
  readonly uncaught: () => Promise<never>;
}

/** The running command, for the error handler. */
interface Program {
  readonly environment: ProgramEnvironment;
  readonly argv: readonly string[];
  readonly redactor: Redactor;
  verbose: boolean;
  json: boolean;
  /** Set once the command line is understood. */
  log: OpenLog | undefined;
}

function printHelp({ environment }: Program, command: Command | undefined): void {
  const { console } = environment;
  const colour = console.isOutputTerminal && console.wantsColour;
  const look: HelpLook = { shortFlags, colour };
  console.print(
    command === undefined
      ? helpProgram(commands, globalFlags, look)
      : helpCommand(command, globalFlags, look),
  );
}

async function dispatch(program: Program, parsed: ParsedLine): Promise<number> {
  const { argv, redactor, environment } = program;
  const { console, directory, env, input } = environment;
  const { command, global, flags, words } = parsed;
  if (global.version) {
    console.print(describeVersion());
    return exitCodes.ok;
  }
  const isBare = command === undefined && argv.length === 0;
  if (global.help || isBare) {
    printHelp(program, command);
    return isBare ? exitCodes.usage : exitCodes.ok;
  }
  if (command === undefined) {
    throw new UsageError("No command was named", { hint: "See agent --help." });
  }
  const { keepsLog = false } = command;
  if (keepsLog !== false) checkOpenFiles();
  const { dataFolder, ...files } = resolveFiles({ global, env, directory });
  const opened = await openLog({
    console,
    redactor,
    global,
    keepsLog,
    env,
    directory,
    dataFolder,
  });
  program.log = opened;
  const context: CommandContext = {
    log: opened.log,
    redactor,
    signal: environment.listenForStop(),
    global,
    env,
    directory,
    sources,
    ...files,
    ...(environment.service === undefined ? {} : { onReady: environment.service.onReady }),
    input,
    listenForReload: environment.listenForReload,
    print: (text, paint) => {
      const shown = neutraliseResult(redactor.redact(text));
      const isPainted = console.isOutputTerminal && console.wantsColour;
      console.print(isPainted && paint !== undefined ? paint(shown) : shown);
    },
    isTerminal: console.isTerminal,
    status: (text) =>
      console.status(text === undefined ? undefined : neutralise(redactor.redact(text))),
  };
  return await command.run(context, flags, words);
}

function chooseExitCode(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  return error instanceof AgentError ? exitCodes.cannotStart : exitCodes.bug;
}

function reportError(program: Program, error: unknown, exit: number): void {
  const { redactor, environment } = program;
  const { console } = environment;
  const { verbose, log } = program;
  const advice = error instanceof AgentError ? [] : [bugHint];
  const [message, ...details] = errorLines(error, { verbose });
  const lines = [...details, ...advice];
  environment.service?.recordFailure(
    [message, ...lines].flatMap((line) => line === undefined ? [] : [redactor.redact(line)]),
    log?.record !== undefined,
  );
  console.status(undefined);
  console.note(describeLines([message, ...lines], redactor));
  // Log files have it too, for those who read them later.
  log?.record?.error(message, lines);
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
    error: { ...toSectionError(error), findings },
    exit,
  } satisfies RunReport;
}

/** Without a command, a person at a desktop gets the GUI, as the Python connector had it. */
function withDefaultCommand({ argv, environment }: Program, parsed: ParsedLine): ParsedLine {
  const { command, global } = parsed;
  const isComplete = command !== undefined || global.help || global.version;
  if (isComplete || !hasDesktop(environment.env, process.platform)) return parsed;
  return parseLine(["gui", ...argv], commands);
}

/**
 * Runs a command line to its exit code. Of the process it knows what it is given, so that several can
 * run in one.
 */
export async function runProgram(
  argv: readonly string[],
  environment: ProgramEnvironment,
): Promise<number> {
  const program: Program = {
    environment,
    argv,
    redactor: createRedactor(),
    verbose: false,
    json: false,
    log: undefined,
  };
  try {
    const started = startedService(argv[0]);
    if (started !== undefined) {
      const { recordFailure, runAsWindowsService } = await import("../os_service/windows_host.ts");
      return await runAsWindowsService(started, (onReady) => {
        const service = {
          onReady,
          recordFailure: (lines: readonly string[], isLogged: boolean) =>
            recordFailure(started, lines, isLogged),
        };
        return runProgram(argv.slice(1), { ...environment, service });
      });
    }
    const parsed = withDefaultCommand(program, parseLine(argv, commands));
    program.verbose = parsed.global.verbose;
    program.json = parsed.global.output === "json";
    // What nobody has caught ends the program like any other error: reported, with secrets masked.
    return await Promise.race([dispatch(program, parsed), environment.uncaught()]);
  } catch (error) {
    const exit = chooseExitCode(error);
    reportError(program, error, exit);
    return exit;
  } finally {
    program.log?.close();
  }
}
