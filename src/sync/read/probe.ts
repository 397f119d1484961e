/**
 * Questions to a source while a person waits: do its credentials work, and what do its records look
 * like? Oomnitza is not needed for either.
 *
 * @module
 */

import type { Log } from "../../logging/log.ts";
import { type Raw, Skipped } from "../../base/record.ts";
import type { SectionPlan } from "../../config/section.ts";
import type { RetryPolicy } from "../../sdk/http/retry.ts";
import { type Readable, type ReadSettings, sourceContext } from "./source_context.ts";

/** Attempts are few: a person waits for the answer. */
export const impatient: RetryPolicy = { attempts: 2, budgetMs: 15_000 };

/** What asking needs besides the section. */
export type Asking = Pick<ReadSettings, "signal" | "redactor">;

/** A section whose source can be asked, without mappings and so for whole records. */
export function readableSection(section: SectionPlan, log: Log): Readable {
  return {
    section,
    log: log.named(section.name),
    mapping: { fields: [] },
    conversions: { custom: [], reads: [] },
    code: { reads: () => "everything" },
  };
}

/**
 * Tries the address and the credentials of a section.
 *
 * @throws {AgentError} as the source does: `AuthError`, `SourceError`
 */
export async function checkSource(
  readable: Readable,
  { signal, redactor }: Asking,
): Promise<void> {
  const settings = { signal, redactor, workers: 1, retry: impatient };
  await readable.section.source.check?.(sourceContext(readable, settings));
}

/**
 * Reads the first records of a section, whole, and then stops reading.
 *
 * @throws {AgentError} as the source does
 */
export async function sampleRecords(
  readable: Readable,
  count: number,
  { signal, redactor }: Asking,
): Promise<Raw[]> {
  // The source is told to end when there is enough, so that nothing goes on in the background.
  const enough = new AbortController();
  const settings = {
    signal: AbortSignal.any([signal, enough.signal]),
    redactor,
    workers: 1,
    retry: impatient,
  };
  const records: Raw[] = [];
  try {
    for await (
      const item of readable.section.source.records(sourceContext(readable, settings))
    ) {
      const read = Array.isArray(item) ? item as readonly (Raw | Skipped)[] : [item as Raw];
      records.push(...read.filter((record): record is Raw => !(record instanceof Skipped)));
      if (records.length >= count) break;
    }
  } finally {
    enough.abort();
  }
  return records.slice(0, count);
}
