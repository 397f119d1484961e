/**
 * Transforms groups of records: the filter, the custom converters, the mapping.
 *
 * @module
 */

import type { Log } from "../logging/log.ts";
import type { MappedRecord, SourceRecord } from "../base/record.ts";
import type { Conversions } from "./convert.ts";
import { Dropped, type Mapper, type Outcomes } from "./map.ts";
import type {
  PreparedProgram,
  Reads,
  Sandbox,
  SandboxLimits,
  SandboxOutcome,
} from "../sandbox/mod.ts";

/** The user code of one section. */
export interface SectionCode {
  /** All custom converters; they may call each other. */
  readonly converters: readonly PreparedProgram[];
  readonly filter: PreparedProgram | undefined;
  readonly limits: Omit<SandboxLimits, "stackKb">;
  /** What the filter and some converters read of the record. */
  reads(called: readonly string[]): Reads;
}

/** A running transformation. */
export interface Transform {
  group(records: readonly SourceRecord[]): Outcomes | Promise<Outcomes>;
  /** Must be called once after the last group. */
  close(): Promise<void>;
}

/** Whether a section has user code to run. */
export function hasUserCode(code: SectionCode, conversions: Conversions): boolean {
  return code.filter !== undefined || conversions.custom.length > 0;
}

/** The paths that the user code of a section reads, or `everything` where that cannot be shown. */
export function codeReads(
  code: Pick<SectionCode, "reads">,
  conversions: Pick<Conversions, "custom">,
): readonly string[] | "everything" {
  const called = conversions.custom.map(({ converter }) => converter);
  const reads = code.reads(called);
  return reads === "everything" ? reads : reads.map((path) => path.join("."));
}

function mapAll(
  mapper: Mapper,
  conversions: Conversions,
  records: readonly SourceRecord[],
): Outcomes | Promise<Outcomes> {
  if (conversions.waits) return Promise.all(records.map((record) => mapper.mapWaiting(record)));
  return records.map((record) => mapper.map(record));
}

function mapOne(
  mapper: Mapper,
  conversions: Conversions,
  record: SourceRecord,
  outcome: SandboxOutcome | undefined,
): MappedRecord | Dropped | Promise<MappedRecord | Dropped> {
  if (outcome === undefined) {
    return new Dropped("failed", mapper.identifyRaw(record), "user code returned no result");
  }
  if ("failed" in outcome) return new Dropped("failed", mapper.identifyRaw(record), outcome.failed);
  if (!outcome.keep) {
    return new Dropped("filtered", mapper.identifyRaw(record), "the record filter");
  }
  const results = conversions.applyOnErrorToCustom(outcome.results, outcome.failures ?? []);
  if (conversions.waits) return mapper.mapWaiting(record, results);
  return mapper.map(record, results);
}

async function throughSandbox(
  sandbox: Sandbox,
  mapper: Mapper,
  conversions: Conversions,
  records: readonly SourceRecord[],
): Promise<Outcomes> {
  const outcomes = await sandbox.run(
    records.map((record) => ({ record, values: mapper.customValues(record) })),
  );
  const mapped = records.map((record, index) =>
    mapOne(mapper, conversions, record, outcomes[index])
  );
  return conversions.waits ? await Promise.all(mapped) : mapped as Outcomes;
}

/** Begins a transformation; a sandbox is started only when there is user code. */
export async function openTransform(
  mapper: Mapper,
  conversions: Conversions,
  code: SectionCode,
  log: Log,
): Promise<Transform> {
  if (!hasUserCode(code, conversions)) {
    return {
      group: (records) => mapAll(mapper, conversions, records),
      close: () => Promise.resolve(),
    };
  }
  const { createSandbox, defaultLimits } = await import("../sandbox/mod.ts");
  const sandbox = await createSandbox({
    programs: code.converters,
    calls: conversions.custom,
    filter: code.filter,
    limits: { ...defaultLimits, ...code.limits },
    log,
    now: new Date(),
  });
  return {
    group: (records) => throughSandbox(sandbox, mapper, conversions, records),
    close: () => sandbox.close(),
  };
}
