/**
 * Starts the counting server, and shows how much it can take.
 *
 * @module
 */
import { join } from "node:path";
import type { Count } from "./counting_server.ts";

/** A counting server at work. */
export interface CountingServer {
  readonly url: string;
  /** Begins to count anew; on request it keeps the bodies. */
  reset(keepsBodies?: boolean): Promise<void>;
  count(): Promise<Count>;
  /** What {@linkcode reset} had it keep, for the bare loop. */
  bodies(): Promise<Uint8Array<ArrayBuffer>>;
  stop(): void;
}

/** The token that the agent is configured with; the server takes any. */
export const token = "token-of-the-benchmark";

/** Starts a script that prints `{"url": …}` once it listens. */
export async function spawnServer(script: string, words: readonly string[]) {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, script), ...words], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await child.stdout.getReader().read();
  if (value === undefined) throw new Error(`${script} did not start`);
  const { url } = JSON.parse(new TextDecoder().decode(value)) as { url: string };
  return { url, child };
}

/** Starts a server that counts records by a field that each of them has once. */
export async function startCountingServer(field: string): Promise<CountingServer> {
  const { url, child } = await spawnServer("counting_server.ts", [field]);
  return {
    url,
    async reset(keepsBodies = false) {
      await fetch(`${url}/reset${keepsBodies ? "?bodies" : ""}`, { method: "POST" });
    },
    count: async () => await (await fetch(`${url}/count`)).json() as Count,
    bodies: async () => new Uint8Array(await (await fetch(`${url}/bodies`)).arrayBuffer()),
    stop: () => child.kill(),
  };
}
