/**
 * From what was measured to ten thousand tenants with a hundred million records and thirty thousand schedules.
 *
 * @module
 */
import { formatFigure } from "./figures.ts";

/** Gives the middle of a figure of a row. */
export type Measured = (row: string, unit: string) => number;

const records = 100_000_000;
const schedules = 30_000;
const nightSeconds = 6 * 3600;
const daySeconds = 24 * 3600;
const gigabyte = 1e9;
const peak = 2;
const sectionRate = 100;

function print(what: string, calculation: string, result: number, unit: string): void {
  console.log(`  ${what}: ${calculation} = ${formatFigure(result)} ${unit}`);
}

function printSizes(measured: Measured): void {
  const heap = measured("size", "bytes of a record");
  const index = measured("size", "bytes of its index entries");
  const each = `${formatFigure(heap)} + ${formatFigure(index)} bytes`;
  const size = records * (heap + index) / gigabyte;
  print("baseline", `100 M × (${each})`, size, "GB");
  print("baseline when all of it changed since the last vacuum", "twice that", 2 * size, "GB");
  const waiting = measured("outage", "bytes of a waiting record");
  print(
    "outbox after 24 h without Oomnitza",
    `100 M × ${formatFigure(waiting)} bytes`,
    records * waiting / gigabyte,
    "GB",
  );
}

function printWal(measured: Measured): void {
  const unchanged = measured("wal", "compared and unchanged");
  const changed = measured("wal", "changed and sent");
  const most = measured("wal", "changed and sent one batch at a time, after a checkpoint");
  for (const [name, share] of [["1 %", 0.01], ["100 %", 1]] as const) {
    const bytes = records * (share * changed + (1 - share) * unchanged);
    print(
      `WAL a day when ${name} changes`,
      `100 M × (${share} × ${formatFigure(changed)} + ${1 - share} × ${formatFigure(unchanged)})`,
      bytes / gigabyte,
      "GB",
    );
  }
  print(
    "WAL a day at most, all changed, in small groups and with full pages",
    `100 M × ${formatFigure(most)} bytes`,
    records * most / gigabyte,
    "GB",
  );
}

function printRates(measured: Measured): void {
  const needed = records / nightSeconds * peak;
  print("records/s that are needed", "100 M in 6 h, twice that at the peak", needed, "records/s");
  for (
    const unit of [
      "records through the outbox/s",
      "records taken in/s",
      "records compared/s",
    ]
  ) {
    const rate = measured("busy", unit);
    print(
      unit.replace("/s", ""),
      `${formatFigure(rate)}/s on this machine`,
      rate / needed,
      "times what is needed",
    );
  }
  print(
    "sections at work at the peak",
    `${formatFigure(needed)} records/s at ${sectionRate} a section`,
    needed / sectionRate,
    "sections",
  );
  const drained = measured("outage", "records drained/s");
  print(
    "after 24 h without Oomnitza, for the state alone",
    `100 M at ${formatFigure(drained)}/s`,
    records / drained / 3600,
    "h",
  );
}

function printStarts(measured: Measured): void {
  const rate = measured("starts", "starts/s");
  print(
    "30,000 schedules due in the same second, for the state alone",
    `30,000 at ${formatFigure(rate)}/s`,
    schedules / rate,
    "s",
  );
  const sections = records / nightSeconds * peak / sectionRate;
  const runSeconds = records / schedules / sectionRate;
  print(
    "the same, when so many sections send at a time",
    `30,000 × ${formatFigure(runSeconds)} s at ${formatFigure(sections)} at a time`,
    schedules * runSeconds / sections / 3600,
    "h until the last one begins",
  );
  print("starts of a day, spread", "30,000 in 24 h", schedules / daySeconds, "starts/s");
}

/** Prints how the whole follows from what was measured. */
export function printArithmetic(measured: Measured): void {
  console.log("10,000 tenants, 100 M records that are read once a day, 30,000 schedules");
  printSizes(measured);
  printWal(measured);
  printRates(measured);
  printStarts(measured);
}
