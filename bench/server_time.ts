/**
 * What a PostgreSQL of the benchmark takes: processor time of all of its processes, and blocks that it read.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Postgres } from "../test/support/postgres.ts";

/** Ticks of a second, as Linux counts them for programs. */
const ticks = 100;

/** The fields of `/proc/PID/stat` after the name, which may have spaces. */
function readStat(pid: number | string): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

/** Processor seconds of the server until now, with those of sessions that have ended. */
export function serverSeconds({ socket }: Pick<Postgres, "socket">): number {
  const [pid = ""] = readFileSync(join(socket, "data", "postmaster.pid"), "utf8").split("\n");
  const own = readStat(pid)?.slice(11, 15) ?? [];
  let sum = own.reduce((total, each) => total + Number(each), 0);
  for (const name of readdirSync("/proc").filter((each) => /^\d+$/.test(each))) {
    const stat = readStat(name);
    if (stat?.[1] === pid) sum += Number(stat[11]) + Number(stat[12]);
  }
  return sum / ticks;
}

/** What some work took. */
export interface Spent {
  readonly seconds: number;
  /** Processor seconds of the server. */
  readonly server: number;
  /** Processor seconds of this process. */
  readonly client: number;
}

/** Does some work and tells what it took. */
export async function spend(server: Postgres, work: () => Promise<unknown>): Promise<Spent> {
  const [began, before, own] = [performance.now(), serverSeconds(server), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(own);
  return {
    seconds: (performance.now() - began) / 1000,
    server: serverSeconds(server) - before,
    client: (user + system) / 1e6,
  };
}
