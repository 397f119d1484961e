/**
 * `npm run chaos`: replicas of the compiled agent, killed, stopped and cut off, and what becomes of the events
 * that they promised to keep.
 *
 * `npm run chaos -- [SCENARIO…] [--seconds 60] [--replicas 3] [--state postgres|file] [--pooled] [--mutants]`; README.md
 * names the scenarios and the options; with `--mutants`, names are those of mutants. Exits with 1 when something was lost or overwritten, or a mutant was not
 * found out.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { binaryPath } from "../support/binary.ts";
import { compileChanged, mutants } from "./mutants.ts";
import { describeOutcome } from "./outcome.ts";
import { longScenarios, runScenario, scenarioNames } from "./scenarios.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "60" },
    replicas: { type: "string", default: "3" },
    sections: { type: "string", default: "1000" },
    state: { type: "string", default: "postgres" },
    pooled: { type: "boolean", default: false },
    mutants: { type: "boolean", default: false },
    program: { type: "string" },
  },
});
const isFile = values.state === "file";
const settings = {
  seconds: Number(values.seconds),
  sections: Number(values.sections),
  replicas: isFile ? 1 : Number(values.replicas),
  state: isFile ? "file" as const : "postgres" as const,
  isPooled: values.pooled,
};

async function runAll(names: readonly string[]): Promise<boolean> {
  const program = values.program ?? await binaryPath();
  let isGood = true;
  for (const name of names) {
    const outcome = await runScenario(name, { ...settings, program });
    console.log(describeOutcome(outcome));
    isGood &&= outcome.faults.length === 0;
  }
  return isGood;
}

async function findMutants(names: readonly string[]): Promise<boolean> {
  let isGood = true;
  for (const mutant of mutants.filter(({ name }) => names.includes(name))) {
    const program = await compileChanged(mutant);
    for (const name of mutant.foundBy) {
      const { faults } = await runScenario(name, { ...settings, program });
      const isFound = faults.length > 0;
      console.log(
        `${isFound ? "ok  " : "FAIL"} without ${mutant.without}: ${name} ` +
          (isFound ? `finds ${faults[0]}` : "finds nothing"),
      );
      isGood &&= isFound;
    }
  }
  return isGood;
}

const usual = scenarioNames.filter((name) => !longScenarios.includes(name));
const known = values.mutants ? mutants.map(({ name }) => name) : scenarioNames;
const chosen = positionals.length > 0
  ? positionals
  : values.mutants
  ? known
  : isFile
  ? ["storm"]
  : usual;
const unknown = chosen.find((name) => !known.includes(name));
if (unknown !== undefined) throw new Error(`${unknown} is none of ${known.join(", ")}`);
const isGood = values.mutants ? await findMutants(chosen) : await runAll(chosen);
process.exitCode = isGood ? 0 : 1;
