/**
 * The docs page of a source, derived from its declaration.
 *
 * @module
 */

import { readOption } from "../../src/sdk/option.ts";
import type { Mappings, Source } from "../../src/sdk/source.ts";
import { iniSection } from "../../src/describe/ini.ts";
import { code, codeBlock, generated, prose, table } from "./markdown.ts";
import { optionTable } from "./option_table.ts";
import { listVariants } from "../../src/describe/source_facts.ts";
import { advancedOptions, plainOptions, sampleText } from "../../src/describe/value.ts";

/**
 * The page of a source: what its declaration says, then the prose of its notes.
 *
 * @param notes Markdown that goes under a heading "Notes"; may be empty.
 */
export function sourcePage(source: Source, notes: string): string {
  const { title, summary, options, fields = {}, converters = {} } = source;
  const advanced = advancedOptions(options);
  const parts = [
    `# ${title}`,
    prose(summary),
    factTable(source),
    "## Options",
    optionTable(plainOptions(options)),
    ...(advanced.length === 0 ? [] : ["### Advanced options", optionTable(advanced)]),
    "Every section also has the options of [all sections](../config.md#options-of-every-section).",
    "## Mapped by default",
    ...listVariants(source).flatMap(({ when, mappings }) => [
      ...(when === undefined ? [] : [`With ${code(when)}:`]),
      mappingTable(mappings),
    ]),
    ...factList("## Fields of a record", "Field", "Meaning", fields, prose),
    ...factList("### Converters applied by default", "Field", "Converter", converters, code),
    "## Example",
    codeBlock("ini", exampleSection(source)),
  ];
  const page = generated(parts.join("\n\n"));
  return notes.trim() === "" ? `${page}\n` : `${page}\n\n## Notes\n\n${notes.trim()}\n`;
}

function factTable(source: Source): string {
  const { name, kind, vendorId } = source;
  const variants = listVariants(source).map(({ when, mappingName }) =>
    when === undefined ? code(mappingName) : `${code(mappingName)} with ${code(when)}`
  );
  return table(["Fact", "Value"], [
    ["Section", `${code(`[${name}]`)}, more as ${code(`[${name}.ANYTHING]`)}`],
    ["Sends", kind === "assets" ? "assets" : "people"],
    ["Name in Oomnitza", variants.join(", ")],
    ...vendorId === undefined
      ? []
      : [["Id of a record", [vendorId].flat().map(code).join(" or ")] as const],
  ]);
}

function mappingTable(mappings: Mappings): string {
  const rows = Object.entries(mappings).map(([field, spec]) => [
    code(field),
    spec.source !== undefined
      ? code(spec.source)
      : spec.setting !== undefined
      ? `option ${code(spec.setting)}`
      : code(JSON.stringify(spec.hardcoded)),
    code(spec.converter ?? ""),
    spec.required === true ? "yes" : "",
  ]);
  if (rows.length === 0) return "Nothing: the mappings of the section and of Oomnitza say it all.";
  return table(["Oomnitza field", "Value from", "Converter", "Required"], rows);
}

function factList(
  heading: string,
  left: string,
  right: string,
  facts: Readonly<Record<string, string>>,
  show: (text: string) => string,
): string[] {
  const rows = Object.entries(facts).map(([key, text]) => [code(key), show(text)]);
  return rows.length === 0 ? [] : [heading, table([left, right], rows)];
}

/** Columns that a mapping example reads where the source itself knows no fields, as with CSV. */
const sampleColumns: Readonly<Record<string, string>> = { USER: "E-mail", EMAIL: "E-mail" };

/**
 * A section that can be enabled as it stands: the options that it must have with their examples, the
 * sync field, and mappings for the fields that must be mapped and are not by default.
 */
export function exampleSection(source: Source): string {
  const chosen = plainOptions(source.options).filter(([, option]) =>
    !option.optional || option.recommended !== undefined
  );
  const spare = plainOptions(source.options)
    .filter(([key, { optional, example }]) =>
      optional && example !== undefined && chosen.every(([known]) => known !== key)
    );
  // Options of which one is needed, as CSV's filename and directory, are added until the rule is content.
  while (breaksRule(source, chosen.map(([key]) => key))) {
    const next = spare.shift();
    if (next === undefined) break;
    chosen.push(next);
  }
  const texts = plainOptions(source.options)
    .filter(([key]) => chosen.some(([known]) => known === key))
    .map(([key, option]): [string, string] => [key, sampleText(option)]);
  const entries = [["enable", "True"] as const, ...texts, ...mappingLines(source, texts)];
  return iniSection(source.name, entries.map(([key, value]) => ({ key, value })));
}

function breaksRule(source: Source, keys: readonly string[]): boolean {
  const values = Object.entries(source.options).map(([key, option]) => {
    const result = readOption(option, keys.includes(key) ? sampleText(option) : undefined);
    return [key, result.ok ? result.value : undefined] as const;
  });
  return source.rule?.(Object.fromEntries(values)) !== undefined;
}

function mappingLines(
  source: Source,
  texts: readonly (readonly [string, string])[],
): [string, string][] {
  const mapped = listVariants(source)[0]?.mappings ?? {};
  const syncFields = texts.filter(([key]) => key === "sync_field").map(([, text]) => text);
  const needed = source.kind === "users" ? ["USER", "EMAIL", ...syncFields] : syncFields;
  const [known] = Object.keys(source.fields ?? {});
  return [...new Set(needed)].filter((field) => !(field in mapped)).map((field) => [
    `mapping.${field}`,
    known ?? sampleColumns[field] ?? "Serial Number",
  ]);
}
