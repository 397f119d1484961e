/**
 * Kills a PostgreSQL with all its processes, as a machine that fails does to it.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Postgres } from "../support/postgres.ts";

function parentOf(pid: string): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

/** Ends the server with SIGKILL, its children too, and waits until they are gone. */
export async function killDatabase({ socket }: Postgres): Promise<void> {
  const file = join(socket, "data", "postmaster.pid");
  const master = Number(readFileSync(file, "utf8").split("\n")[0]);
  const children = childrenOf(master);
  // First the one that would begin others in place of those that ended.
  kill(master);
  for (const child of children) kill(child);
  while ([master, ...children].some((pid) => existsSync(`/proc/${pid}`))) await Bun.sleep(5);
  // It would be taken for a server that runs when it is stopped at the end.
  rmSync(file);
}
