/**
 * Compares random programs with CPython: `bun scripts/python_fuzz.ts programs.jsonl`, made by
 * `python3 scripts/python_fuzz.py 20000 1 > programs.jsonl`. Prints the differences.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { openEngine, runBody } from "../test/python/engine.ts";

/** A program with what CPython made of it. */
export interface Program {
  readonly body: string;
  readonly result?: string;
  readonly error?: string;
}

/** The programs of a file. */
export function readPrograms(path: string): readonly Program[] {
  return readFileSync(path, "utf8").trim().split("\n").map((line) => JSON.parse(line) as Program);
}

/** Runs a program as Python 3; what it gave, as a program is written. */
export function runProgram(
  context: Parameters<typeof runBody>[0],
  body: string,
): Omit<Program, "body"> {
  try {
    const [outcome] = runBody(context, body, "converter", [{}], 3);
    if (outcome?.error !== undefined) return { error: outcome.error };
    return { result: outcome?.repr ?? "" };
  } catch (error) {
    return { error: `refused: ${error instanceof Error ? error.message : String(error)}` };
  }
}

async function main(path: string): Promise<void> {
  const programs = readPrograms(path);
  let context = await openEngine();
  let different = 0;
  for (const [index, { body, ...expected }] of programs.entries()) {
    if (index % 2000 === 1999) context = await openEngine();
    const found = runProgram(context, body);
    if (found.result === expected.result && found.error === expected.error) continue;
    different++;
    console.log(
      `--- ${index}\n${body}\nCPython: ${JSON.stringify(expected)}\nhere:    ${
        JSON.stringify(found)
      }`,
    );
  }
  console.log(`${programs.length} programs, ${different} differ`);
}

if (import.meta.main) await main(process.argv[2] ?? "programs.jsonl");
