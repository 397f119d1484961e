/**
 * `--show-mappings`: the effective mapping table and where each line comes from.
 *
 * @module
 */

import { stringifyExactJson } from "../base/json.ts";
import { ConfigError, formatFinding } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import { readAllMappings } from "../app/mappings.ts";
import {
  describeOrigins,
  describeValueSource,
  type FieldMapping,
  reportMapping,
} from "../transform/mapping.ts";
import { type CommandContext, exitCodes } from "./command.ts";
import { table } from "./table.ts";

function formatMappingRow(mapping: FieldMapping): string[] {
  const { spec } = mapping;
  return [
    mapping.field,
    describeValueSource(mapping),
    spec.converter ?? "",
    spec.required === true ? "required" : "",
    describeOrigins(mapping),
  ];
}

/** Shows the mappings of every enabled section. Nothing is read from a source, nothing is sent. */
export async function showMappings(context: CommandContext, config: Config): Promise<number> {
  const all = await readAllMappings(context, config);
  if (context.global.output === "json") {
    const shown = all.map(({ section, fields }) => {
      return {
        section: section.name,
        mapping_name: section.mappingName,
        mappings: fields.map(reportMapping),
      };
    });
    context.print(stringifyExactJson(shown, 2));
  } else {
    const head = ["FIELD", "VALUE FROM", "CONVERTER", "", "ORIGIN"];
    for (const { section, fields } of all) {
      context.print(
        `${section.name} Mappings\n${table([head, ...fields.map(formatMappingRow)])}\n`,
      );
    }
  }
  const findings = all.flatMap((each) => each.findings);
  for (const finding of findings) {
    if (finding.severity === "warning") context.log.warning(formatFinding(finding));
  }
  if (findings.some(({ severity }) => severity === "error")) {
    throw new ConfigError("The mappings are not complete", findings);
  }
  return exitCodes.ok;
}
