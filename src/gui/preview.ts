/**
 * What would become of the first records of a section, with nothing sent.
 *
 * @module
 */
import { retryPolicies } from "../sdk/http/retry.ts";
import { AgentError } from "../base/errors.ts";
import { Skipped } from "../base/record.ts";
import { parseIni } from "../config/ini.ts";
import { chooseSections, type Plan } from "../config/plan.ts";
import { explain, type Explanation, type ReadRecord, readRecords } from "../sync/read/explain.ts";
import { openSession } from "../app/session.ts";
import { textToTest } from "./connection.ts";
import type { Desk } from "./context.ts";

/** What is to be looked at. */
export interface PreviewWish {
  readonly section: string;
  /** Records to read. */
  readonly count: number;
  /** Whether the last of them is to be explained field by field. */
  readonly explains: boolean;
}

/** What was read. */
export interface Previewed {
  readonly records: readonly ReadRecord[];
  /** What could not be read. */
  readonly skipped: readonly Skipped[];
  /** Of the last record, when it was asked for and is there. */
  readonly explanation: Explanation | undefined;
}

/**
 * Reads the first records of a section, enabled or not, and maps them as an upload does.
 *
 * @throws {AgentError} as the source, Oomnitza or the configuration does
 */
export async function preview(desk: Desk, wish: PreviewWish): Promise<Previewed> {
  const file = desk.read();
  const document = parseIni(textToTest(file, wish.section, []), file.path);
  using _awake = desk.keepAwake();
  return await desk.withPlan(document, [wish.section], (plan) => read(desk, plan, wish));
}

async function read(
  desk: Desk,
  plan: Plan,
  { section, count, explains }: PreviewWish,
): Promise<Previewed> {
  const { signal } = desk;
  const { log, redactor } = desk.work.context;
  const { chosen } = chooseSections(plan, [section]);
  const context = { log, redactor, signal, stateFile: desk.state };
  const session = await openSession(context, plan, chosen, retryPolicies.interactive);
  const [prepared] = await session.prepare();
  if (prepared === undefined) throw new AgentError(`There is no section [${section}]`);
  const { oomnitza, http } = session;
  const apiVersion = plan.oomnitza?.api_version ?? "auto";
  const converters = { log, signal, oomnitza, http };
  const how = {
    signal,
    redactor,
    workers: 1,
    retry: retryPolicies.interactive,
    converters,
    apiVersion,
  };
  const records: ReadRecord[] = [];
  const skipped: Skipped[] = [];
  for await (const item of readRecords(prepared, how, count)) {
    if (item instanceof Skipped) {
      skipped.push(item);
      continue;
    }
    records.push(item);
    if (records.length < count) continue;
    // While the source is still open: converters may ask it.
    const explanation = explains ? await explain(prepared, item, apiVersion) : undefined;
    return { records, skipped, explanation };
  }
  return { records, skipped, explanation: undefined };
}
