/**
 * One record, field by field: what was looked up, what its converter made of it, and in what time.
 *
 * @module
 */

import type { Log } from "../logging/log.ts";
import type { SourceRecord } from "../base/record.ts";
import type { Conversions, CustomCall } from "./convert.ts";
import { compileReader } from "./map.ts";
import type { FieldMapping } from "./mapping.ts";
import { ConversionFailure } from "./on_error.ts";
import type { SandboxInput, SandboxOutcome } from "../sandbox/mod.ts";
import type { SectionCode } from "./transform.ts";

/** What became of one field. */
export interface TracedField {
  readonly mapping: FieldMapping;
  /** The value that was looked up. */
  readonly input: unknown;
  /** The value that goes on; null when the converter failed. */
  readonly output: unknown;
  /** Milliseconds in the converter; null without one. */
  readonly ms: number | null;
  /** Why a converter of the ini failed, with its line; null when it did not. */
  readonly failed: string | null;
}

/** What the record filter returned. */
export interface TracedFilter {
  readonly outcome: "kept" | "filtered" | "failed";
  /** Why it failed. */
  readonly reason: string | null;
  readonly ms: number;
}

/** What tracing works with. */
export interface TraceSettings {
  readonly fields: readonly FieldMapping[];
  /** The section's options as texts, for mappings of a `setting`. */
  readonly texts: Readonly<Record<string, string>>;
  readonly conversions: Conversions;
  readonly code: SectionCode;
  readonly log: Log;
}

interface Timed<T> {
  readonly value: T;
  readonly ms: number;
}

async function timed<T>(work: () => T | Promise<T>): Promise<Timed<T>> {
  const begun = performance.now();
  const value = await work();
  return { value, ms: performance.now() - begun };
}

/** Runs the filter alone, or one call alone, on one record in a sandbox of its own. */
async function inSandbox(
  { code, log }: TraceSettings,
  call: CustomCall | undefined,
  input: SandboxInput,
): Promise<Timed<SandboxOutcome> & { readonly problem: string | null }> {
  const { createSandbox, defaultLimits } = await import("../sandbox/mod.ts");
  const sandbox = await createSandbox({
    programs: code.converters,
    calls: call === undefined ? [] : [call],
    filter: call === undefined ? code.filter : undefined,
    limits: { ...defaultLimits, ...code.limits },
    log,
    now: new Date(),
  });
  try {
    const { value, ms } = await timed(() => sandbox.run([input]));
    const problem = sandbox.stats.errors[0]?.example ?? null;
    return { value: value[0] ?? { failed: "user code returned no result" }, ms, problem };
  } finally {
    await sandbox.close();
  }
}

/** Asks the record filter about a record; undefined when the section has none. */
export async function traceFilter(
  settings: TraceSettings,
  record: SourceRecord,
): Promise<TracedFilter | undefined> {
  if (settings.code.filter === undefined) return undefined;
  const { value, ms } = await inSandbox(settings, undefined, { record, values: [] });
  if ("failed" in value) return { outcome: "failed", reason: value.failed, ms };
  return { outcome: value.keep ? "kept" : "filtered", reason: null, ms };
}

async function traceCall(
  settings: TraceSettings,
  call: CustomCall,
  record: SourceRecord,
  input: unknown,
): Promise<Pick<TracedField, "output" | "ms" | "failed">> {
  const { value, ms, problem } = await inSandbox(settings, call, { record, values: [input] });
  if ("failed" in value) return { output: null, ms, failed: value.failed };
  return { output: value.keep ? value.results[0] ?? null : null, ms, failed: problem };
}

/** Maps a record field by field, each converter on its own. */
export async function traceFields(
  settings: TraceSettings,
  record: SourceRecord,
): Promise<TracedField[]> {
  const { fields, texts, conversions } = settings;
  const traced: TracedField[] = [];
  for (const mapping of fields) {
    const input = compileReader(mapping, texts)(record) ?? null;
    const call = conversions.custom.find(({ target }) => target === mapping.field);
    const convert = conversions.of(mapping.field);
    if (call !== undefined) {
      traced.push({ mapping, input, ...await traceCall(settings, call, record, input) });
    } else if (convert === undefined) {
      traced.push({ mapping, input, output: input, ms: null, failed: null });
    } else {
      const { value, ms } = await timed(() => convert(record, input));
      const failed = value instanceof ConversionFailure ? value.reason : null;
      traced.push({ mapping, input, output: failed === null ? value ?? null : null, ms, failed });
    }
  }
  return traced;
}
