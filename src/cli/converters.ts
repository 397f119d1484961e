/**
 * `agent converters`: every converter that a configuration can use, and where it is used.
 *
 * @module
 */

import { converters as builtins } from "../../converters/mod.ts";
import { loadConfig } from "../app/configuration.ts";
import { mergeSectionMappings } from "../app/mappings.ts";
import { formatFinding } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import { compileUserCode } from "../sync/user_code.ts";
import { parseConverterCall } from "../transform/converter_call.ts";
import { defineCommand, exitCodes } from "./command.ts";
import { table } from "./table.ts";

interface Row {
  readonly name: string;
  /** `built-in`, or the language of a custom converter. */
  readonly language: string;
  /** Why a custom converter was taken for this language. */
  readonly reason: string | null;
  /** Line of a custom converter in the ini. */
  readonly line: number | null;
  /** `section: FIELD` for each use. */
  readonly used: readonly string[];
  readonly problem: string | null;
}

/** Where the converters are used, as far as the file says: mappings kept in Oomnitza have none. */
function listConverterUses(config: Config): Map<string, string[]> {
  const uses = new Map<string, string[]>();
  for (const section of config.sections) {
    for (const { field, spec } of mergeSectionMappings(section, undefined)) {
      if (spec.converter === undefined) continue;
      const name = parseConverterCall(spec.converter).name.toLowerCase();
      uses.set(name, [...uses.get(name) ?? [], `${section.name}: ${field}`]);
    }
  }
  return uses;
}

async function buildRows(config: Config): Promise<Row[]> {
  const uses = listConverterUses(config);
  const code = await compileUserCode(config.converters, []);
  const custom = config.converters.map(({ name, option, line }): Row => {
    const program = code.converters.find(({ source }) => source.name === name);
    const finding = code.findings.find((each) => each.option === option);
    return {
      name,
      language: program?.languageName ?? "unknown",
      reason: program?.reason ?? null,
      line,
      used: uses.get(name) ?? [],
      problem: finding === undefined ? null : formatFinding(finding),
    };
  });
  const own = new Set(custom.map(({ name }) => name));
  const built = builtins.filter(({ name }) => !own.has(name.toLowerCase())).map(({ name }): Row => {
    const used = uses.get(name.toLowerCase()) ?? [];
    return { name, language: "built-in", reason: null, line: null, used, problem: null };
  });
  return [...custom, ...built];
}

/** Lists the converters. */
export const convertersCommand = defineCommand({
  name: "converters",
  summary: "List the converters that the configuration can use, and where it uses them.",
  details:
    "Custom converters come first, with their language and their line in the configuration file.",
  flags: {},
  examples: [{ line: "agent converters", does: "list custom and built-in converters" }],
  async run(context) {
    const rows = await buildRows(loadConfig(context));
    const isWhole = rows.every(({ problem }) => problem === null);
    if (context.global.output === "json") {
      context.print(JSON.stringify(rows, null, 2));
    } else {
      const cells = rows.map(({ name, language, reason, line, used }) => [
        name,
        reason === null ? language : `${language}: ${reason}`,
        line === null ? "" : `ini line ${line}`,
        used.join(", "),
      ]);
      context.print(table([["NAME", "LANGUAGE", "WHERE", "USED BY"], ...cells]));
    }
    for (const { problem } of rows) if (problem !== null) context.log.error(problem);
    return isWhole ? exitCodes.ok : exitCodes.cannotStart;
  },
});
