/**
 * `--show-mappings`: the effective mapping table and where each line comes from.
 *
 * @module
 */

import { ConfigError, type Finding } from "../base/errors.ts";
import { checkMappings, loadMappings } from "../sync/prepare.ts";
import {
  describeOrigins,
  type FieldMapping,
  reportMapping,
  valueOf,
} from "../transform/mapping.ts";
import { type CommandContext, exitCodes } from "./command.ts";
import type { Session } from "./session.ts";
import { table } from "./table.ts";

function rowOf(mapping: FieldMapping): string[] {
  const { spec } = mapping;
  return [
    mapping.field,
    valueOf(mapping),
    spec.converter ?? "",
    spec.required === true ? "required" : "",
    describeOrigins(mapping),
  ];
}

/** Shows the mappings of every enabled section. Nothing is read from a source, nothing is sent. */
export async function showMappings(context: CommandContext, session: Session): Promise<number> {
  const findings: Finding[] = [];
  const shown: unknown[] = [];
  for (const section of session.sections) {
    const checked = checkMappings(section, await loadMappings(section, session.oomnitza));
    findings.push(...checked.findings);
    if (context.global.output === "json") {
      shown.push({
        section: section.name,
        mapping_name: section.mappingName,
        mappings: checked.fields.map(reportMapping),
      });
      continue;
    }
    const rows = checked.fields.map(rowOf);
    const head = ["FIELD", "VALUE FROM", "CONVERTER", "", "SAID BY"];
    context.print(`${section.name} Mappings\n${table([head, ...rows])}\n`);
  }
  if (context.global.output === "json") context.print(JSON.stringify(shown, null, 2));
  if (findings.length > 0) throw new ConfigError("The mappings are not complete", findings);
  return exitCodes.ok;
}
