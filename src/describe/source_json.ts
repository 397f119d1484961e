/**
 * What can be configured and mapped for a source, for programs.
 *
 * @module
 */

import type { Option, Options } from "../sdk/option.ts";
import type { Source } from "../sdk/source.ts";
import { listVariants } from "./source_facts.ts";

function describeOption(key: string, option: Option<unknown>) {
  return {
    key,
    help: option.help,
    kind: option.kind,
    required: !option.optional,
    default: option.default ?? null,
    example: option.example ?? null,
    choices: option.choices ?? null,
    advanced: option.advanced,
  };
}

/**
 * What `agent sources NAME --output json` shows.
 *
 * @param options all that a section of the source understands
 */
export function describeSource(source: Source, options: Options) {
  const { name, title, kind, summary, fields = {}, converters = {} } = source;
  return {
    ...{ name, title, kind, summary },
    variants: listVariants(source).map(({ when, mappingName, mappings }) => ({
      when: when ?? null,
      mapping_name: mappingName,
      mappings,
    })),
    options: Object.entries(options).map(([key, option]) => describeOption(key, option)),
    fields,
    converters,
  };
}
