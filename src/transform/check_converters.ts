/**
 * Converter calls that name a converter or a parameter that does not exist.
 *
 * @module
 */

import type { Finding } from "../base/errors.ts";
import { didYouMean } from "../base/suggest.ts";
import type { Converter } from "../sdk/converter.ts";
import type { ConverterLookup } from "./convert.ts";
import { parseConverterCall } from "./converter_call.ts";
import type { FieldMapping } from "./mapping.ts";

type Problem = Pick<Finding, "code" | "message" | "hint">;

function findParameterProblem(
  { name, params }: Converter,
  given: readonly string[],
): Problem | undefined {
  if (params === "any") return undefined;
  const known = Object.keys(params);
  const unknown = given.find((key) => !known.includes(key));
  if (unknown === undefined) return undefined;
  const has = known.length === 0 ? "it has none" : `it has ${known.join(", ")}`;
  return {
    code: "unknown_parameter",
    message: `calls ${name} with the parameter "${unknown}", which it does not have; ${has}`,
    hint: didYouMean(unknown, known),
  };
}

/** What is wrong with a converter call; nothing when it can be meant. */
export function findCallProblem(call: string, lookup: ConverterLookup): Problem | undefined {
  const { name, params } = parseConverterCall(call);
  if (lookup.custom.has(name.toLowerCase())) return undefined;
  const converter = lookup.find(name);
  if (converter !== undefined) return findParameterProblem(converter, Object.keys(params));
  return {
    code: "unknown_converter",
    message: `names the converter "${name}", which does not exist`,
    hint: didYouMean(name, [...lookup.names, ...lookup.custom]) ??
      "The command converters lists those that are built in",
  };
}

/** Finds every converter call of a mapping table that cannot be meant; all are errors. */
export function checkConverterCalls(
  fields: readonly FieldMapping[],
  lookup: ConverterLookup,
  { file, line }: Pick<Finding, "file" | "line">,
  section: string,
): Finding[] {
  return fields.flatMap(({ field, spec: { converter }, converterOrigin }): Finding[] => {
    const problem = converter === undefined ? undefined : findCallProblem(converter, lookup);
    if (problem === undefined) return [];
    return [{
      ...problem,
      severity: "error",
      file,
      line: converterOrigin?.from === "ini" ? converterOrigin.line : line,
      section,
      option: `mapping.${field.toLowerCase()}`,
    }];
  });
}
