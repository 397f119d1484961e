/**
 * The built-in converters as part of a docs page.
 *
 * @module
 */

import type { Converter, ConverterExample } from "../../src/sdk/converter.ts";
import { code, prose, table } from "./markdown.ts";

/** Every converter with its parameters and examples, as Markdown under headings of level 2. */
export function converterReference(converters: readonly Converter[]): string {
  const byName = converters.toSorted((a, b) =>
    a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1
  );
  const contents = byName.map(({ name, summary }) => [
    `[${code(name)}](#${name.toLowerCase()})`,
    prose(summary),
  ]);
  return [table(["Converter", "Description"], contents), ...byName.map(converterPart)]
    .join("\n\n");
}

function converterPart(converter: Converter): string {
  const { name, summary, params, examples } = converter;
  const parts = [`## ${name}`, prose(summary)];
  const known = params === "any" ? [] : Object.entries(params);
  if (known.length > 0) {
    parts.push(table(
      ["Parameter", "Default", "Description"],
      known.map((
        [key, { help, default: initial = "" }],
      ) => [code(key), code(initial), prose(help)]),
    ));
  }
  const given = new Set(examples.flatMap((example) => example.given ?? []));
  for (const condition of given) parts.push(`In these examples, ${prose(condition)}.`);
  if (examples.length > 0) parts.push(exampleTable(examples));
  return parts.join("\n\n");
}

function exampleTable(examples: readonly ConverterExample[]): string {
  return table(
    ["Call", "Value", "Record", "Result", "Log"],
    examples.map((example) => [
      code(example.call),
      valueCell(example.value),
      example.record === undefined ? "" : valueCell(example.record),
      valueCell(example.result),
      example.fails === true ? "error" : example.reports ?? "",
    ]),
  );
}

function valueCell(value: unknown): string {
  return code(JSON.stringify(value ?? null));
}
