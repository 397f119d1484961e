/**
 * One record from the source to the request, step by step. Nothing is sent.
 *
 * @module
 */

import { type MappedRecord, Skipped, type SourceRecord } from "../../base/record.ts";
import { requestV2, requestV3, type UploadRequest } from "../../oomnitza/payload.ts";
import { Dropped } from "../../transform/map.ts";
import { type ReportedMapping, reportMapping } from "../../transform/mapping.ts";
import { lookUp } from "../../transform/path.ts";
import {
  type TracedField,
  type TracedFilter,
  traceFields,
  traceFilter,
  type TraceSettings,
} from "../../transform/trace.ts";
import { openTransform } from "../../transform/transform.ts";
import type { ConverterContext } from "../../sdk/converter.ts";
import type { PreparedSection } from "../prepare.ts";
import { hasOffsetText, putDatesIntoUtc } from "./date_fields.ts";
import { groupItems, groupLimits, readPages } from "./read_items.ts";
import type { ReadSettings } from "./source_context.ts";

/** How a record is to be read and shown. */
export interface ExplainSettings extends ReadSettings {
  /** What converters that query other systems work with. */
  readonly converters: ConverterContext;
  readonly apiVersion: "auto" | "v2" | "v3";
}

/** A record as the source gave it, and what a run would make of it. */
export interface ReadRecord {
  readonly record: SourceRecord;
  readonly outcome: MappedRecord | Dropped;
  /** Values of its sync fields, for people. */
  readonly identity: string;
}

/** What became of one field, as reports have it. */
export type ExplainedField = Omit<TracedField, "mapping"> & {
  readonly mapping: ReportedMapping;
  /** Whether it is never alone a reason to send the record. */
  readonly volatile: boolean;
};

/** How one record is processed, and why. */
export interface Explanation {
  readonly section: string;
  /** Values of its sync fields. */
  readonly identity: string;
  readonly record: SourceRecord;
  /** Absent when the section has no filter. */
  readonly filter: TracedFilter | undefined;
  readonly fields: readonly ExplainedField[];
  readonly outcome: "sent" | Dropped["kind"];
  /** Why it is not sent, null when it is. */
  readonly reason: string | null;
  /** What would be sent, null when nothing is. */
  readonly request: UploadRequest | null;
}

/** Records that are transformed together. */
const maxGroupSize = 50;

/**
 * Reads a section and maps what it reads, as an upload does, up to `limit` records (0: all). What cannot
 * be read comes instead, with its reason.
 *
 * @throws {AgentError} as the source does, after the records before it.
 */
export async function* readRecords(
  prepared: PreparedSection,
  settings: ExplainSettings,
  limit = 0,
): AsyncGenerator<ReadRecord | Skipped> {
  const { conversions, mapper, code, log } = prepared;
  await conversions.prepare(settings.converters);
  const transform = await openTransform(mapper, conversions, code, log);
  const pages = readPages(prepared, settings, { limit });
  const most = limit === 0 ? maxGroupSize : Math.min(limit, maxGroupSize);
  const limits = { ...groupLimits, items: most };
  try {
    for await (const { items } of groupItems(pages, limits, isAny)) {
      const records = items.filter((item): item is SourceRecord => !(item instanceof Skipped));
      const outcomes = (await transform.group(records)).values();
      for (const item of items) {
        if (item instanceof Skipped) yield item;
        else yield await describeOutcome(prepared, item, outcomes.next().value);
      }
    }
  } finally {
    await transform.close();
    conversions.finish(settings.converters);
  }
}

/** Maps records that were read already, in their order. */
export async function mapRecords(
  prepared: PreparedSection,
  { converters }: Pick<ExplainSettings, "converters">,
  records: readonly SourceRecord[],
): Promise<ReadRecord[]> {
  const { conversions, mapper, code, log } = prepared;
  await conversions.prepare(converters);
  const transform = await openTransform(mapper, conversions, code, log);
  try {
    const outcomes = await transform.group([...records]);
    return await Promise.all(
      records.map((record, at) => describeOutcome(prepared, record, outcomes[at])),
    );
  } finally {
    await transform.close();
    conversions.finish(converters);
  }
}

function isAny(_item: SourceRecord | Skipped): _item is SourceRecord | Skipped {
  return true;
}

async function describeOutcome(
  prepared: PreparedSection,
  record: SourceRecord,
  outcome: MappedRecord | Dropped = {},
): Promise<ReadRecord> {
  if (outcome instanceof Dropped) return { record, outcome, identity: outcome.identity };
  const sent = hasOffsetText(outcome) ? await putDatesIntoUtc(outcome, prepared) : outcome;
  return { record, outcome: sent, identity: prepared.mapper.identify(sent) };
}

/**
 * Whether a key means a record: `KEY` is the value of its sync fields, without regard to case, and
 * `PATH=VALUE` a value in the record of the source.
 */
export function matchesRecord(key: string, { record, identity }: ReadRecord): boolean {
  if (identity.toLowerCase() === key.toLowerCase()) return true;
  const [, path = "", value = ""] = /^([^=]+)=(.*)$/s.exec(key) ?? [];
  if (path === "") return false;
  const found = lookUp(record, path.trim()) ?? null;
  return found !== null && String(found).toLowerCase() === value.trim().toLowerCase();
}

function pickTraceSettings({ mapping, section, conversions, code, log }: PreparedSection) {
  return {
    fields: mapping.fields,
    texts: section.texts,
    conversions,
    code,
    log,
  } satisfies TraceSettings;
}

/** Walks one record through the filter, every mapping and converter, to the request. */
export async function explain(
  prepared: PreparedSection,
  { record, outcome, identity }: ReadRecord,
  apiVersion: ExplainSettings["apiVersion"],
): Promise<Explanation> {
  const settings = pickTraceSettings(prepared);
  const dropped = outcome instanceof Dropped ? outcome : undefined;
  const { upload, section, volatile } = prepared;
  const request = outcome instanceof Dropped
    ? null
    : apiVersion === "v2"
    ? requestV2(upload, outcome)
    : requestV3(upload, [outcome]);
  const traced = await traceFields(settings, record);
  return {
    section: section.name,
    identity,
    record,
    filter: await traceFilter(settings, record),
    fields: traced.map((field) => ({
      ...field,
      mapping: reportMapping(field.mapping),
      volatile: volatile.has(field.mapping.field),
    })),
    outcome: dropped?.kind ?? "sent",
    reason: dropped?.reason ?? null,
    request,
  };
}
