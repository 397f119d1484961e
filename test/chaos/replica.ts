/**
 * One `agent serve` that is killed, stopped and started again, always on the same port.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { plainEnvironment } from "../support/binary.ts";
import { freePort } from "../support/ports.ts";

/** What a replica is started with. */
export interface ReplicaOptions {
  readonly program: string;
  /** Folder of its own, with its config.ini. */
  readonly folder: string;
  readonly words: readonly string[];
}

/** Milliseconds after which one that ended by itself is started again. */
const restartMs = 500;

export class Replica {
  readonly #options: ReplicaOptions;
  readonly port: number;
  #child: Bun.Subprocess | undefined;
  /** Whether it is to be started again when it ends by itself, as a service manager does. */
  #isWanted = false;
  /** How often it ended by itself. */
  ends = 0;
  /** Whether somebody is killing, stopping or cutting it off at the moment. */
  isBusy = false;

  private constructor(options: ReplicaOptions, port: number) {
    this.#options = options;
    this.port = port;
  }

  /** A replica that is not started yet. */
  static async create(options: ReplicaOptions): Promise<Replica> {
    return new Replica(options, await freePort());
  }

  /** Its folder, with its config.ini. */
  get folder(): string {
    return this.#options.folder;
  }

  /** The id of its process. */
  get process(): number | undefined {
    return this.#child?.pid;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Its log since the beginning, of all its lives. */
  get log(): string {
    return readFileSync(this.#logFile, "utf8");
  }

  /** Starts the process, without waiting until it answers. */
  start(): void {
    const { program, folder, words } = this.#options;
    this.#isWanted = true;
    const child = Bun.spawn(
      [
        "sh",
        "-c",
        'exec "$0" "$@" 2>>log.txt',
        program,
        "serve",
        "--port",
        String(this.port),
        ...words,
      ],
      {
        cwd: folder,
        env: plainEnvironment(),
        stdin: "ignore",
        stdout: "ignore",
        stderr: "ignore",
      },
    );
    this.#child = child;
    void this.#startAgain(child);
  }

  async #startAgain(child: Bun.Subprocess): Promise<void> {
    await child.exited;
    await Bun.sleep(restartMs);
    if (!this.#isWanted || this.#child !== child) return;
    this.ends++;
    this.start();
  }

  /** Waits until it answers. */
  ready(ms = 60_000): Promise<void> {
    return this.#until("/healthz", ms);
  }

  /** Waits until it takes events. */
  takesEvents(ms = 60_000): Promise<void> {
    return this.#until("/readyz", ms);
  }

  /** The sum of all values of a metric. */
  async sum(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const values = text.matchAll(new RegExp(`^${name}(?:{.*})? (\\S+)$`, "gm"));
    return [...values].reduce((sum, [_line, value]) => sum + Number(value), 0);
  }

  async #until(path: string, ms: number): Promise<void> {
    const deadline = Date.now() + ms;
    while (!await this.#answers(path)) {
      if (Date.now() > deadline) throw new Error(`A replica does not answer:\n${this.log}`);
      if (!this.#isWanted) this.start();
      await Bun.sleep(20);
    }
  }

  /** Ends it as a machine does that fails. */
  async kill(): Promise<void> {
    this.#isWanted = false;
    this.#child?.kill("SIGKILL");
    await this.#child?.exited;
  }

  /** Ends it in good order; gives its exit code. */
  async end(): Promise<number> {
    this.#isWanted = false;
    this.#child?.kill("SIGTERM");
    return await this.#child?.exited ?? 0;
  }

  /** Has it stand still. */
  stop(): void {
    this.#child?.kill("SIGSTOP");
  }

  /** Has it go on. */
  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  get #logFile(): string {
    return join(this.#options.folder, "log.txt");
  }

  async #answers(path: string): Promise<boolean> {
    try {
      const signal = AbortSignal.timeout(2000);
      return (await fetch(this.url + path, { signal })).ok;
    } catch {
      return false;
    }
  }
}
