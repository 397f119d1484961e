/**
 * Tries mappings on a record that was read: what each field would get. Nothing is asked of anybody, so
 * that it can be done while somebody writes.
 *
 * @module
 */

import { converterNames, findConverter } from "../../converters/mod.ts";
import type { SourceRecord } from "../base/record.ts";
import type { Config } from "../config/config.ts";
import type { SectionConfig } from "../config/section.ts";
import type { Log } from "../logging/log.ts";
import type { CompiledUserCode } from "../sync/user_code.ts";
import { compileUserCode, selectSectionCode } from "../sync/user_code.ts";
import { findCallProblem } from "../transform/check_converters.ts";
import { bindConverters, type Conversions } from "../transform/convert.ts";
import { createConversionProblems } from "../transform/conversion_problems.ts";
import { parseConverterCall } from "../transform/converter_call.ts";
import { compileReader } from "../transform/map.ts";
import type { FieldMapping } from "../transform/mapping.ts";
import { ConversionFailure } from "../transform/on_error.ts";

/** What one field would get of a record. */
export interface TriedField {
  readonly field: string;
  /** The value that was looked up. */
  readonly input: unknown;
  /** The value that goes on; null when there is none. */
  readonly output: unknown;
  /** Why the converter failed. */
  readonly failed: string | undefined;
  /** Whether its converter asks other systems, which is left to the preview. */
  readonly isLeftOut: boolean;
}

/** Whether a converter must ask Oomnitza or another system for each run or record. */
function asksOthers({ spec: { converter } }: FieldMapping, custom: ReadonlySet<string>): boolean {
  const { name } = parseConverterCall(converter ?? "");
  if (custom.has(name.toLowerCase())) return false;
  const found = findConverter(name);
  return found?.waits === true || found?.prepare !== undefined;
}

/** What the custom converters return for a record, by field. */
async function runCustom(
  section: SectionConfig,
  code: CompiledUserCode,
  { custom }: Conversions,
  inputs: ReadonlyMap<string, unknown>,
  record: SourceRecord,
  log: Log,
): Promise<ReadonlyMap<string, Pick<TriedField, "output" | "failed">>> {
  if (custom.length === 0) return new Map();
  const { createSandbox, defaultLimits } = await import("../sandbox/mod.ts");
  const sandbox = await createSandbox({
    programs: code.converters,
    calls: custom,
    filter: undefined,
    limits: { ...defaultLimits, ...selectSectionCode(section, code).limits },
    log,
    now: new Date(),
  });
  try {
    const values = custom.map(({ target }) => inputs.get(target) ?? null);
    const [outcome] = await sandbox.run([{ record, values }]);
    return new Map(custom.map(({ target }, index) => {
      if (outcome === undefined || !("results" in outcome)) {
        const failed = outcome !== undefined && "failed" in outcome ? outcome.failed : "no result";
        return [target, { output: null, failed }] as const;
      }
      const failed = outcome.failures?.find(({ call }) => call === index)?.reason;
      return [target, { output: outcome.results[index] ?? null, failed }] as const;
    }));
  } finally {
    await sandbox.close();
  }
}

/**
 * Maps some fields of a record. Fields whose converter does not exist are left out: that is found
 * elsewhere.
 *
 * @param log takes what user code logs.
 */
export async function tryMappings(
  config: Config,
  section: SectionConfig,
  fields: readonly FieldMapping[],
  record: SourceRecord,
  log: Log,
): Promise<TriedField[]> {
  const names = new Set(config.converters.map(({ name }) => name));
  const lookup = { find: findConverter, names: converterNames, custom: names };
  const valid = fields.filter(({ spec: { converter } }) =>
    converter === undefined || findCallProblem(converter, lookup) === undefined
  );
  const bound = valid.filter((mapping) => !asksOthers(mapping, names));
  const conversions = bindConverters(bound, {
    lookup,
    problems: createConversionProblems(log),
    onError: section.settings.on_error,
  });
  const usesCode = conversions.custom.length > 0;
  const code = await compileUserCode(usesCode ? config.converters : [], []);
  const inputs = new Map(valid.map((mapping) => {
    return [mapping.field, compileReader(mapping, section.texts)(record) ?? null] as const;
  }));
  const custom = await runCustom(section, code, conversions, inputs, record, log);
  return valid.map((mapping) => {
    const { field } = mapping;
    const input = inputs.get(field);
    const isLeftOut = asksOthers(mapping, names);
    const known = { field, input, isLeftOut };
    const ran = custom.get(field);
    if (ran !== undefined) return { ...known, ...ran };
    return { ...known, ...isLeftOut ? noResult : convert(conversions, field, record, input) };
  });
}

const noResult = { output: null, failed: undefined } as const;

function convert(
  conversions: Conversions,
  field: string,
  record: SourceRecord,
  input: unknown,
): Pick<TriedField, "output" | "failed"> {
  const counts = conversions.counts.find((each) => each.field === field);
  const output = conversions.of(field)?.(record, input) ?? input;
  if (output instanceof ConversionFailure) return { output: null, failed: output.reason };
  return { output, failed: counts?.reason };
}
