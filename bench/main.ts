/**
 * `npm run bench`: throughput, memory and start-up of the compiled binary, each beside a reference.
 *
 * `npm run bench -- [NAME…] [--rounds N] [--against PROGRAM] [--size N]`. Names choose groups: `start-up`, `upload`,
 * `delta`, `user-code`, `parallel`, `jamf`, `webhook`, `sandbox`; `memory`, `history`, `postgres`, `move`, `scale`,
 * `records` and `schedules` run only when they are named; `--size N` is how many of the last two. With the program of
 * an earlier build, both are measured in turn, and what moved by more than 5 % is listed.
 *
 * @module
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { binaryPath } from "../test/support/binary.ts";
import { measureHistory } from "./history.ts";
import { jamfRows } from "./jamf.ts";
import { memoryRows } from "./memory.ts";
import { measureMoves } from "./move.ts";
import { parallelRow } from "./parallel.ts";
import { startPostgresRow } from "./postgres.ts";
import { measureRecords } from "./records.ts";
import { measureIds } from "./records_ids.ts";
import { type Row, runRow } from "./row.ts";
import { measureScale } from "./scale.ts";
import { measureSchedules } from "./schedules.ts";
import { startCountingServer } from "./server.ts";
import { startUpRow } from "./start_up.ts";
import { deltaRows, measureServer, uploadRows, userCodeRows } from "./uploads.ts";
import { measureWebhook } from "./webhook.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    against: { type: "string" },
    size: { type: "string" },
  },
});
const rare = ["memory", "history", "postgres", "move", "scale", "records", "schedules"];
const groups = [
  "start-up",
  "upload",
  "delta",
  "user-code",
  "parallel",
  "jamf",
  "webhook",
  "sandbox",
]
  .concat(rare);
const unknown = positionals.find((name) => !groups.includes(name));
if (unknown !== undefined) throw new Error(`${unknown} is none of ${groups.join(", ")}`);
function isChosen(name: string): boolean {
  return positionals.length === 0 ? !rare.includes(name) : positionals.includes(name);
}

const program = await binaryPath();
const against = values.against === undefined ? undefined : resolve(values.against);
const settings = { program, against, rounds: Number(values.rounds) };
const server = await startCountingServer("BARCODE");
const rows: Row[] = [];
if (isChosen("start-up")) rows.push(startUpRow());
if (isChosen("upload")) {
  await measureServer(server, program);
  rows.push(...uploadRows(server));
}
if (isChosen("delta")) rows.push(...deltaRows(server));
if (isChosen("user-code")) rows.push(...userCodeRows(server));
if (isChosen("parallel")) rows.push(parallelRow);
if (isChosen("jamf")) rows.push(...jamfRows);
if (isChosen("memory")) rows.push(...memoryRows);
const moved: string[] = [];
try {
  for (const row of rows) moved.push(...await runRow(row, settings));
} finally {
  // Otherwise it goes on, and with it whoever reads what is printed.
  server.stop();
}
if (isChosen("webhook")) {
  const programs = against === undefined ? [program] : [program, against];
  await measureWebhook(programs, 20_000, settings.rounds);
}
if (isChosen("sandbox")) await import("./sandbox.ts");
if (positionals.includes("history")) {
  await measureHistory(settings, { sections: 300, runs: 1000, answers: 20_000 }, 20);
}
if (positionals.includes("postgres")) {
  // Its state is this checkout's: there is nothing to compare builds with.
  const { row, stop } = await startPostgresRow();
  try {
    await runRow(row, { ...settings, against: undefined });
  } finally {
    await stop();
  }
}
if (positionals.includes("move")) await measureMoves(1_000_000);
if (positionals.includes("scale")) await measureScale(settings);
if (positionals.includes("records")) {
  await measureIds(settings.rounds);
  await measureRecords(Number(values.size ?? 400_000));
}
if (positionals.includes("schedules")) await measureSchedules(Number(values.size ?? 600));
if (against !== undefined) {
  console.log(
    moved.length === 0
      ? "Nothing moved by more than 5 %."
      : `Moved by more than 5 %:\n  ${moved.join("\n  ")}`,
  );
}
