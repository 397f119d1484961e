/**
 * How fast `version` answers, beside a compiled program that does nothing.
 *
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { folder } from "./data.ts";
import { median } from "./figures.ts";
import type { Row } from "./row.ts";

function emptyProgram(): string {
  mkdirSync(folder, { recursive: true });
  const source = join(folder, "empty.ts");
  const program = join(folder, "empty");
  writeFileSync(source, "export {};\n");
  const built = Bun.spawnSync([
    process.execPath,
    "build",
    "--compile",
    "--minify",
    "--bytecode",
    "--format=esm",
    `--outfile=${program}`,
    source,
  ]);
  if (built.exitCode !== 0) throw new Error(built.stderr.toString());
  return program;
}

/** The middle of some starts, in milliseconds. */
function timeStart(command: readonly string[]): number {
  return median(Array.from({ length: 9 }, () => {
    const begun = performance.now();
    Bun.spawnSync([...command]);
    return performance.now() - begun;
  }));
}

/** Starts of `version` in turn with those of an empty program. */
export function startUpRow(): Row {
  const empty = emptyProgram();
  return {
    name: "start-up: version",
    measure: (program) => Promise.resolve({ ms: timeStart([program, "version"]) }),
    reference: {
      name: "an empty program",
      measure: () => Promise.resolve({ ms: timeStart([empty]) }),
    },
  };
}
