/**
 * The compiled agent for tests: built once for each state of the source, and run like a person
 * would run it.
 *
 * @module
 */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { compileAgent, root } from "../../scripts/binary/compile.ts";
import { hostTarget } from "../../scripts/binary/targets.ts";

export { root };

const folder = join(root, "build");
const program = process.platform === "win32" ? "agent.exe" : "agent";
/** All that decides what the binary is. */
const ingredients = ["src", "converters", "assets", "scripts/binary"]
  .concat("package.json", "package-lock.json");

/** How {@linkcode runBinary} runs the agent. */
export interface RunOptions {
  /** Another program than the one of {@linkcode binaryPath}: a copy, or a build of its own. */
  readonly program?: string;
  /** Working directory; the repository when absent. */
  readonly cwd?: string;
  /** Set on top of the few variables every program needs; nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input; closed at once when absent. */
  readonly input?: string;
  /** Killed after so many milliseconds, which is an error; 30,000 when absent. */
  readonly timeoutMs?: number;
}

/** What a run of the agent left behind. */
export interface RunResult {
  /** Exit code. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** How long it took, in milliseconds. */
  readonly ms: number;
}

/**
 * Path of the agent compiled from the source as it is now. The first caller builds, which takes
 * some seconds; parallel test files wait for it. Call it at the top of a test file
 * (`const agent = await binaryPath()`), where no test's time limit runs.
 */
export async function binaryPath(): Promise<string> {
  for (let attempt = 1;; attempt++) {
    const state = sourceState();
    const home = join(folder, `agent-${state}`);
    const path = join(home, program);
    if (existsSync(path)) return path;
    await underLock(`${home}.lock`, () => build(home, path));
    if (sourceState() === state) return path;
    rmSync(home, { recursive: true, force: true }); // built from a mixture of two states
    if (attempt === 3) throw new Error("The source keeps changing while the agent is compiled.");
  }
}

/** Runs the compiled agent to its end; throws when it takes longer than allowed. */
export async function runBinary(
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const path = options.program ?? await binaryPath();
  const started = performance.now();
  const child = Bun.spawn([path, ...args], {
    cwd: options.cwd ?? root,
    env: { ...plainEnvironment(), ...options.env },
    stdin: options.input === undefined ? "ignore" : new TextEncoder().encode(options.input),
    stdout: "pipe",
    stderr: "pipe",
  });
  const limit = options.timeoutMs ?? 30_000;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, limit);
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  clearTimeout(timer);
  if (late) {
    throw new Error(`agent ${args.join(" ")} ran longer than ${limit} ms.\n${stdout}${stderr}`);
  }
  return { code, stdout, stderr, ms: performance.now() - started };
}

/** No test leaves log files beside the program: who starts it another way passes `env: process.env`. */
process.env.LOGS_DIRECTORY = "none";

/** The variables a program needs to run at all, so that this machine's others change no test. */
export function plainEnvironment(): Record<string, string> {
  const names = ["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SystemRoot", "USERPROFILE", "APPDATA"]
    .concat("LOGS_DIRECTORY");
  const kept = names.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(kept);
}

async function build(home: string, path: string): Promise<void> {
  if (existsSync(path)) return;
  const scratch = `${home}.${process.pid}`;
  await compileAgent({
    target: hostTarget(),
    outfile: join(scratch, program),
    version: manifest.version,
    commit: "test",
  });
  renameSync(scratch, home);
  removeOldBuilds();
}

async function underLock(lock: string, work: () => Promise<void>): Promise<void> {
  mkdirSync(folder, { recursive: true });
  while (!takeLock(lock)) await Bun.sleep(100);
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Takes the lock, also from a process that died with it. */
function takeLock(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (!isFileError(error, "EEXIST")) throw error;
  }
  if (!holderIsGone(lock)) return false;
  rmSync(lock, { force: true });
  return false;
}

function holderIsGone(lock: string): boolean {
  try {
    const holder = Number(readFileSync(lock, "utf8"));
    if (holder === 0) return Date.now() - statSync(lock).mtimeMs > 5_000; // not yet written
    process.kill(holder, 0);
    return false;
  } catch (error) {
    return isFileError(error, "ESRCH");
  }
}

function isFileError(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** Keeps the three newest builds and whatever a run of the last hour may still use. */
function removeOldBuilds(): void {
  const made = readdirSync(folder)
    .filter((name) => /^(agent|base)-/.test(name))
    .map((name) => join(folder, name))
    .map((path) => ({ path, born: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.born - a.born);
  for (const { path, born } of made.slice(3)) {
    if (Date.now() - born > 3_600_000) rmSync(path, { recursive: true, force: true });
  }
}

function sourceState(): string {
  const hash = createHash("sha256").update(`${Bun.version} ${process.platform} ${process.arch}`);
  for (const path of ingredients.flatMap(filesUnder).sort()) {
    hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
  }
  return hash.digest("hex").slice(0, 16);
}

function filesUnder(path: string): string[] {
  const absolute = join(root, path);
  if (!existsSync(absolute)) return [];
  if (!statSync(absolute).isDirectory()) return [path];
  return readdirSync(absolute).flatMap((name) => filesUnder(`${path}/${name}`));
}
