/**
 * The sandbox as the pipeline sees it: batches of records in, what user code made of them out.
 *
 * @module
 */

import { AgentError, ConfigError } from "../base/errors.ts";
import type { Log } from "../logging/log.ts";
import type { ConverterParams } from "../sdk/converter.ts";
import { type Counts, Dispatcher } from "./dispatcher.ts";
import { plainSection } from "./plain/section.ts";
import { PlainTrial } from "./plain/trial.ts";
import { type PreparedProgram, problemFinding, readsOf } from "./prepare.ts";
import { encodeLargeInts } from "./large_ints.ts";
import type { GuestSetup, SandboxLimits, SandboxOutcome } from "./protocol.ts";
import { projection } from "./reads.ts";
import { CodeErrors, type ErrorKind } from "./code_errors.ts";

/** What user code may use when the ini says nothing else. */
export const defaultLimits: SandboxLimits = { memoryMb: 64, recordMs: 100, stackKb: 256 };

/** A call of a custom converter by a mapping. */
export interface SandboxCall {
  /** Name of the converter, in any case. */
  readonly converter: string;
  /** What the code sees as `field`. */
  readonly field: string;
  readonly params: ConverterParams;
}

/** What a sandbox is made of. */
export interface SandboxOptions {
  /** All custom converters of the configuration, as `prepareUserCode` gave them; they may call each other. */
  readonly programs: readonly PreparedProgram[];
  /** The calls that are made for each record, in this order. */
  readonly calls: readonly SandboxCall[];
  /** The filter of the section. */
  readonly filter?: PreparedProgram | undefined;
  readonly limits: SandboxLimits;
  readonly log: Log;
  /** The time that user code sees for the whole run; the time of the call when absent. */
  readonly now?: Date | undefined;
}

/** A record on its way into the sandbox. */
export interface SandboxInput {
  /** The whole source record. */
  readonly record: unknown;
  /** The looked-up value for each of the calls. */
  readonly values: readonly unknown[];
}

/** Counts over the life of a sandbox. */
export interface SandboxStats {
  /** Records that came back. */
  readonly records: number;
  readonly filtered: number;
  readonly failed: number;
  /** Records whose code was stopped: by the deadline, the memory limit or the watchdog. */
  readonly stopped: number;
  /** Processes started. */
  readonly processes: number;
  /** Milliseconds in which the sandbox had work. */
  readonly busyMs: number;
  /** Id of the process that is running now. */
  readonly pid: number | undefined;
  /** Errors of converters, by kind. */
  readonly errors: readonly ErrorKind[];
}

/** A sandbox with the user code of one section. */
export interface Sandbox {
  /**
   * Runs the filter and the calls for each record, in order. Batches queue up, so that the next may be
   * given before the last is done. Rejects only when the sandbox process cannot be started.
   */
  run(batch: readonly SandboxInput[]): Promise<readonly SandboxOutcome[]>;
  readonly stats: SandboxStats;
  /** Ends the process and logs what was counted. Records that are still waiting come back as failed. */
  close(): Promise<void>;
}

/**
 * Starts a sandbox. Throws a `ConfigError` when the engine does not take a program, and an
 * `AgentError` when its process cannot be started.
 */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { filter, calls, limits, log } = options;
  const converters = options.programs.filter(({ source }) => source.kind === "converter");
  const programs = filter === undefined ? converters : [...converters, filter];
  const setup: GuestSetup = {
    programs: programs.map(({ source, language, code }) => {
      return { language, code, kind: source.kind, name: source.name.toLowerCase() };
    }),
    calls: calls.map(({ converter, field, params }) => {
      return { program: indexOf(converters, converter), field, params };
    }),
    filter: filter === undefined ? null : converters.length,
    limits,
    now: (options.now ?? new Date()).getTime(),
  };
  const errors = new CodeErrors(programs, log);
  const cut = projection(
    readsOf(options.programs, calls.map(({ converter }) => converter), filter),
  );
  const dispatcher = new Dispatcher(setup, errors);
  const refused = await dispatcher.start();
  const program = refused === undefined ? undefined : programs[refused.program];
  if (refused !== undefined && program !== undefined) {
    throw new ConfigError("User code cannot be loaded", [
      problemFinding(program.source, program.iniLine(refused.line), undefined, refused.message),
    ]);
  }
  const plain = plainSection(
    calls.map(({ converter }) => converters[indexOf(converters, converter)]),
    filter,
  );
  const throughProcess = (batch: readonly SandboxInput[]) =>
    dispatcher.run(batch.map(({ record, values }) => line(cut(record), values)));
  const plainRun: PlainRun | undefined = plain === undefined ? undefined : {
    trial: new PlainTrial(plain),
    counts: dispatcher.counts,
    throughProcess,
  };
  return {
    run: (batch) => plainRun === undefined ? throughProcess(batch) : runPlain(batch, plainRun),
    get stats() {
      return { ...dispatcher.counts, errors: errors.kinds };
    },
    async close() {
      await dispatcher.close();
      errors.summarise();
    },
  };
}

/** What it takes to decide records without an engine. */
interface PlainRun {
  readonly trial: PlainTrial;
  readonly counts: Counts;
  readonly throughProcess: (
    rest: readonly SandboxInput[],
  ) => Promise<readonly SandboxOutcome[]>;
}

/** Decides what needs no engine; what is left goes through the sandbox. */
async function runPlain(
  batch: readonly SandboxInput[],
  { trial, counts, throughProcess }: PlainRun,
): Promise<readonly SandboxOutcome[]> {
  if (trial.rests(batch.length)) return await throughProcess(batch);
  const outcomes: (SandboxOutcome | undefined)[] = batch.map(({ record, values }) =>
    trial.decide(record, values)
  );
  const rest = batch.filter((_, index) => outcomes[index] === undefined);
  counts.records += batch.length - rest.length;
  counts.filtered +=
    outcomes.filter((outcome) => outcome !== undefined && "keep" in outcome && !outcome.keep)
      .length;
  const decided = rest.length === 0 ? [] : await throughProcess(rest);
  let next = 0;
  return outcomes.map((outcome) => outcome ?? decided[next++] as SandboxOutcome);
}

function indexOf(converters: readonly PreparedProgram[], name: string): number {
  const wanted = name.toLowerCase();
  const index = converters.findIndex(({ source }) => source.name.toLowerCase() === wanted);
  if (index === -1) throw new AgentError(`There is no custom converter ${name}`);
  return index;
}

/** JSON has no line breaks outside of its texts, where they are escaped: one line is one record. */
function line(record: unknown, values: readonly unknown[]): string {
  const input = [record ?? null, values];
  try {
    return JSON.stringify(input);
  } catch {
    // Rare, so that other records need not be looked through for it.
    return encodeLargeInts(input);
  }
}
