/**
 * Facts of a source that its options decide on: its name in Oomnitza and its mappings.
 *
 * @module
 */

import { stringifyExactJson } from "../base/json.ts";
import { type Options, readOption, type Values } from "../sdk/option.ts";
import type { Mappings, Source } from "../sdk/source.ts";

/** What a source is with one setting of its choices. */
export interface SourceVariant {
  /** The setting, for example `sync_type = computers`; absent when it makes no difference. */
  readonly when?: string;
  readonly mappingName: string;
  readonly mappings: Mappings;
}

/** Values as in a section that says no more than it must: defaults, and examples of what is required. */
function sampleValues(options: Options): Values<Options> {
  return Object.fromEntries(
    Object.entries(options).map(([key, option]) => {
      const result = readOption(option, option.optional ? undefined : option.example);
      return [key, result.ok ? result.value : undefined];
    }),
  );
}

function variant(source: Source, values: Values<Options>, when?: string): SourceVariant {
  const { mappingName, mappings } = source;
  return {
    ...(when === undefined ? {} : { when }),
    mappingName: typeof mappingName === "string" ? mappingName : mappingName(values),
    mappings: typeof mappings === "function" ? mappings(values) : mappings,
  };
}

function joinFacts({ mappingName, mappings }: SourceVariant): string {
  return stringifyExactJson([mappingName, mappings]);
}

/**
 * The variants of a source: one for each value of the first choice among its options that makes a
 * difference, or a single one.
 */
export function listVariants(source: Source): readonly SourceVariant[] {
  const values = sampleValues(source.options);
  for (const [key, { choices = [] }] of Object.entries(source.options)) {
    const variants = choices.map((choice) =>
      variant(source, { ...values, [key]: choice }, `${key} = ${choice}`)
    );
    if (new Set(variants.map(joinFacts)).size > 1) return variants;
  }
  return [variant(source, values)];
}
