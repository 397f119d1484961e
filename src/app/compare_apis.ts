/**
 * Compares what a section gets by the older and by the newer API of its vendor: some records, every mapped
 * field of each. Nothing is sent. What was found is remembered: a section that leaves the choice open is read by the newer one once all
 * was the same.
 *
 * @module
 */

import { stringifyExactJson } from "../base/json.ts";
import type { MappedRecord } from "../base/record.ts";
import type { Config } from "../config/config.ts";
import type { SectionConfig } from "../config/section.ts";
import { retryPolicies } from "../sdk/http/retry.ts";
import type { ApiComparison, ApiPair, ComparedRecord } from "../sdk/apis.ts";
import type { Source } from "../sdk/source.ts";
import { Dropped, type Outcomes } from "../transform/map.ts";
import { openTransform } from "../transform/transform.ts";
import type { PreparedSection } from "../sync/prepare.ts";
import { rememberComparison } from "../sync/read/api_proof.ts";
import { sourceContext } from "../sync/read/source_context.ts";
import { toSectionError } from "../sync/report.ts";
import { type CheckResult, notEnabledResults } from "./check.ts";
import { selectSections } from "./configuration.ts";
import type { AppContext } from "./context.ts";
import { openReadSession, type ReadSession } from "./session.ts";
import { findCursors } from "./store.ts";

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
  names: ApiPair["names"],
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

/** What a comparison found. */
interface Found extends ApiComparison {
  /** Each field that differs, as a sentence. */
  readonly differences: readonly string[];
  /** Records of which something would be sent. */
  readonly mapped: number;
}

function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** What was found, without a full stop; nothing when all is identical. */
function describeFailure({ records, total, differences, mapped }: Found): string | undefined {
  if (records.length === 0) return "no record could be compared";
  const compared = `${records.length} of ${total} records compared`;
  if (differences.length > 0) {
    return `${compared}, ${plural(differences.length, "value differs", "values differ")}`;
  }
  return mapped === 0 ? `${compared}, of which none would be sent` : undefined;
}

/** What to do, or what happens, now that all is identical. */
function describeNext(
  { skipped }: Found,
  { names, setting, choose }: ApiPair,
  { options }: SectionConfig,
  stateFile: string | undefined,
): string | null {
  const choice = choose(options);
  if (choice === "newer") return null;
  if (choice === "older" || stateFile === undefined) return `Set ${setting}.`;
  if (skipped.length === 0) return `The section is read by ${names.newer} from now on.`;
  const count = plural(skipped.length, "record was", "records were");
  return `It proves nothing, since ${count} not compared: compare again, or set ${setting}.`;
}

/** The result for a person: what is identical, or what is not, and what the newer API would spare. */
function toResult(
  section: SectionConfig,
  found: Found,
  apis: ApiPair,
  stateFile: string | undefined,
): CheckResult {
  const { records, skipped, total, requests, differences } = found;
  const failure = describeFailure(found);
  const more = differences.length - maxNamed;
  return {
    section: section.name,
    ok: failure === undefined,
    message: failure ??
      `identical: ${records.length} of ${total} records by ${apis.names.older} and by ` +
        `${apis.names.newer}; ${requests.older} requests become ${requests.newer}.`,
    hint: failure === undefined ? describeNext(found, apis, section, stateFile) : null,
    warnings: [
      ...skipped.map(({ identity, reason }) => `${identity} was not compared: ${reason}`),
      ...differences.slice(0, maxNamed),
      ...more > 0 ? [`… and ${more} more`] : [],
    ],
  };
}

/** Reads records by both APIs and maps them. */
async function compareMapped(
  app: AppContext,
  { oomnitza, http }: ReadSession,
  prepared: PreparedSection,
  { apis, compare }: { readonly apis: ApiPair; readonly compare: Compare },
): Promise<Found> {
  const { signal, redactor, log } = app;
  const cursors = findCursors(app);
  const settings = { signal, redactor, cursors, workers: 1, retry: retryPolicies.interactive };
  const found = await compare(sourceContext(prepared, settings), sampleSize);
  const converters = { log, signal, oomnitza, http };
  await prepared.conversions.prepare(converters);
  const { older, newer } = await mapBoth(prepared, found.records);
  prepared.conversions.finish(converters);
  const differences = found.records.flatMap((record, index) =>
    describeDifferences(record, apis.names, listFields(older[index]), listFields(newer[index]))
  );
  const mapped = older.filter((outcome) => !(outcome instanceof Dropped)).length;
  return { ...found, differences, mapped };
}

type Compare = NonNullable<Source["compareApis"]>;

/**
 * Remembers what was found: that all is the same, where all of the sample was compared and something of it
 * would be sent, or that something differs. What could not be compared says neither.
 */
async function remember(
  app: AppContext,
  prepared: PreparedSection,
  found: Found,
): Promise<void> {
  const cursors = findCursors(app);
  if (cursors === undefined) return;
  const differs = found.differences.length > 0;
  const isProof = describeFailure(found) === undefined && found.skipped.length === 0;
  if (differs || isProof) await rememberComparison(prepared, cursors, isProof);
}

async function compareSection(
  app: AppContext,
  session: ReadSession,
  prepared: PreparedSection,
): Promise<CheckResult> {
  const { name: section, source } = prepared.section;
  const { apis, compareApis: compare } = source;
  try {
    if (apis === undefined || compare === undefined) {
      const message = `${source.title} is read by one API only`;
      return { section, ok: true, message, hint: null, warnings: [] };
    }
    const found = await compareMapped(app, session, prepared, { apis, compare });
    app.signal.throwIfAborted();
    await remember(app, prepared, found);
    return toResult(prepared.section, found, apis, app.stateFile);
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
