/**
 * Discovers what a source gives: the paths in its records, what is mapped of them, and what could be.
 *
 * @module
 */

import { AgentError } from "../base/errors.ts";
import { ownEntry, Skipped, type SourceRecord } from "../base/record.ts";
import type { Config } from "../config/config.ts";
import type { SectionConfig } from "../config/section.ts";
import type { ToldField } from "../oomnitza/fields.ts";
import { collectGarbage } from "../runtime/memory.ts";
import { retryPolicies, type RetryPolicy } from "../sdk/http/retry.ts";
import { EmptyPaths } from "../sync/read/empty_paths.ts";
import { type EmptyPath, listEmptyPaths } from "../sync/read/missing_paths.ts";
import {
  findMissingPaths,
  type SampledRecords,
  sampleRecords,
  toReadable,
} from "../sync/read/probe.ts";
import { readItems, readPages } from "../sync/read/read_items.ts";
import { checkMappings } from "../sync/prepare.ts";
import type { FieldMapping } from "../transform/mapping.ts";
import { selectSections } from "./configuration.ts";
import type { AppContext } from "./context.ts";
import { type SuggestedField, type Suggestion, suggestMappings } from "./field_suggestions.ts";
import { askOomnitza, mergeSectionMappings } from "./mappings.ts";
import { PathSample, type SampledPath } from "./source_paths.ts";
import { findCursors, probeContext } from "./store.ts";

/**
 * Reads the first records of a section, whole; Oomnitza is not needed for it. What cannot be read comes
 * with its reason.
 *
 * @throws {AgentError} as the source does, or when the section has errors.
 */
export async function readSample(
  app: AppContext,
  config: Config,
  section: string,
  count: number,
): Promise<SampledRecords> {
  const found = config.sections.find(({ name }) => name === section);
  if (found === undefined) {
    throw new AgentError(`The settings of [${section}] have errors`, {
      hint: "Fix these errors first.",
    });
  }
  return await sampleRecords(toReadable(found, app.log), count, probeContext(app));
}

/**
 * Reads a section until a record is found; undefined when it has none like that.
 *
 * @throws {AgentError} as the source does.
 */
export async function findRecord(
  app: AppContext,
  section: SectionConfig,
  isMeant: (record: SourceRecord) => boolean,
): Promise<SourceRecord | undefined> {
  const { signal, redactor, log } = app;
  const settings = {
    signal,
    redactor,
    cursors: findCursors(app),
    workers: 1,
    retry: retryPolicies.interactive,
  };
  for await (const item of readItems(toReadable(section, log), settings)) {
    if (!(item instanceof Skipped) && isMeant(item)) return item;
  }
  signal.throwIfAborted();
  return undefined;
}

/** What is to be discovered. */
export interface DiscoverRequest {
  readonly section: string;
  /** Records to read; 0 reads all. */
  readonly count: number;
  /** How requests are repeated, when not as in an upload. */
  readonly retry?: RetryPolicy | undefined;
  /** Called with the records read so far. */
  readonly onRead?: ((records: number) => void) | undefined;
}

/** A path of the source, and the fields that it is mapped to. */
export interface DiscoveredPath extends Omit<SampledPath, "values"> {
  /** What the source's declaration says of it; blank when it says nothing. */
  readonly meaning: string;
  readonly fields: readonly string[];
}

/** What Oomnitza told, or why it did not. */
export type OomnitzaAnswer =
  | { readonly isTold: true; readonly unmapped: readonly ToldField[] }
  | { readonly isTold: false; readonly reason: string };

/** What a source gives. It holds no record. */
export interface Discovery {
  readonly section: string;
  /** Records read. */
  readonly count: number;
  readonly paths: readonly DiscoveredPath[];
  /** Whether there are more paths than are told apart. */
  readonly hasMore: boolean;
  /** Mapped paths that none of the records has a value for. */
  readonly emptyPaths: readonly EmptyPath[];
  /** What the data have instead, where the source knows it. */
  readonly hint: string | undefined;
  /** Records that could not be read. */
  readonly unreadable: number;
  /** The first of them. */
  readonly skipped: readonly Skipped[];
  readonly oomnitza: OomnitzaAnswer;
  /** For fields that are not mapped, from paths that are not. */
  readonly suggestions: readonly Suggestion[];
}

/** Unreadable records that are named. */
const mostSkipped = 100;

