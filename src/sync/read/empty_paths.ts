/**
 * Which mapped paths are empty in every record: a path with a spelling mistake looks like that.
 *
 * @module
 */

import { isBlank, type SourceRecord } from "../../base/record.ts";
import type { FieldMapping } from "../../transform/mapping.ts";
import { compilePath, type Lookup } from "../../transform/path.ts";

/** Whether any record has a value at a path; where its key is plainly empty, no path is walked. */
function hasValue(records: readonly SourceRecord[], path: string, read: Lookup): boolean {
  const isKey = !path.includes(".");
  for (const record of records) {
    if (isKey) {
      const value = record[path];
      if (value === "" || value === null || value === undefined) continue;
    }
    if (!isBlank(read(record))) return true;
  }
  return false;
}

/** Looks only for the paths that had no value yet, so that most of a run costs nothing. */
export class EmptyPaths {
  readonly #unseen: Map<string, Lookup>;
  #hasLooked = false;

  constructor(fields: readonly Pick<FieldMapping, "spec">[]) {
    const sources = fields.flatMap(({ spec }) => spec.source ?? []);
    this.#unseen = new Map(sources.map((path) => [path, compilePath(path)]));
  }

  /** Takes the next records. */
  look(records: readonly SourceRecord[]): void {
    this.#hasLooked ||= records.length > 0;
    for (const [path, read] of this.#unseen) {
      if (hasValue(records, path, read)) this.#unseen.delete(path);
    }
  }

  /** What was empty in all of them; nothing when there were none. */
  get paths(): readonly string[] {
    return this.#hasLooked ? [...this.#unseen.keys()] : [];
  }
}
