/**
 * What remembering, comparing and guarding cost: uploads and a plan of the same CSV rows, with the size
 * of the state file.
 *
 * @module
 */
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { csvFile, folder, iniFile } from "./data.ts";
import { startStandIn, token, watchPeak } from "./throughput.ts";

const state = join(folder, "delta.sqlite");

/** One step: what is run, with which options of the section. */
interface Step {
  readonly label: string;
  readonly command: "upload" | "plan";
  readonly options: string;
}

const steps: readonly Step[] = [
  { label: "first upload, nothing remembered", command: "upload", options: "remember = off" },
  { label: "first upload", command: "upload", options: "" },
  { label: "again, guard off", command: "upload", options: "guard = off" },
  { label: "again, guard on, compared first", command: "upload", options: "" },
  { label: "again, guard on", command: "upload", options: "" },
  { label: "only_changed", command: "upload", options: "guard = off\nonly_changed = on" },
  { label: "only_changed, guard on", command: "upload", options: "only_changed = on" },
  { label: "plan", command: "plan", options: "" },
];

async function measureStep(binary: string, ini: string, rows: number, { label, command }: Step) {
  const own = command === "upload" ? ["--singleton", "0", "--log-dir", "none"] : ["--csv"];
  const words = [command, "csv_assets", "--ini", ini, "--state", state, "--quiet", ...own];
  const begun = performance.now();
  const child = Bun.spawn([binary, ...words], { stdout: "pipe", stderr: "ignore" });
  const peak = watchPeak(child.pid);
  const text = await new Response(child.stdout).text();
  const exit = await child.exited;
  const seconds = (performance.now() - begun) / 1000;
  if (exit !== 0) throw new Error(`${label}: exit ${exit}: ${text}`);
  const cpu = Number(child.resourceUsage()?.cpuTime.total ?? 0) / rows;
  const size = statSync(state).size / 1e6;
  console.log(
    `delta: ${rows} rows, ${label}: ${seconds.toFixed(1)} s, ${
      cpu.toFixed(1)
    } µs of CPU a record, ` +
      `peak ${Math.round(peak())} MB, state file ${Math.round(size)} MB`,
  );
}

/** Measures each step once, one after the other. */
export async function measureDelta(binary: string, rows: number): Promise<void> {
  const csv = await csvFile(rows);
  for (const suffix of ["", "-wal", "-shm"]) rmSync(state + suffix, { force: true });
  const { child, url } = await startStandIn("counts");
  const ini = iniFile(csv, url, token);
  const text = readFileSync(ini, "utf8");
  for (const step of steps) {
    writeFileSync(ini, text.replace("[csv_assets]", `[csv_assets]\n${step.options}`));
    await measureStep(binary, ini, rows, step);
  }
  child.kill();
}
