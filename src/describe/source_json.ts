/**
 * What can be configured and mapped for a source, for programs.
 *
 * @module
 */

import { optionsOfSource } from "../config/declared.ts";
import type { Option } from "../sdk/option.ts";
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

/** What `agent sources NAME --output json` shows. */
export function describeSource(source: Source) {
  const { name, title, kind, summary, fields = {}, converters = {} } = source;
  return {
    ...{ name, title, kind, summary },
    variants: listVariants(source).map(({ when, mappingName, mappings }) => ({
      when: when ?? null,
      mapping_name: mappingName,
      mappings,
    })),
    options: Object.entries(optionsOfSource(source)).map(([key, option]) =>
      describeOption(key, option)
    ),
    fields,
    converters,
  };
}
