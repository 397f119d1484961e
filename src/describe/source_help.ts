/**
 * What can be configured and mapped for a source, as text for a terminal.
 *
 * @module
 */

import { stringifyExactJson } from "../base/json.ts";
import type { Option, Options } from "../sdk/option.ts";
import { tlsOptions } from "../sdk/tls/options.ts";
import { deliveryOptions, secretOptions } from "../settings/section_options.ts";
import type { MappingSpec, Source } from "../sdk/source.ts";
import { list, type Look, paragraphs, part, type Row, stack } from "./layout.ts";
import { programName } from "./program.ts";
import { listVariants } from "./source_facts.ts";
import { absenceText, advancedOptions, plainOptions } from "./value.ts";

/** What `agent sources` shows, without a trailing newline. */
export function helpSources(sources: readonly Source[], look: Look = {}): string {
  const byName = sources.toSorted((a, b) => a.name < b.name ? -1 : 1);
  const rows = byName.map(({ name, summary }): Row => [name, summary]);
  const more = `${programName} sources NAME shows the options and fields of a source.`;
  return stack([part("Sources", list(rows, look), look), paragraphs(more, look)]);
}

/** What `agent sources NAME` shows, without a trailing newline. */
export function helpSource(source: Source, look: Look = {}): string {
  const { name, title, kind, summary, options, fields = {}, converters = {} } = source;
  const facts: Row[] = [
    ["Section", `[${name}], or [${name}.ANYTHING] for one more`],
    ["Sends", kind === "assets" ? "assets" : "people"],
    ...listVariants(source).map(({ when, mappingName }): Row => [
      "In Oomnitza",
      when === undefined ? mappingName : `${mappingName} (${when})`,
    ]),
  ];
  return stack([
    paragraphs(`${title}: ${summary}`, look),
    list(facts, look),
    part("Options", list(optionRows(plainOptions(options)), look), look),
    part("Advanced options", list(optionRows(advancedOptions(options)), look), look),
    ...mappingParts(source, look),
    part("Fields of a record", list(Object.entries(fields), look), look),
    part(
      "Converters applied unless a mapping names one",
      list(Object.entries(converters), look),
      look,
    ),
    part("Options of every section", paragraphs(commonOptions(options), look, 2), look),
  ]);
}

function optionRows(options: readonly [string, Option<unknown>][]): Row[] {
  return options.map(([key, option]): Row => {
    const choices = option.choices === undefined ? "" : ` One of ${option.choices.join(", ")}.`;
    const example = option.example === undefined ? "" : ` Example: ${option.example}`;
    return [key, `(${absenceText(option)}) ${option.help}${choices}${example}`];
  });
}

function mappingParts(source: Source, look: Look): string[] {
  return listVariants(source).map(({ when, mappings }) => {
    const title = when === undefined ? "Mapped by default" : `Mapped by default (${when})`;
    const rows = Object.entries(mappings).map(([field, spec]): Row => [field, mappingText(spec)]);
    return part(title, rows.length === 0 ? "  nothing" : list(rows, look), look);
  });
}

/** A mapping as a phrase: `profile.email, through split_email, required`. */
export function mappingText(spec: MappingSpec): string {
  const { source, setting, hardcoded, converter, required } = spec;
  const value = source ??
    (setting === undefined ? stringifyExactJson(hardcoded) : `option ${setting}`);
  return [
    value,
    ...(converter === undefined ? [] : [`through ${converter}`]),
    ...(required === true ? ["required"] : []),
  ].join(", ");
}

/** The names of the options that every section has, without those that the source declares itself. */
function commonOptions(own: Options): string {
  const names = Object.keys({ ...deliveryOptions, ...tlsOptions, ...secretOptions });
  return ["enable", "mapping.FIELD", ...names].filter((name) => !(name in own)).join(", ");
}
