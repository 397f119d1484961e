/**
 * Does what steps say, on this machine.
 *
 * @module
 */

import { spawn, type StdioOptions } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { AgentError, messageOf } from "../base/errors.ts";
import { type CommandLine, commandText, type RunStep, type Step, type WriteStep } from "./step.ts";

/** How a program ended, and all that it said. */
export interface Said {
  readonly code: number;
  readonly text: string;
}

/** Milliseconds between two tries. */
const pause = 1_000;
/** What a shell gives for a program that is not there. */
const notFound = 127;

function run(command: CommandLine, stdio: StdioOptions): Promise<Said> {
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

/** Runs a program and keeps what it says. */
export function listen(command: CommandLine): Promise<Said> {
  return run(command, ["ignore", "pipe", "pipe"]);
}

/** Runs a program that speaks to the person itself, and gives its exit code. */
export async function show(command: CommandLine): Promise<number> {
  const { code, text } = await run(command, ["ignore", "inherit", "inherit"]);
  if (code === notFound) throw failed({ kind: "run", command }, { code, text });
  return code;
}

function failed(step: Step, said: Said): AgentError {
  const what = step.kind === "run" ? commandText(step.command) : `${step.kind} ${step.path}`;
  const denied = said.code === 5 ||
    /denied|EACCES|EPERM|not permitted|authentication required/i.test(said.text);
  return new AgentError(`This did not work: ${what}: ${said.text || `exit code ${said.code}`}`, {
    hint: denied
      ? "Run the command as administrator (on Linux and macOS, with sudo)."
      : "Mend what it says, then run the command again: what is done already is done no harm.",
  });
}

async function performRun(step: RunStep): Promise<void> {
  const { command, when, unless, tries = 1, mayFail = false } = step;
  if (when !== undefined && (await listen(when)).code !== 0) return;
  if (unless !== undefined && (await listen(unless)).code === 0) return;
  for (let attempt = 1;; attempt++) {
    const said = await listen(command);
    if (said.code === 0 || mayFail) return;
    if (attempt >= tries) throw failed(step, said);
    await new Promise((resolve) => setTimeout(resolve, pause));
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

async function performOne(step: Step): Promise<void> {
  if (step.kind === "run") return await performRun(step);
  try {
    if (step.kind === "write") return write(step);
    if (step.kind === "remove") return rmSync(step.path, { force: true });
    mkdirSync(step.path, { recursive: true, mode: step.mode });
    chmodSync(step.path, step.mode);
  } catch (error) {
    throw failed(step, { code: 1, text: messageOf(error) });
  }
}

/**
 * Performs steps in their order.
 *
 * @param onStep Told of each before it is done.
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
