/**
 * Probes a source while a person waits: do its credentials work, and what do its records look like?
 * Oomnitza is not needed for either.
 *
 * @module
 */

import type { Log } from "../../logging/log.ts";
import type { FieldMapping } from "../../transform/mapping.ts";
import { Skipped, type SourceRecord } from "../../base/record.ts";
import type { SectionConfig } from "../../config/section.ts";
import type { GrantedAccess } from "../../sdk/granted_access.ts";
import { retryPolicies } from "../../sdk/http/retry.ts";
import { findMissing, type MissingColumns } from "./missing_paths.ts";
import { readItems } from "./read_items.ts";
import { type Readable, type ReadSettings, sourceContext } from "./source_context.ts";

/** What a probe needs besides the section. */
export interface ProbeContext extends Pick<ReadSettings, "signal" | "redactor"> {
  /** Where it is remembered what was proved; nothing is without it. */
  readonly cursors: ReadSettings["cursors"];
}

/** A section whose source can be probed, for whole records; with fields, also for what they are mapped from. */
export function toReadable(
  section: SectionConfig,
  log: Log,
  fields: readonly FieldMapping[] = [],
): Readable {
  return {
    section,
    log: log.named(section.name),
    mapping: { fields },
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
  { signal, redactor, cursors }: ProbeContext,
): Promise<void> {
  const settings = { signal, redactor, cursors, workers: 1, retry: retryPolicies.interactive };
  await readable.section.source.check?.(sourceContext(readable, settings));
}

/**
 * What the vendor tells about the credentials of a section; nothing where the source has no way to ask.
 *
 * @throws {AgentError} as the source does: `AuthError`, `SourceError`
 */
export async function inspectAccess(
  readable: Readable,
  { signal, redactor }: Pick<ProbeContext, "signal" | "redactor">,
): Promise<GrantedAccess | undefined> {
  const settings = { signal, redactor, workers: 1, retry: retryPolicies.interactive };
  return await readable.section.source.inspectAccess?.(sourceContext(readable, settings));
}

/** Which mapped paths the data of a section lack, as far as that is known without reading them. */
export function findMissingPaths(
  readable: Readable,
  { signal, redactor }: Pick<ProbeContext, "signal" | "redactor">,
): Promise<MissingColumns | undefined> {
  return findMissing(readable, { signal, redactor, workers: 1, retry: retryPolicies.interactive });
}

/** The first records of a section, and what could not be read among them. */
export interface SampledRecords {
  readonly records: readonly SourceRecord[];
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
  { signal, redactor, cursors }: ProbeContext,
): Promise<SampledRecords> {
  const settings = { signal, redactor, cursors, workers: 1, retry: retryPolicies.interactive };
  const records: SourceRecord[] = [];
  const skipped: Skipped[] = [];
  for await (const item of readItems(readable, settings, { limit })) {
    if (item instanceof Skipped) skipped.push(item);
    else records.push(item);
  }
  return { records, skipped };
}
