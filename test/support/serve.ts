/**
 * `agent serve` for tests, listening on a free port of its own.
 *
 * @module
 */
import { type RunningAgent, startAgent, type StartOptions } from "./agent.ts";
import type { Workspace } from "./workspace.ts";

/** A listener at work. */
export interface Listener extends Pick<RunningAgent, "stop" | "kill" | "reload" | "hasEnded"> {
  readonly url: string;
  /** The line that it printed when it listened. */
  readonly ready: string;
  /** What it has logged so far. */
  readonly log: () => string;
  /** Posts a body to a path. */
  post(path: string, body: string, init?: BunFetchRequestInit): Promise<Response>;
  /** Waits until something holds; fails with the log when it never does. */
  until(what: string, holds: () => boolean, ms?: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How a listener is started. */
export interface ListenOptions extends Pick<StartOptions, "env" | "ownProcess"> {
  /** Port to listen on; a free one when absent. */
  readonly port?: number;
}

/** Starts a listener in a workspace that has a config.ini, and waits until it listens. */
export async function listen(
  space: Workspace,
  words: readonly string[] = [],
  { env = {}, ownProcess = false, port = 0 }: ListenOptions = {},
): Promise<Listener> {
  const agent = await startAgent(
    ["serve", "--port", String(port), "--output", "json", ...words],
    { cwd: space.folder, env, ownProcess },
  );
  const { url, text } = await listeningAt(agent);
  if (url === undefined) throw new Error(`agent serve did not listen: ${text}\n${agent.stderr()}`);
  return {
    ...agent,
    url,
    ready: text,
    log: agent.stderr,
    post: (path, body, init = {}) => fetch(url + path, { method: "POST", body, ...init }),
    async until(what, holds, ms = 30_000) {
      const deadline = Date.now() + ms;
      while (!holds()) {
        if (Date.now() > deadline) {
          throw new Error(`Not within ${ms} ms: ${what}\n${agent.stderr()}`);
        }
        await Bun.sleep(5);
      }
    },
    async [Symbol.asyncDispose]() {
      if (ownProcess) await agent.kill();
      else await agent.stop();
    },
  };
}

/** The address that an agent prints once it listens; none when it ended before. */
async function listeningAt(agent: RunningAgent): Promise<{ url?: string; text: string }> {
  while (!agent.hasEnded() && !agent.stdout().includes("\n")) await Bun.sleep(2);
  const text = agent.stdout();
  return text.includes("\n") ? { ...JSON.parse(text) as { url?: string }, text } : { text };
}
