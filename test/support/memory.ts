/**
 * How much memory an agent with a process of its own takes.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import type { RunningAgent } from "./agent.ts";

/**
 * The most memory that a process has had until now, in bytes; 0 when it is gone. What the system reports
 * after its end also counts the memory of the process that it was forked from.
 */
export function peakMemory(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Watches an agent to its end; without a process of its own its memory cannot be measured. */
export function watchMemory({ pid, ended }: RunningAgent): { readonly peakBytes: () => number } {
  let peak = 0;
  if (pid !== undefined) {
    const look = () => void (peak = Math.max(peak, peakMemory(pid)));
    const timer = setInterval(look, 10);
    const stop = () => clearInterval(timer);
    ended.then(stop, stop);
  }
  return { peakBytes: () => pid === undefined ? Number.NaN : peak };
}
