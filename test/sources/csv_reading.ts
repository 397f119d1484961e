/**
 * What the tests of csv_assets and csv_users share: a source run from the texts of its options.
 *
 * @module
 */

import type { SourceRecord } from "../../src/base/record.ts";
import { type Options, readOption, type Values } from "../../src/sdk/option.ts";
import type { Source, SourceContext } from "../../src/sdk/source.ts";
import { drain, keepLog } from "../sdk/csv_reading.ts";

/** Checks and reads a source with option texts as an ini would hold them; throws what it throws. */
export async function readSource(
  source: Source,
  texts: Readonly<Record<string, string>>,
): Promise<readonly SourceRecord[]> {
  const context = contextOf(source, texts);
  const problem = source.rule?.(context.options);
  if (problem !== undefined) throw new Error(problem);
  await source.check?.(context);
  const { records, error } = await drain(source.records(context));
  if (error !== undefined) throw error;
  return records;
}

function contextOf(source: Source, texts: Readonly<Record<string, string>>) {
  const values: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(source.options)) {
    const result = readOption(option, texts[key]);
    if (!result.ok) throw new Error(`${key} ${result.problem}`);
    values[key] = result.value;
  }
  return {
    options: values,
    log: keepLog(),
    signal: new AbortController().signal,
    wanted: { everything: true, paths: [] },
    total: () => {
      throw new Error("a file does not say how many records there should be");
    },
    // A file needs nothing else: whatever else is asked for fails the test.
  } as unknown as SourceContext<Values<Options>>;
}