/** Fields that built-in mappings of this kind of record fill: what every instance has. */
function commonFields({ sources }: AppContext, { kind }: SectionConfig): SuggestedField[] {
  const names = sources.flatMap((source) => {
    return source.kind !== kind || typeof source.mappings === "function"
      ? []
      : Object.entries(source.mappings).flatMap(([field, spec]) => spec.source ? [field] : []);
  });
  return [...new Set(names)].map((field) => ({ field }));
}

function findSection(app: AppContext, config: Config, name: string): SectionConfig {
  const found = config.sections.find((section) => section.name === name);
  if (found !== undefined) return found;
  const { chosen: [first] } = selectSections(app, config, [name]);
  if (first === undefined) throw new AgentError(`[${name}] is not enabled`);
  return first;
}

/** What was read of a source. */
interface Reading {
  readonly sample: PathSample;
  /** Mapped paths that were empty in all records. */
  readonly empty: readonly string[];
  readonly unreadable: number;
  readonly skipped: readonly Skipped[];
}

async function readThrough(
  app: AppContext,
  section: SectionConfig,
  fields: readonly FieldMapping[],
  { count, retry, onRead }: DiscoverRequest,
): Promise<Reading> {
  const { signal, redactor, log } = app;
  const sample = new PathSample();
  const empty = new EmptyPaths(fields);
  const skipped: Skipped[] = [];
  let unreadable = 0;
  const settings = { signal, redactor, cursors: findCursors(app), workers: 1, retry };
  const pages = readPages(toReadable(section, log, fields), settings, { limit: count });
  for await (const { items, size } of pages) {
    for (const item of items) {
      if (item instanceof Skipped) {
        unreadable++;
        if (skipped.length < mostSkipped) skipped.push(item);
        continue;
      }
      sample.look(item);
      empty.look([item]);
    }
    collectGarbage(items.length, size);
    onRead?.(sample.count);
  }
  signal.throwIfAborted();
  return { sample, empty: empty.paths, unreadable, skipped };
}

/** The fields that are mapped from each path. */
function fieldsByPath(fields: readonly FieldMapping[]): ReadonlyMap<string, readonly string[]> {
  const mapped = new Map<string, string[]>();
  for (const { field, spec: { source } } of fields) {
    if (source !== undefined) mapped.set(source, [...mapped.get(source) ?? [], field]);
  }
  return mapped;
}

function describePaths(
  sampled: readonly SampledPath[],
  { source: { fields: meanings = {} } }: SectionConfig,
  mapped: ReadonlyMap<string, readonly string[]>,
): DiscoveredPath[] {
  return sampled.map(({ values: _values, ...path }) => ({
    ...path,
    meaning: ownEntry(meanings, path.path) ?? "",
    fields: mapped.get(path.path) ?? [],
  }));
}

/**
 * Reads records of a section, one after another, and looks at what is in them. Nothing is sent; Oomnitza
 * is asked for its fields and mappings, and the result says so when it does not answer.
 *
 * @throws {AgentError} as the source does, or when the section cannot be used.
 */
export async function discoverSection(
  app: AppContext,
  config: Config,
  request: DiscoverRequest,
): Promise<Discovery> {
  const section = findSection(app, config, request.section);
  const told = await askOomnitza(app, config, section);
  const merged = mergeSectionMappings(section, told.mappings);
  const { fields } = checkMappings(section, merged, config.oomnitza?.api_version);
  const missing = await findMissingPaths(toReadable(section, app.log, fields), app);
  const { sample, empty, ...read } = await readThrough(app, section, fields, request);
  const sampled = sample.paths();
  const mapped = fieldsByPath(fields);
  const isUnmapped = ({ field }: SuggestedField) => !fields.some((known) => known.field === field);
  const unmapped = told.fields?.filter(isUnmapped);
  const open = unmapped ?? commonFields(app, section).filter(isUnmapped);
  return {
    section: section.name,
    count: sample.count,
    paths: describePaths(sampled, section, mapped),
    hasMore: sample.hasMore,
    emptyPaths: listEmptyPaths(fields, empty, missing),
    hint: missing?.hint,
    ...read,
    oomnitza: unmapped === undefined
      ? { isTold: false, reason: told.reason ?? "" }
      : { isTold: true, unmapped },
    suggestions: suggestMappings(open, sampled.filter(({ path }) => !mapped.has(path))),
  };
}
