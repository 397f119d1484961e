/**
 * A Wine that can run Bun's Windows executables: a throw-away prefix that claims to be Windows 10
 * and has the one library that Wine 8 lacks.
 *
 * @module
 */
import type { Subprocess } from "bun";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const wine = "/usr/lib/wine/wine64";
const server = "/usr/lib/wine/wineserver64";
const compiler = "x86_64-w64-mingw32-gcc";
const shim = join(import.meta.dir, "bcryptprimitives.c");

/** How a Windows program ended. */
export interface WineResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A prepared Wine. */
export interface Wine {
  /** A folder for the programs' files; goes away with {@linkcode Wine.close}. */
  readonly folder: string;
  /**
   * Runs a Windows program in {@linkcode Wine.folder}; throws when it takes longer than
   * `timeoutMs` (60,000 when absent).
   */
  run(command: readonly string[], options?: WineOptions): Promise<WineResult>;
  /** Stops Wine's background processes and removes all files. */
  close(): Promise<void>;
}

/** How one program is run. */
export interface WineOptions {
  /** Set on top of what Wine needs; nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** The working directory, {@linkcode Wine.folder} when absent. */
  readonly cwd?: string;
}

/** Makes a new prefix, in some ten seconds. Throws when Wine or the C compiler is not installed. */
export async function openWine(): Promise<Wine> {
  if (!existsSync(wine) || Bun.which(compiler) === null) {
    throw new Error(
      "Wine or its C compiler is missing. On Debian: " +
        "apt-get install wine wine64 gcc-mingw-w64-x86-64-win32",
    );
  }
  const home = mkdtempSync(join(tmpdir(), "agent-wine-"));
  const opened = new WinePrefix(home);
  try {
    await opened.prepare();
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** The path of a file as Windows programs under Wine see it. */
export function windowsPath(path: string): string {
  return `Z:${path.replaceAll("/", "\\")}`;
}

class WinePrefix implements Wine {
  readonly folder: string;
  readonly #home: string;
  #runs = 0;
  #company: Subprocess | undefined;

  constructor(home: string) {
    this.#home = home;
    this.folder = join(home, "files");
  }

  async prepare(): Promise<void> {
    mkdirSync(this.folder);
    mkdirSync(join(this.#home, "prefix"));
    await this.#mustRun([wine, "wineboot", "--init"], 180_000);
    // Of its own accord the server ends a moment after the last program, and one that starts just then
    // fails. A server that persists keeps no services; a program that stays keeps both.
    await this.#mustRun([server, "--wait"], 60_000);
    this.#company = this.#start([wine, ...company], join(this.#home, "company"));
    const library = join(this.#home, "prefix/drive_c/windows/system32/bcryptprimitives.dll");
    await this.#mustRun([compiler, "-shared", "-O2", "-o", library, shim, "-ladvapi32"], 60_000);
    const version = ["/v", "Version", "/d", "win10", "/f"];
    await this.#mustRun([wine, "reg", "add", "HKCU\\Software\\Wine", ...version], 60_000);
  }

  run(command: readonly string[], options: WineOptions = {}): Promise<WineResult> {
    return this.#spawn([wine, ...command], options);
  }

  async close(): Promise<void> {
    if (existsSync(server)) {
      await this.#spawn([server, "--kill"], { timeoutMs: 60_000 });
      // Its socket is named after the inode of the prefix, which the next prefix may get.
      await this.#spawn([server, "--wait"], { timeoutMs: 60_000 });
    }
    await this.#company?.exited;
    rmSync(this.#home, { recursive: true, force: true });
  }

  async #mustRun(command: readonly string[], timeoutMs: number): Promise<void> {
    const { code, stdout, stderr } = await this.#spawn(command, { timeoutMs });
    if (code !== 0) throw new Error(`${command.join(" ")} failed (${code}).\n${stdout}${stderr}`);
  }

  #start(command: readonly string[], output: string, options: WineOptions = {}): Subprocess {
    const { cwd = this.folder, env, timeoutMs } = options;
    return Bun.spawn([...command], {
      cwd,
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: this.#home,
        WINEPREFIX: join(this.#home, "prefix"),
        WINEARCH: "win64",
        WINEDEBUG: "-all",
        ...env,
      },
      stdin: "ignore",
      stdout: Bun.file(`${output}.out`),
      stderr: Bun.file(`${output}.err`),
      ...timeoutMs === undefined ? {} : { timeout: timeoutMs, killSignal: "SIGKILL" as const },
    });
  }

  /** Output goes to files: Wine's own processes stay and would hold a pipe open for ever. */
  async #spawn(command: readonly string[], options: WineOptions): Promise<WineResult> {
    const output = join(this.#home, `run-${++this.#runs}`);
    const limit = options.timeoutMs ?? 60_000;
    const started = performance.now();
    const child = this.#start(command, output, { ...options, timeoutMs: limit });
    const code = await child.exited;
    const [stdout, stderr] = [`${output}.out`, `${output}.err`].map(readIfThere);
    if (performance.now() - started >= limit) {
      throw new Error(`${command.join(" ")} took longer than ${limit} ms.\n${stdout}${stderr}`);
    }
    return { code, stdout: stdout ?? "", stderr: stderr ?? "" };
  }
}

/** Stays until the server is killed. */
const company = ["ping", "-n", "1000000", "127.0.0.1"];

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
