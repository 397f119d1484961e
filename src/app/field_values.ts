/**
 * Looks whether the first records of a section have values that Oomnitza will refuse.
 *
 * @module
 */

import { Skipped } from "../base/record.ts";
import type { Config } from "../config/config.ts";
import type { FieldRule } from "../oomnitza/fields.ts";
import { retryPolicies } from "../sdk/http/retry.ts";
import { type FieldRefusal, FieldRefusals } from "../sync/field_refusals.ts";
import type { PreparedSection } from "../sync/prepare.ts";
import { readRecords } from "../sync/read/explain.ts";
import { Dropped } from "../transform/map.ts";
import type { AppContext } from "./context.ts";
import { openReadSession, type ReadSession } from "./session.ts";

/** What Oomnitza tells about the mapped fields of a section, and what that means for its records. */
export interface FieldValues {
  /** The rules of mapped fields, by field. */
  readonly rules: ReadonlyMap<string, FieldRule>;
  readonly refusals: readonly FieldRefusal[];
  /** Records that were looked at. */
  readonly records: number;
}

/**
 * Looks at the first records of a prepared section; undefined when the instance does not tell about its
 * fields, or the mapped ones take everything. Then nothing is read.
 *
 * @throws {AgentError} as the source does.
 */
export async function findFieldValues(
  app: Pick<AppContext, "log" | "signal" | "redactor">,
  session: Pick<ReadSession, "oomnitza" | "http" | "settings">,
  prepared: PreparedSection,
  count: number,
): Promise<FieldValues | undefined> {
  const known = await prepared.fieldRules(prepared.section.kind);
  if (known === undefined) return undefined;
  const fields = prepared.mapping.fields.map(({ field }) => field);
  const rules = new Map(fields.flatMap((field) => {
    const rule = known.find(field);
    return rule === undefined ? [] : [[field, rule] as const];
  }));
  const isStrict = rules.values().some(({ type, values }) =>
    values !== undefined || type === "number" || type === "date"
  );
  if (!isStrict) return { rules, refusals: [], records: 0 };
  const { log, signal, redactor } = app;
  const { oomnitza, http, settings: { api_version: apiVersion } } = session;
  const converters = { log, signal, oomnitza, http };
  const retry = retryPolicies.interactive;
  const reading = { signal, redactor, workers: 1, converters, apiVersion, retry };
  const refusals = new FieldRefusals(known);
  let records = 0;
  for await (const item of readRecords(prepared, reading, count)) {
    if (item instanceof Skipped || item.outcome instanceof Dropped) continue;
    records++;
    refusals.look(item.outcome);
  }
  return { rules, refusals: refusals.all, records };
}

/** The same for a section by its name. */
export async function checkFieldValues(
  app: AppContext,
  config: Config,
  section: string,
  count: number,
): Promise<FieldValues | undefined> {
  const chosen = config.sections.filter(({ name }) => name === section);
  const session = await openReadSession(app, config, chosen, retryPolicies.interactive);
  const [prepared] = await session.prepare();
  return prepared && await findFieldValues(app, session, prepared, count);
}
