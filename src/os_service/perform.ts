/**
 * Does what steps say, on this machine.
 *
 * @module
 */

import { spawn, type StdioOptions } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { AgentError, messageOf } from "../base/errors.ts";
import {
  type CommandLine,
  commandText,
  describeStep,
  type RunStep,
  type Step,
  type WriteStep,
} from "./step.ts";

/** How a program ended, and all that it printed. */
export interface CommandResult {
  readonly code: number;
  readonly text: string;
}

/** Milliseconds between two tries. */
const retryDelayMs = 1_000;
/** What a shell gives for a program that is not there. */
const notFound = 127;

function run(command: CommandLine, stdio: StdioOptions): Promise<CommandResult> {
  const [program, ...words] = command;
  return new Promise((resolve) => {
    const parts: Uint8Array[] = [];
    const child = spawn(program, words, { stdio, windowsHide: true });
    child.stdout?.on("data", (part: Uint8Array) => parts.push(part));
    child.stderr?.on("data", (part: Uint8Array) => parts.push(part));
    child.on("error", (error) => resolve({ code: notFound, text: messageOf(error) }));
    child.on("close", (code) => {
      resolve({ code: code ?? notFound, text: Buffer.concat(parts).toString("utf8").trimEnd() });
    });
  });
}

/** Runs a program and captures what it prints. */
export function capture(command: CommandLine): Promise<CommandResult> {
  return run(command, ["ignore", "pipe", "pipe"]);
}

/** Runs a program that speaks to the person itself, and gives its exit code. */
export async function show(command: CommandLine): Promise<number> {
  const { code, text } = await run(command, ["ignore", "inherit", "inherit"]);
  if (code === notFound) throw failed({ kind: "run", command }, { code, text });
  return code;
}

function failed(step: Step, result: CommandResult): AgentError {
  const what = step.kind === "run" ? commandText(step.command) : describeStep(step);
  const denied = result.code === 5 ||
    /denied|EACCES|EPERM|not permitted|authentication required/i.test(result.text);
  return new AgentError(
    `Failed: ${what}: ${result.text || `exit code ${result.code}`}`,
    {
      hint: denied
        ? "Run the command as administrator (on Linux and macOS, with sudo)."
        : "Fix what it reports, then run the command again: steps that are done already do no harm.",
    },
  );
}

async function performRun(step: RunStep): Promise<void> {
  const { command, when, unless, tries = 1, mayFail = false } = step;
  if (when !== undefined && (await capture(when)).code !== 0) return;
  if (unless !== undefined && (await capture(unless)).code === 0) return;
  for (let attempt = 1;; attempt++) {
    const result = await capture(command);
    if (result.code === 0 || mayFail) return;
    if (attempt >= tries) throw failed(step, result);
    await new Promise((resolve) => setTimeout(resolve, retryDelayMs));
  }
}

/** In one go: a service manager that looks at it meanwhile sees the old file or the new one. */
function write({ path, mode, text, keep = false }: WriteStep): void {
  if (keep && existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.new`;
  writeFileSync(draft, text, { mode });
  chmodSync(draft, mode);
  renameSync(draft, path);
}

async function allowLogon(account: string): Promise<void> {
  const { sidOfAccount } = await import("../runtime/windows_acl.ts");
  const { allowServiceLogon } = await import("../runtime/windows_rights.ts");
  const sid = sidOfAccount(account);
  if (sid === undefined) throw new Error(`Windows knows no account ${account}`);
  allowServiceLogon(sid);
}

async function performOne(step: Step): Promise<void> {
  if (step.kind === "run") return await performRun(step);
  try {
    if (step.kind === "write") return write(step);
    if (step.kind === "logon") return await allowLogon(step.account);
    if (step.kind === "remove") return rmSync(step.path, { force: true });
    if (step.access !== undefined && process.platform === "win32") {
      const { takeFolder, windowsSecurity } = await import("./take_folder.ts");
      return takeFolder(step.path, step.access, await windowsSecurity());
    }
    mkdirSync(step.path, { recursive: true, mode: step.mode });
    chmodSync(step.path, step.mode);
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw failed(step, { code: 1, text: messageOf(error) });
  }
}

/**
 * Performs steps in their order.
 *
 * @param onStep Called with each before it is done.
 * @throws {AgentError} At the first that does not work; those after it are not begun.
 */
export async function perform(
  steps: readonly Step[],
  onStep: (step: Step) => void,
): Promise<void> {
  for (const step of steps) {
    onStep(step);
    await performOne(step);
  }
}
