/**
 * `agent try`: runs one converter or filter on saved records.
 *
 * @module
 */

import { parseExactJson, stringifyExactJson } from "../base/json.ts";
import { neutralise } from "../logging/log.ts";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { findConverter } from "../../converters/mod.ts";
import { messageOf, UsageError } from "../base/errors.ts";
import { isObject, type SourceRecord } from "../base/record.ts";
import { loadConfig } from "../app/configuration.ts";
import { type TriedCode, tryCode } from "../app/try_code.ts";
import type { Config } from "../config/config.ts";
import type { SandboxOutcome } from "../sandbox/mod.ts";
import type { Converter } from "../sdk/converter.ts";
import { opt, optional, type Values } from "../sdk/option.ts";
import { parseConverterCall, type ParsedConverterCall } from "../transform/converter_call.ts";
import { lookUp } from "../transform/path.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";

const flags = {
  "record": optional(opt.path(
    "File with a source record, or a list of them, as JSON; --save-data writes such files.",
  )),
  "source": opt.text("Path into the record whose value the converter gets.", { default: "" }),
} as const;

/** What running on one record came to; `under`: the version of Python, where both are shown. */
type TryResult = Outcome & { readonly under?: string };

type Outcome = { readonly result: unknown } | { readonly kept: boolean } | {
  readonly failed: string;
};

function readRecords({ directory }: CommandContext, path: string): SourceRecord[] {
  let value: unknown;
  try {
    value = parseExactJson(readFileSync(resolve(directory, path), "utf8"));
  } catch (error) {
    throw new UsageError(`Cannot read records from ${path}: ${messageOf(error)}`, { cause: error });
  }
  const records = Array.isArray(value) ? value : [value];
  if (!records.every(isObject)) {
    throw new UsageError(`${path} holds something that is not a JSON object`);
  }
  return records;
}

function runBuiltin(
  context: CommandContext,
  converter: Converter,
  { params }: ParsedConverterCall,
  source: string,
  record: SourceRecord,
): TryResult {
  const value = source === "" ? null : lookUp(record, source);
  const report = (problem: string) => context.log.warning(`${converter.name}: ${problem}`);
  try {
    return {
      result: converter.convert({ field: source, record, value, params, report }, undefined) ??
        null,
    };
  } catch (error) {
    return { failed: messageOf(error) };
  }
}

function toOutcome(outcome: SandboxOutcome | undefined, isFilter: boolean): Outcome {
  if (outcome === undefined) return { failed: "no result" };
  if ("failed" in outcome) return { failed: outcome.failed };
  if (isFilter) return { kept: outcome.keep };
  return { result: outcome.keep ? outcome.results[0] ?? null : null };
}

/** Runs the code; of results that differ between the versions of Python, both are given. */
async function runCustom(
  { log }: CommandContext,
  config: Config,
  code: TriedCode,
  records: readonly SourceRecord[],
): Promise<TryResult[]> {
  const isFilter = code.kind === "filter";
  const tried = await tryCode(config, code, records, log);
  return tried.flatMap(({ run, underPython2 }): TryResult[] => {
    const shown = toOutcome(run.outcome, isFilter);
    if (underPython2 === undefined) return [shown];
    const other = toOutcome(underPython2.outcome, isFilter);
    return [{ ...shown, under: "Python 3" }, { ...other, under: "Python 2" }];
  });
}

/** The source path of the first mapping that uses a converter; blank when none does. */
function inferSource({ log }: CommandContext, { sections }: Config, converter: string): string {
  for (const { name, builtin, mappings } of sections) {
    const inherited = Object.entries(builtin).map(([field, spec]) => ({ field, spec }));
    for (const { field, spec } of [...mappings, ...inherited]) {
      if (spec.source === undefined || spec.converter === undefined) continue;
      const called = parseConverterCall(spec.converter).name;
      if (called.toLowerCase() !== converter.toLowerCase()) continue;
      log.info(`The value is ${spec.source}, as in mapping.${field} of [${name}]`);
      return spec.source;
    }
  }
  return "";
}

async function runOn(
  context: CommandContext,
  name: string,
  values: Values<typeof flags>,
  records: readonly SourceRecord[],
): Promise<TryResult[]> {
  const config = loadConfig(context);
  const call = parseConverterCall(name);
  const source = values.source === "" ? inferSource(context, config, call.name) : values.source;
  if (config.converters.some((custom) => custom.name === call.name.toLowerCase())) {
    const code = { kind: "converter", ...call, source } as const;
    return await runCustom(context, config, code, records);
  }
  const section = config.sections.find((candidate) => candidate.name === name);
  if (section?.filter !== undefined) {
    return await runCustom(context, config, { kind: "filter", section }, records);
  }
  const converter = findConverter(call.name);
  if (converter === undefined) {
    throw new UsageError(
      `There is no converter ${call.name}, and no enabled section ${name} with a filter`,
      {
        hint: 'The command "converters" lists them.',
      },
    );
  }
  if (converter.prepare !== undefined || converter.waits === true) {
    throw new UsageError(
      `${converter.name} queries another system, so it cannot be tried on saved records`,
    );
  }
  return records.map((record) => runBuiltin(context, converter, call, source, record));
}

/** Runs one converter or filter on saved records. */
export const tryCommand = defineCommand({
  name: "try",
  summary: "Run one converter, or the filter of a section, on saved records and show the results.",
  details:
    "Nothing is read from a source and nothing is sent. Log lines of the code go to standard error. Without --source, the value is that of the first mapping that uses the converter.",
  positionals: {
    usage: "NAME",
    names: "sections",
    help:
      "A converter, with parameters as in a mapping (split:on=,|index=1), or a section whose filter to run.",
    minimum: 1,
    maximum: 1,
  },
  flags,
  examples: [
    {
      line: "agent try my_converter --record saved_data/0.json --source position",
      does: "run a converter",
    },
    {
      line: "agent try csv_assets --record saved_data/0.json",
      does: "run the filter of a section",
    },
  ],
  async run(context, values, [name = ""]) {
    if (values.record === undefined) {
      throw new UsageError("try needs --record", {
        hint: "For example --record saved_data/0.json",
      });
    }
    const records = readRecords(context, values.record);
    const begun = performance.now();
    const shown = await runOn(context, name, values, records);
    const ms = performance.now() - begun;
    if (context.global.output === "json") {
      context.print(stringifyExactJson({ ms, records: shown }, 2));
    } else for (const one of shown) context.print(formatTryResult(one));
    context.log.info(`${records.length} records in ${ms.toFixed(0)} ms`);
    return shown.some((one) => "failed" in one) ? exitCodes.failed : exitCodes.ok;
  },
});

function formatTryResult(shown: TryResult): string {
  const { under } = shown;
  return neutralise(
    under === undefined ? formatOutcome(shown) : `${under}: ${formatOutcome(shown)}`,
  );
}

function formatOutcome(shown: TryResult): string {
  if ("failed" in shown) return `failed: ${shown.failed}`;
  if ("kept" in shown) return shown.kept ? "kept" : "filtered";
  return stringifyExactJson(shown.result);
}
