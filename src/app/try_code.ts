/**
 * Runs a converter or a filter of somebody's own on records, in the sandbox and with the limits of a run.
 *
 * @module
 */

import { ConfigError } from "../base/errors.ts";
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
    /** The version of Python of bodies that do not show it, instead of the configuration's. */
    readonly python?: 2 | 3 | undefined;
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

/** Code in a sandbox. It must be closed. */
export interface Trial {
  /** Whether it is Python of no known version: with `python: 2` it may give other results. */
  readonly isOpen: boolean;
  /** What the code reported so far: each problem, and how often it came. */
  problems(): ReadonlyMap<string, number>;
  /** Runs the code on some records; gives an outcome for each, and none where there was no answer. */
  run(records: readonly SourceRecord[]): Promise<readonly (SandboxOutcome | undefined)[]>;
  /** The value that a converter gets of a record. */
  input(record: SourceRecord): unknown;
  close(): Promise<void>;
}

async function openSandbox(
  config: Config,
  code: TriedCode,
  log: Log,
): Promise<{ readonly sandbox: Sandbox; readonly isOpen: boolean }> {
  const { section, program, converters = config.converters, python } = code;
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

/**
 * Opens a sandbox with the code in it.
 *
 * @param log takes what the code logs.
 * @throws {ConfigError} when the code cannot be used.
 */
export async function openTrial(config: Config, code: TriedCode, log: Log): Promise<Trial> {
  const { sandbox, isOpen } = await openSandbox(config, code, log);
  function input(record: SourceRecord): unknown {
    if (code.kind === "filter" || code.source === "") return null;
    return lookUp(record, code.source) ?? null;
  }
  return {
    isOpen,
    input,
    problems: () => new Map(sandbox.stats.complaints.map(({ example, count }) => [example, count])),
    run: (records) =>
      sandbox.run(records.map((record) => {
        return { record, values: code.kind === "filter" ? [] : [input(record)] };
      })),
    close: () => sandbox.close(),
  };
}
