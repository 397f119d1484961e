/**
 * Starting a stand-in in a process of its own.
 *
 * @module
 */
import type { Subprocess } from "bun";
import { join } from "node:path";
import type { StandInOptions } from "./mod.ts";

/** A stand-in in a process of its own, which whoever started it must kill. */
export interface StandInProcess {
  readonly child: Subprocess<"ignore", "pipe", "inherit">;
  readonly url: string;
  readonly token: string;
}

/** Starts a stand-in and waits until it listens. */
export async function spawnStandIn(options: StandInOptions): Promise<StandInProcess> {
  const script = join(import.meta.dir, "server.ts");
  const child = Bun.spawn([process.execPath, script, JSON.stringify(options)], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await child.stdout.getReader().read();
  if (value === undefined) throw new Error("The stand-in did not start.");
  return { child, ...JSON.parse(new TextDecoder().decode(value)) };
}
