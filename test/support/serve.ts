/**
 * `agent serve` for tests: the compiled program, listening on a free port of its own.
 *
 * @module
 */
import type { Subprocess } from "bun";
import { binaryPath } from "./binary.ts";
import type { Workspace } from "./workspace.ts";

/** A listener at work. */
export interface Listener {
  readonly url: string;
  /** What it printed when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  readonly child: Subprocess<"ignore", "pipe", "pipe">;
  /** What it has logged so far. */
  readonly log: () => string;
  /** Posts a body to a path. */
  post(path: string, body: string, init?: BunFetchRequestInit): Promise<Response>;
  /** Waits until something holds; fails with the log when it never does. */
  until(what: string, holds: () => boolean, ms?: number): Promise<void>;
  /** Ends it by a signal; gives its exit code. */
  end(signal?: NodeJS.Signals): Promise<number>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How a listener is started. */
export interface ListenOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Port to listen on; a free one when absent. */
  readonly port?: number;
}

/** Starts a listener in a workspace that has a config.ini, and waits until it listens. */
export async function listen(
  place: Workspace,
  words: readonly string[] = [],
  { env = {}, port = 0 }: ListenOptions = {},
): Promise<Listener> {
  const child = Bun.spawn(
    [await binaryPath(), "serve", "--port", String(port), "--output", "json", ...words],
    {
      cwd: place.folder,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      env: { ...process.env, ...env },
    },
  );
  let text = "";
  const reading = gather(child.stderr, (more) => text += more);
  const { value } = await child.stdout.getReader().read();
  const ready = JSON.parse(new TextDecoder().decode(value) || "{}") as { url?: string };
  const { url } = ready;
  if (url === undefined) {
    await reading;
    throw new Error(`agent serve did not listen: ${await child.exited}\n${text}`);
  }
  async function end(signal: NodeJS.Signals = "SIGTERM"): Promise<number> {
    child.kill(signal);
    const code = await child.exited;
    await reading;
    return code;
  }
  return {
    url,
    ready,
    child,
    log: () => text,
    post: (path, body, init = {}) => fetch(url + path, { method: "POST", body, ...init }),
    async until(what, holds, ms = 15_000) {
      const deadline = Date.now() + ms;
      while (!holds()) {
        if (Date.now() > deadline) throw new Error(`Not within ${ms} ms: ${what}\n${text}`);
        await Bun.sleep(20);
      }
    },
    end,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) await end("SIGKILL");
    },
  };
}

async function gather(
  stream: ReadableStream<Uint8Array>,
  take: (text: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) take(decoder.decode(chunk, { stream: true }));
}
