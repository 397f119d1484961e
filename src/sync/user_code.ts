/**
 * The user code of a configuration, made ready for the sandbox.
 *
 * @module
 */

import type { Finding } from "../base/errors.ts";
import type { SectionConfig } from "../config/section.ts";
import type { UserCode } from "../config/user_code.ts";
import type { PreparedProgram, Reads, UserCodeSource } from "../sandbox/mod.ts";
import type { SectionCode } from "../transform/transform.ts";

/** All user code of a configuration that may run, and what is wrong with it. */
export interface CompiledUserCode {
  /** Names of the custom converters, lower-case, also of those that cannot be used. */
  readonly names: ReadonlySet<string>;
  readonly converters: readonly PreparedProgram[];
  /** Filters by section. */
  readonly filters: ReadonlyMap<string, PreparedProgram>;
  readonly findings: readonly Finding[];
  /** What may be meant otherwise than it is taken. */
  readonly warnings: readonly Finding[];
  /** The same where it is less likely: for those who check, not for every run. */
  readonly ambiguities: readonly Finding[];
  /** What some converters and a filter read of the record. */
  reads(called: readonly string[], filter: PreparedProgram | undefined): Reads;
}

const noCode: CompiledUserCode = {
  names: new Set(),
  converters: [],
  filters: new Map(),
  findings: [],
  warnings: [],
  ambiguities: [],
  reads: () => [],
};

/**
 * Compiles the custom converters and the filters of some sections, before anything is pulled.
 * `python`: the version of those that do not show it, instead of the configured one.
 */
export async function compileUserCode(
  converters: readonly UserCode[],
  sections: readonly SectionConfig[],
  python?: 2 | 3,
): Promise<CompiledUserCode> {
  const toSource = (code: UserCode, kind: UserCodeSource["kind"]): UserCodeSource => {
    return { ...code, kind, python: python ?? code.python };
  };
  const sources = [
    ...converters.map((code) => toSource(code, "converter")),
    ...sections.flatMap(({ filter }) => filter === undefined ? [] : [toSource(filter, "filter")]),
  ];
  if (sources.length === 0) return noCode;
  // Translators and sandbox are loaded only when there is code.
  const { prepareUserCode, readsOf } = await import("../sandbox/mod.ts");
  const { programs, findings } = prepareUserCode(sources);
  const own = programs.filter(({ source }) => source.kind === "converter");
  const filters = programs.filter(({ source }) => source.kind === "filter");
  return {
    names: new Set(converters.map(({ name }) => name)),
    converters: own,
    filters: new Map(filters.map((program) => [program.source.section, program])),
    findings,
    warnings: programs.flatMap(({ warnings }) => warnings),
    ambiguities: programs.flatMap(({ ambiguities }) => ambiguities),
    reads: (called, filter) => readsOf(own, called, filter),
  };
}

/** The user code that concerns one section. */
export function selectSectionCode(section: SectionConfig, code: CompiledUserCode): SectionCode {
  const { code_record_ms, code_run_seconds, code_memory_mb } = section.settings;
  return {
    converters: code.converters,
    filter: code.filters.get(section.name),
    reads: (called) => code.reads(called, code.filters.get(section.name)),
    limits: {
      recordMs: code_record_ms,
      memoryMb: code_memory_mb,
      runMs: code_run_seconds === 0 ? undefined : code_run_seconds * 1000,
    },
  };
}

/**
 * What keeps a section from running: errors of its filter, and those of any custom converter when it
 * has user code at all, since converters may call each other.
 */
export function findCodeErrors(
  code: CompiledUserCode,
  section: SectionConfig,
  usesCode: boolean,
): Finding[] {
  const own = section.filter !== undefined || usesCode;
  return code.findings.filter((finding) =>
    finding.section === section.name || (own && finding.section === "converters")
  );
}
