/**
 * Compares what a section gets by the older and by the newer API of its vendor: some records, every mapped
 * field of each. Nothing is sent.
 *
 * @module
 */

import { stringifyExactJson } from "../base/json.ts";
import type { MappedRecord } from "../base/record.ts";
import type { Config } from "../config/config.ts";
import { retryPolicies } from "../sdk/http/retry.ts";
import type { ApiComparison, ComparedRecord } from "../sdk/source.ts";
import { Dropped, type Outcomes } from "../transform/map.ts";
import { openTransform } from "../transform/transform.ts";
import type { PreparedSection } from "../sync/prepare.ts";
import { sourceContext } from "../sync/read/source_context.ts";
import { toSectionError } from "../sync/report.ts";
import { type CheckResult, notEnabledResults } from "./check.ts";
import { selectSections } from "./configuration.ts";
import type { AppContext } from "./context.ts";
import { openReadSession, type ReadSession } from "./session.ts";

/** Records that are compared. */
const sampleSize = 20;

/** Differences that a result names. */
const maxNamed = 20;

/** The mapped fields of a record; what becomes of one that is not sent is its only field. */
function listFields(outcome: MappedRecord | Dropped | undefined): MappedRecord {
  if (outcome instanceof Dropped) return { "the record": `not sent, ${outcome.kind}` };
  return outcome ?? {};
}

/** Each field that differs, as a sentence. */
function describeDifferences(
  { name }: ComparedRecord,
  names: ApiComparison["names"],
  older: MappedRecord,
  newer: MappedRecord,
): string[] {
  const fields = new Set([...Object.keys(older), ...Object.keys(newer)]);
  return [...fields].flatMap((field) => {
    const [a, b] = [older, newer].map((record) => stringifyExactJson(record[field] ?? null));
    return a === b ? [] : `${name}: ${field} is ${a} by ${names.older}, ${b} by ${names.newer}`;
  });
}

async function mapBoth(
  { mapper, conversions, code, log }: PreparedSection,
  records: readonly ComparedRecord[],
): Promise<{ readonly older: Outcomes; readonly newer: Outcomes }> {
  const transform = await openTransform(mapper, conversions, code, log);
  try {
    return {
      older: await transform.group(records.map(({ older }) => older)),
      newer: await transform.group(records.map(({ newer }) => newer)),
    };
  } finally {
    await transform.close();
  }
}

/** The result for a person: what is identical, or what is not, and what the newer API would spare. */
function toResult(
  section: string,
  { names, records, skipped, total, requests, setting }: ApiComparison,
  differences: readonly string[],
): CheckResult {
  const isSame = differences.length === 0 && records.length > 0;
  const more = differences.length - maxNamed;
  const message = records.length === 0
    ? "no record could be compared"
    : isSame
    ? `identical: ${records.length} of ${total} records by ${names.older} and by ${names.newer}; ` +
      `${requests.older} requests become ${requests.newer}.`
    : `${records.length} of ${total} records compared, ${differences.length} ${
      differences.length === 1 ? "value differs" : "values differ"
    }`;
  return {
    section,
    ok: isSame,
    message,
    hint: isSame ? `Set ${setting}.` : null,
    warnings: [
      ...skipped.map(({ identity, reason }) => `${identity} was not compared: ${reason}`),
      ...differences.slice(0, maxNamed),
      ...more > 0 ? [`… and ${more} more`] : [],
    ],
  };
}

async function compareSection(
  { signal, redactor, log }: AppContext,
  { oomnitza, http }: ReadSession,
  prepared: PreparedSection,
): Promise<CheckResult> {
  const { name: section, source } = prepared.section;
  try {
    if (source.compareApis === undefined) {
      const message = `${source.title} is read by one API only`;
      return { section, ok: true, message, hint: null, warnings: [] };
    }
    const settings = { signal, redactor, workers: 1, retry: retryPolicies.interactive };
    const found = await source.compareApis(sourceContext(prepared, settings), sampleSize);
    const converters = { log, signal, oomnitza, http };
    await prepared.conversions.prepare(converters);
    const { older, newer } = await mapBoth(prepared, found.records);
    prepared.conversions.finish(converters);
    const differences = found.records.flatMap((record, index) =>
      describeDifferences(record, found.names, listFields(older[index]), listFields(newer[index]))
    );
    return toResult(section, found, differences);
  } catch (error) {
    const { message, hint } = toSectionError(error);
    return { section, ok: false, message, hint, warnings: [] };
  }
}

/**
 * Compares the APIs of some sections, or of all that are enabled.
 *
 * @throws {AgentError} what is wrong with the file or with Oomnitza; of a source it is in its result.
 */
export async function compareApis(
  app: AppContext,
  config: Config,
  names: readonly string[] | "all",
): Promise<CheckResult[]> {
  const { chosen, notEnabled } = selectSections(app, config, names);
  const session = await openReadSession(app, config, chosen, retryPolicies.interactive);
  const results: CheckResult[] = [];
  for (const prepared of await session.prepare()) {
    results.push(await compareSection(app, session, prepared));
  }
  return [...results, ...notEnabledResults(notEnabled)];
}
