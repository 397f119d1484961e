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
import { readItems } from "./read_items.ts";
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

/** The first records of a section, and what could not be read among them. */
export interface SampledRecords {
  readonly records: readonly Raw[];
  readonly skipped: readonly Skipped[];
}

/**
 * Reads the first records of a section, whole, and then stops reading.
 *
 * @throws {AgentError} as the source does
 */
export async function sampleRecords(
  readable: Readable,
  limit: number,
  { signal, redactor }: Asking,
): Promise<SampledRecords> {
  const settings = { signal, redactor, workers: 1, retry: impatient };
  const records: Raw[] = [];
  const skipped: Skipped[] = [];
  for await (const item of readItems(readable, settings, { limit })) {
    if (item instanceof Skipped) skipped.push(item);
    else records.push(item);
  }
  return { records, skipped };
}
