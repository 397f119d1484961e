/**
 * `agent try`: runs one converter or filter on saved records.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { findConverter } from "../../converters/mod.ts";
import { ConfigError, messageOf, UsageError } from "../base/errors.ts";
import { isObject, type Raw } from "../base/record.ts";
import type { Plan } from "../config/plan.ts";
import type { SectionPlan } from "../config/section.ts";
import type { Converter } from "../sdk/converter.ts";
import { opt, optional, type Values } from "../sdk/option.ts";
import { codeOf, planCode, type PlannedCode } from "../sync/user_code.ts";
import { parseConverterCall, type ParsedConverterCall } from "../transform/converter_call.ts";
import { lookUp } from "../transform/path.ts";
import type { SandboxOutcome } from "../sandbox/mod.ts";
import { loadPlan } from "../app/configuration.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";

const flags = {
  "record": optional(opt.path(
    "File with a source record, or a list of them, as JSON; --save-data writes such files.",
  )),
  "source": opt.text("Path into the record whose value the converter gets.", { default: "" }),
} as const;

/** What running on one record came to. */
type Shown = { readonly result: unknown } | { readonly kept: boolean } | {
  readonly failed: string;
};

function readRecords({ directory }: CommandContext, path: string): Raw[] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(resolve(directory, path), "utf8"));
  } catch (error) {
    throw new UsageError(`Cannot read records from ${path}: ${messageOf(error)}`, { cause: error });
  }
  const records = Array.isArray(value) ? value : [value];
  if (!records.every(isObject)) throw new UsageError(`${path} holds something that is no record`);
  return records;
}

function runBuiltin(
  context: CommandContext,
  converter: Converter,
  { params }: ParsedConverterCall,
  source: string,
  record: Raw,
): Shown {
  const value = source === "" ? null : lookUp(record, source);
  const complain = (problem: string) => context.log.warning(`${converter.name}: ${problem}`);
  try {
    return {
      result: converter.convert({ field: source, record, value, params, complain }, undefined) ??
        null,
    };
  } catch (error) {
    return { failed: messageOf(error) };
  }
}

function shownOf(outcome: SandboxOutcome | undefined, isFilter: boolean): Shown {
  if (outcome === undefined) return { failed: "no answer" };
  if ("failed" in outcome) return { failed: outcome.failed };
  if (isFilter) return { kept: outcome.keep };
  return { result: outcome.keep ? outcome.results[0] ?? null : null };
}

async function runCustom(
  context: CommandContext,
  plan: Plan,
  target: ParsedConverterCall | SectionPlan,
  source: string,
  records: readonly Raw[],
): Promise<Shown[]> {
  const section = "options" in target ? target : undefined;
  const planned: PlannedCode = await planCode(
    plan.converters,
    section === undefined ? [] : [section],
  );
  if (planned.findings.length > 0) {
    throw new ConfigError("The code cannot be used", planned.findings);
  }
  const limits = section === undefined ? {} : codeOf(section, planned).limits;
  const { createSandbox, defaultLimits } = await import("../sandbox/mod.ts");
  const sandbox = await createSandbox({
    programs: planned.converters,
    calls: "params" in target
      ? [{ converter: target.name, field: source, params: target.params }]
      : [],
    filter: section === undefined ? undefined : planned.filters.get(section.name),
    limits: { ...defaultLimits, ...limits },
    log: context.log,
  });
  const inputs = records.map((record) => {
    const values = section === undefined ? [source === "" ? null : lookUp(record, source)] : [];
    return { record, values };
  });
  const outcomes = await sandbox.run(inputs);
  await sandbox.close();
  return records.map((_, index) => shownOf(outcomes[index], section !== undefined));
}

async function runOn(
  context: CommandContext,
  name: string,
  values: Values<typeof flags>,
  records: readonly Raw[],
): Promise<Shown[]> {
  const plan = loadPlan(context);
  const call = parseConverterCall(name);
  if (plan.converters.some((custom) => custom.name === call.name.toLowerCase())) {
    return await runCustom(context, plan, call, values.source, records);
  }
  const section = plan.sections.find((candidate) => candidate.name === name);
  if (section?.filter !== undefined) return await runCustom(context, plan, section, "", records);
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
      `${converter.name} asks another system, so it cannot be tried on saved records`,
    );
  }
  return records.map((record) => runBuiltin(context, converter, call, values.source, record));
}

/** Runs one converter or filter on saved records. */
export const tryCommand = defineCommand({
  name: "try",
  summary:
    "Run one converter, or the filter of a section, on saved records and show what it makes of them.",
  details:
    "Nothing is read from a source and nothing is sent. Log lines of the code go to standard error.",
  positionals: {
    usage: "NAME",
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
      context.print(JSON.stringify({ ms, records: shown }, null, 2));
    } else for (const one of shown) context.print(textOf(one));
    context.log.info(`${records.length} records in ${ms.toFixed(0)} ms`);
    return shown.some((one) => "failed" in one) ? exitCodes.failed : exitCodes.ok;
  },
});

function textOf(shown: Shown): string {
  if ("failed" in shown) return `failed: ${shown.failed}`;
  if ("kept" in shown) return shown.kept ? "kept" : "filtered";
  return JSON.stringify(shown.result);
}
