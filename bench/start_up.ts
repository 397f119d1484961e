/**
 * How fast `version` answers, beside a compiled program that does nothing.
 *
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { folder } from "./data.ts";
import { median } from "./figures.ts";

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

function time(command: readonly string[]): number {
  const begun = performance.now();
  Bun.spawnSync([...command]);
  return performance.now() - begun;
}

/** Measures and prints. */
export function measureStartUp(binary: string, rounds: number): void {
  const empty = emptyProgram();
  const version: number[] = [];
  const nothing: number[] = [];
  for (let round = 0; round < rounds; round++) {
    version.push(time([binary, "version"]));
    nothing.push(time([empty]));
  }
  const ratio = median(version) / median(nothing);
  console.log(
    `start-up: version ${median(version).toFixed(1)} ms, empty program ${
      median(nothing).toFixed(1)
    } ms, ratio ${ratio.toFixed(2)}`,
  );
}
