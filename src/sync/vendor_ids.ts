/**
 * The ids by which a vendor knows its records. They go beside the mapped records on their way: a record
 * whose sync fields changed is known again by them.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { stringifyExactJson } from "../base/json.ts";
import type { SourceRecord } from "../base/record.ts";
import type { SectionConfig } from "../config/section.ts";
import { changesOptions } from "../sdk/changes.ts";
import { joinIdentity } from "../state/identities.ts";
import type { CheckedMapping } from "../transform/mapping.ts";
import { compilePath, type Lookup } from "../transform/path.ts";
import type { SectionCode } from "../transform/transform.ts";

/** Characters of a longer id are no id. */
const maxIdLength = 200;

/** Options that say when everything is read, and nothing about the records. */
const cadence = Object.keys(changesOptions("records"));

/** Characters of the digest that tells ids of one origin from those of another. */
const scopeLength = 12;

/** What names the sync fields of a section are made of, and where its records come from. */
export interface ScopeInputs {
  readonly section: SectionConfig;
  readonly mapping: Pick<CheckedMapping, "fields" | "syncFields">;
  readonly code: Pick<SectionCode, "converters">;
}

/**
 * Names where ids come from and how sync fields are made: with another server, another option or another
 * mapping of a sync field, another key says nothing about the record.
 */
function describeScope(
  { section, mapping, code }: ScopeInputs,
  paths: readonly string[],
): string {
  const { source, options, texts } = section;
  const own = Object.entries(options).filter(([key]) =>
    Object.hasOwn(source.options, key) && source.options[key]?.kind !== "secret" &&
    !cadence.includes(key)
  );
  const specs = mapping.fields.filter(({ field }) => mapping.syncFields.includes(field))
    .map((
      { field, spec },
    ) => [field, spec, spec.setting === undefined ? null : texts[spec.setting]]);
  const programs = code.converters.map(({ source: { body } }) => body);
  const all = stringifyExactJson([source.name, paths, own, specs, programs]);
  return createHash("sha256").update(all).digest("base64url").slice(0, scopeLength);
}

/** A text of one line that is not blank. */
const oneLine = /^(?=.*\S).+$/;

function toId(value: unknown): string | undefined {
  const isPlain = typeof value === "string" || typeof value === "number" ||
    typeof value === "bigint";
  if (!isPlain) return undefined;
  const text = typeof value === "string" ? value : `${value}`;
  return text.length > maxIdLength || !oneLine.test(text) ? undefined : text;
}

/** Finds the vendor's ids of the records of a section, and says what they belong to. */
export class VendorIds {
  readonly scope: string;
  readonly #lookups: readonly Lookup[];

  constructor(inputs: ScopeInputs, paths: readonly string[]) {
    this.scope = describeScope(inputs, paths);
    this.#lookups = paths.map(compilePath);
  }

  /** The id that a record has in its source. */
  find(record: SourceRecord): string | undefined {
    for (const lookup of this.#lookups) {
      const id = toId(lookup(record));
      if (id !== undefined) return id;
    }
    return undefined;
  }

  /** An id and what it belongs to. */
  identityOf(id: string | undefined): string | undefined {
    return id === undefined ? undefined : joinIdentity(this.scope, id);
  }
}

/** The vendor's ids of the records of a section; nothing when its records have none, or no sync field. */
export function openVendorIds(inputs: ScopeInputs): VendorIds | undefined {
  const { vendorId = [] } = inputs.section.source;
  const paths = typeof vendorId === "string" ? [vendorId] : vendorId;
  if (paths.length === 0 || inputs.mapping.syncFields.length === 0) return undefined;
  return new VendorIds(inputs, paths);
}
