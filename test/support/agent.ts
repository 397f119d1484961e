/**
 * The agent for tests of its command line: in this process, which is quick and names lines of code when
 * it fails, or as the compiled program when `AGENT_TEST=binary` is set, as the full gate does.
 *
 * What needs a process of its own (signals, kills, memory, a terminal, the program's own path) asks
 * `binary.ts` for the compiled program.
 *
 * @module
 */
import type { Subprocess } from "bun";
import { AgentError } from "../../src/base/errors.ts";
import { runProgram } from "../../src/cli/program.ts";
import { binaryPath, plainEnvironment, root, type RunOptions, type RunResult } from "./binary.ts";

/** How tests drive the command line. */
export const agentIsBinary: boolean = process.env.AGENT_TEST === "binary";

// Compiled here, where no test's time limit runs.
if (agentIsBinary) await binaryPath();

/** Variables that a process reads itself, at its start or in its libraries: they need one of their own. */
const ofProcess = [
  ...["TZ", "TMPDIR", "LANG", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"],
  ...["KRB5_CONFIG", "KRB5CCNAME"],
  ...["DBUS_SESSION_BUS_ADDRESS", "NODE_TLS_REJECT_UNAUTHORIZED", "BUN_OPTIONS"],
];

/** How {@linkcode startAgent} starts the agent. */
export interface StartOptions extends Pick<RunOptions, "cwd" | "env" | "input"> {
  /** Whether it is to be killed, or looked at from outside. */
  readonly ownProcess?: boolean;
}

/** An agent at work. */
export interface RunningAgent {
  /** Its process, when it has one of its own. */
  readonly pid: number | undefined;
  /** What it has written to standard output so far. */
  readonly stdout: () => string;
  /** The same of standard error. */
  readonly stderr: () => string;
  /** Tells it to end, as SIGTERM does; gives its exit code. */
  stop(): Promise<number>;
  /** Asks it to look at its files again, as SIGHUP does. */
  reload(): void;
  /** Kills its process, as SIGKILL does; needs one of its own. */
  kill(): Promise<number>;
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number>;
  readonly hasEnded: () => boolean;
}

/** Whether a promise has settled. */
function watch(ended: Promise<unknown>): () => boolean {
  let isOver = false;
  const note = () => void (isOver = true);
  ended.then(note, note);
  return () => isOver;
}

function needsProcess({ env = {}, ownProcess = false }: StartOptions): boolean {
  return agentIsBinary || ownProcess || ofProcess.some((name) => Object.hasOwn(env, name));
}

/** Starts the agent, in the folder `cwd` (the repository when absent). */
export async function startAgent(
  words: readonly string[],
  options: StartOptions = {},
): Promise<RunningAgent> {
  return needsProcess(options)
    ? startBinary(await binaryPath(), words, options)
    : startHere(words, options);
}

function startHere(words: readonly string[], options: StartOptions): RunningAgent {
  const stop = new AbortController();
  const written = { stdout: "", stderr: "" };
  const reloads: (() => void)[] = [];
  const ended = runProgram(words, {
    console: {
      print: (text) => void (written.stdout += `${text}\n`),
      note: (line) => void (written.stderr += `${line}\n`),
      status() {},
      isTerminal: false,
      isOutputTerminal: false,
      wantsColour: true,
    },
    input: { isTerminal: false, readAll: () => Promise.resolve(options.input ?? "") },
    env: { ...plainEnvironment(), ...options.env },
    directory: options.cwd ?? root,
    listenForStop: () => stop.signal,
    listenForReload: (reload) => void reloads.push(reload),
    // The test runner itself fails a test that leaves something uncaught.
    uncaught: () => new Promise(() => {}),
  });
  return {
    pid: undefined,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    ended,
    hasEnded: watch(ended),
    stop() {
      stop.abort(new AgentError("Stopped by SIGTERM"));
      return ended;
    },
    reload() {
      for (const reload of reloads) reload();
    },
    kill: () => Promise.reject(new Error("Only an agent with ownProcess can be killed.")),
  };
}

function startBinary(
  program: string,
  words: readonly string[],
  options: StartOptions,
): RunningAgent {
  const child = Bun.spawn([program, ...words], {
    cwd: options.cwd ?? root,
    env: { ...plainEnvironment(), ...options.env },
    stdin: options.input === undefined ? "ignore" : new TextEncoder().encode(options.input),
    stdout: "pipe",
    stderr: "pipe",
  });
  const written = { stdout: "", stderr: "" };
  const read = Promise.all([
    gather(child.stdout, (text) => written.stdout += text),
    gather(child.stderr, (text) => written.stderr += text),
  ]);
  const ended = endOf(child, read);
  return {
    pid: child.pid,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    ended,
    hasEnded: watch(ended),
    stop() {
      child.kill("SIGTERM");
      return ended;
    },
    reload: () => child.kill("SIGHUP"),
    kill() {
      child.kill("SIGKILL");
      return ended;
    },
  };
}

async function endOf(child: Subprocess, read: Promise<unknown>): Promise<number> {
  const code = await child.exited;
  await read;
  return code;
}

async function gather(
  stream: ReadableStream<Uint8Array>,
  take: (text: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) take(decoder.decode(chunk, { stream: true }));
}

/** Runs the agent to its end; throws when it takes longer than allowed. */
export async function runAgent(
  words: readonly string[],
  options: Omit<RunOptions, "program"> = {},
): Promise<RunResult> {
  const started = performance.now();
  const { timeoutMs = 60_000 } = options;
  const agent = await startAgent(words, options);
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const said = agent.stdout() + agent.stderr();
      reject(new Error(`agent ${words.join(" ")} ran longer than ${timeoutMs} ms.\n${said}`));
      void agent.stop();
    }, timeoutMs);
  });
  try {
    const code = await Promise.race([agent.ended, late]);
    const ms = performance.now() - started;
    return { code, stdout: agent.stdout(), stderr: agent.stderr(), ms };
  } finally {
    clearTimeout(timer);
  }
}
