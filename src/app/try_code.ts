/**
 * Runs a converter or a filter of somebody's own on records, in the sandbox and with the limits of a run.
 *
 * @module
 */

import { ConfigError } from "../base/errors.ts";
import { stringifyExactJson } from "../base/json.ts";
import type { SourceRecord } from "../base/record.ts";
import type { Config } from "../config/config.ts";
import type { SectionConfig } from "../config/section.ts";
import type { UserCode } from "../config/user_code.ts";
import type { Log } from "../logging/log.ts";
import type { PreparedProgram, Sandbox, SandboxOutcome } from "../sandbox/mod.ts";
import type { ConverterParams } from "../sdk/converter.ts";
import { compileUserCode, selectSectionCode } from "../sync/user_code.ts";
import { lookUp } from "../transform/path.ts";

/** Code to be tried: a converter as a mapping calls it, or the filter of a section. */
export type TriedCode =
  & {
    /** The section whose limits hold; the usual ones without it. */
    readonly section?: SectionConfig | undefined;
    /** What is in an editor, instead of what the configuration has. */
    readonly program?: PreparedProgram | undefined;
    /** Custom converters that can be called; all of the configuration unless given. */
    readonly converters?: readonly UserCode[] | undefined;
  }
  & ({ readonly kind: "filter" } | {
    readonly kind: "converter";
    readonly name: string;
    readonly params: ConverterParams;
    /** Path of the value that it gets; blank for none. */
    readonly source: string;
  });

/** What one call of the code came to. */
export interface TrialRun {
  /** Absent when there was no answer. */
  readonly outcome: SandboxOutcome | undefined;
  /** What the code reported meanwhile, such as why a converter gave null. */
  readonly problem: string | undefined;
  readonly ms: number;
}

/** What the code made of one record. */
export interface TriedRecord {
  readonly record: SourceRecord;
  /** The value that a converter got. */
  readonly input: unknown;
  readonly run: TrialRun;
  /** The same under Python 2, where nothing in the code tells the version and both differ. */
  readonly underPython2: TrialRun | undefined;
}

/** Code in a sandbox. It must be closed. */
interface Trial {
  /** Whether it is Python of no known version: as Python 2 it may give other results. */
  readonly isOpen: boolean;
  readonly sandbox: Sandbox;
}

/** What is in an editor, as that version of Python where it can be. */
async function prepareEdited(
  { program }: TriedCode,
  python: 2 | undefined,
): Promise<PreparedProgram | undefined> {
  if (program === undefined || python === undefined) return program;
  const { prepareUserCode } = await import("../sandbox/mod.ts");
  return prepareUserCode([{ ...program.source, python }]).programs[0] ?? program;
}

async function openTrial(
  config: Config,
  code: TriedCode,
  log: Log,
  python?: 2,
): Promise<Trial> {
  const { section, converters = config.converters } = code;
  const program = await prepareEdited(code, python);
  const isFilter = code.kind === "filter";
  const own = isFilter && program === undefined && section !== undefined ? [section] : [];
  const compiled = await compileUserCode(converters, own, python);
  // What is in an editor was checked there; converters beside it that have errors are not there for it.
  if (program === undefined && compiled.findings.length > 0) {
    throw new ConfigError("The code cannot be used", compiled.findings);
  }
  const { createSandbox, defaultLimits } = await import("../sandbox/mod.ts");
  const filter = program ??
    (section === undefined ? undefined : compiled.filters.get(section.name));
  const tried = isFilter
    ? filter
    : program ?? compiled.converters.find(({ source }) => source.name === code.name.toLowerCase());
  const sandbox = await createSandbox({
    programs: !isFilter && program !== undefined
      ? [...compiled.converters, program]
      : compiled.converters,
    calls: isFilter ? [] : [{ converter: code.name, field: code.source, params: code.params }],
    filter: isFilter ? filter : undefined,
    limits: {
      ...defaultLimits,
      ...section === undefined ? {} : selectSectionCode(section, compiled).limits,
    },
    log,
  });
  return { sandbox, isOpen: tried?.isOpen ?? false };
}

/** The value that a converter gets of a record. */
function findInput(code: TriedCode, record: SourceRecord): unknown {
  if (code.kind === "filter" || code.source === "") return null;
  return lookUp(record, code.source) ?? null;
}

function countProblems({ stats }: Sandbox): ReadonlyMap<string, number> {
  return new Map(stats.errors.map(({ example, count }) => [example, count]));
}

/** Runs the code on each record by itself, so that each has its own time and problems. */
async function runOnEach(
  { sandbox }: Trial,
  code: TriedCode,
  records: readonly SourceRecord[],
): Promise<TrialRun[]> {
  const runs: TrialRun[] = [];
  for (const record of records) {
    const before = countProblems(sandbox);
    const begun = performance.now();
    const values = code.kind === "filter" ? [] : [findInput(code, record)];
    const [outcome] = await sandbox.run([{ record, values }]);
    const ms = performance.now() - begun;
    const problem = [...countProblems(sandbox)]
      .find(([example, count]) => count > (before.get(example) ?? 0))?.[0];
    runs.push({ outcome, problem, ms });
  }
  return runs;
}

/** Whether two runs came to the same; the words in which they failed do not count. */
function isSame(a: TrialRun, b: TrialRun): boolean {
  const hasFailed = ({ outcome, problem }: TrialRun) =>
    outcome === undefined || "failed" in outcome || problem !== undefined;
  if (hasFailed(a) || hasFailed(b)) return hasFailed(a) && hasFailed(b);
  return stringifyExactJson(a.outcome) === stringifyExactJson(b.outcome);
}

/**
 * Runs code on records; also as Python 2, where nothing in it tells the version of Python.
 *
 * @param log takes what the code logs.
 * @throws {ConfigError} when the code cannot be used.
 */
export async function tryCode(
  config: Config,
  code: TriedCode,
  records: readonly SourceRecord[],
  log: Log,
): Promise<TriedRecord[]> {
  async function runAs(python?: 2) {
    const trial = await openTrial(config, code, log, python);
    try {
      return { isOpen: trial.isOpen, runs: await runOnEach(trial, code, records) };
    } finally {
      await trial.sandbox.close();
    }
  }
  const { isOpen, runs } = await runAs();
  const others = isOpen ? (await runAs(2)).runs : [];
  return runs.map((run, index) => {
    const record = records[index] as SourceRecord;
    const other = others[index];
    const underPython2 = other === undefined || isSame(run, other) ? undefined : other;
    return { record, input: findInput(code, record), run, underPython2 };
  });
}
