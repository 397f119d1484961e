/**
 * Mapped paths that no record has: known before reading where the source knows them, and after it by what
 * was empty in every record.
 *
 * @module
 */

import type { MissingPaths } from "../../sdk/source.ts";
import type { FieldMapping } from "../../transform/mapping.ts";
import { type Readable, type ReadSettings, sourceContext } from "./source_context.ts";

/** A mapped path that no record has, or that is empty in every record. */
export interface EmptyPath {
  readonly path: string;
  /** The fields that are mapped from it. */
  readonly fields: readonly string[];
  /** What is known of it, beginning with "it"; null when it was only seen to be empty. */
  readonly note: string | null;
}

/** What a source lacks of what its section maps. */
export interface MissingColumns {
  readonly paths: readonly EmptyPath[];
  /** What is there, and what is probably wrong with all of it, for people. */
  readonly hint: string;
  /** Whether without them no record can be sent. */
  readonly isFatal: boolean;
}

/** Names of what there is that a message lists. */
const maxListed = 30;

/** The fields that are mapped from a path. */
function findMappedFields(path: string, fields: readonly FieldMapping[]): string[] {
  return fields.filter(({ spec }) => spec.source === path).map(({ field }) => field);
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function describe({ where }: MissingPaths, suggestion: string | undefined): string {
  const meant = suggestion === undefined ? "" : ` Did you mean ${quote(suggestion)}?`;
  return `it is not in ${where}.${meant}`;
}

function describeAvailable({ available, hint }: MissingPaths): string {
  const more = available.length > maxListed ? `, … and ${available.length - maxListed} more` : "";
  const names = `It has: ${available.slice(0, maxListed).map(quote).join(", ")}${more}.`;
  return hint === undefined ? names : `${hint} ${names}`;
}

/** Paths that were seen to be empty, and those of which it is known why. */
export function listEmptyPaths(
  fields: readonly FieldMapping[],
  empty: readonly string[],
  missing: MissingColumns | undefined,
): EmptyPath[] {
  return empty.map((path) =>
    missing?.paths.find((known) => known.path === path) ??
      { path, fields: findMappedFields(path, fields), note: null }
  );
}

/** Checks with a source which mapped paths its data lack; nothing when all are there or it does not know. */
export async function findMissing(
  readable: Readable,
  settings: ReadSettings,
): Promise<MissingColumns | undefined> {
  const { section: { source }, mapping: { fields } } = readable;
  const found = await source.findMissing?.(sourceContext(readable, settings));
  if (found === undefined) return undefined;
  const paths = found.paths.flatMap(({ path, suggestion }) => {
    const mapped = findMappedFields(path, fields);
    return mapped.length === 0 ? [] : [{ path, fields: mapped, note: describe(found, suggestion) }];
  });
  if (paths.length === 0) return undefined;
  const names = new Set(paths.map(({ path }) => path));
  const isFatal = fields.some(({ spec: { source: path, required, converter } }) =>
    required === true && converter === undefined && path !== undefined && names.has(path)
  );
  return { paths, hint: describeAvailable(found), isFatal };
}

/** One empty path in words: `NAME is mapped from "Name": it is empty in every record`. */
export function describeEmptyPath({ path, fields, note }: EmptyPath): string {
  const verb = fields.length === 1 ? "is" : "are";
  return `${fields.join(", ")} ${verb} mapped from ${quote(path)}: ${
    note ?? "it is empty in every record"
  }`;
}
