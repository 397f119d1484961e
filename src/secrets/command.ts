/**
 * Secrets that a program prints: `${command:…}`, run by the shell.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { AgentError } from "../base/errors.ts";
import type { SecretRun, SecretStore } from "./store.ts";
import { withoutNewline } from "./text_file.ts";

/** Milliseconds that a command may take. */
const commandTimeoutMs = 60_000;
/** Bytes that it may print. */
const maxOutputBytes = 1024 * 1024;

/** Variables that would make a program like this one run foreign code are not for others either. */
function childEnvironment({ env }: SecretRun): Record<string, string> {
  const { BUN_OPTIONS: _options, BUN_BE_BUN: _be, ...rest } = env;
  return Object.fromEntries(
    Object.entries(rest).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Ends the shell and what it started. */
function end(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill("SIGKILL");
    else process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has just ended by itself.
  }
}

// What the command says on standard error may hold secrets that nobody knows yet, so it is not shown.
const advice = "Run the command by hand, as the account that runs the agent, to see its output";

/** How a command ended. */
interface Ending {
  readonly text: string;
  /** Why there is no secret, if so. */
  readonly problem?: string;
}

function describeExit(code: number | null, signal: string | null): string | undefined {
  if (code === 0) return undefined;
  return code === null
    ? `the command was killed by ${signal}`
    : `the command ended with exit code ${code}`;
}

function execute(command: string, run: SecretRun): Promise<Ending> {
  return new Promise((resolve) => {
    const child = spawn(command, {
      shell: true,
      env: childEnvironment(run),
      cwd: run.directory,
      stdio: ["ignore", "pipe", "ignore"],
      // A group of its own, so that all of it can be ended.
      detached: process.platform !== "win32",
      windowsHide: true,
    });
    const parts: Uint8Array[] = [];
    let length = 0;
    let problem: string | undefined;
    function stop(why: string): void {
      problem ??= why;
      end(child);
    }
    const timer = setTimeout(
      () => stop(`the command took longer than ${commandTimeoutMs / 1000} s`),
      commandTimeoutMs,
    );
    const abort = () => stop("the run was stopped");
    run.signal.addEventListener("abort", abort, { once: true });
    child.stdout?.on("data", (part: Uint8Array) => {
      parts.push(part);
      length += part.length;
      if (length > maxOutputBytes) stop("the command printed more than 1 MiB");
    });
    function finish(why: string | undefined): void {
      clearTimeout(timer);
      run.signal.removeEventListener("abort", abort);
      const text = Buffer.concat(parts).toString("utf8");
      resolve(why === undefined ? { text } : { text: "", problem: why });
    }
    child.on("error", () => finish(problem ?? "there is no shell to run the command"));
    child.on("close", (code, signal) => finish(problem ?? describeExit(code, signal)));
  });
}

/** Takes what a command prints. */
export const command: SecretStore = {
  name: "command",
  form: "${command:…}",
  async read(target, _place, run) {
    const { text, problem } = await execute(target, run);
    if (problem !== undefined) throw new AgentError(problem, { hint: advice });
    return withoutNewline(text);
  },
};
