/**
 * What would become of the first records of a section, with nothing sent.
 *
 * @module
 */
import { AgentError } from "../base/errors.ts";
import { parseIni } from "../config/ini.ts";
import { chooseSections, type Plan } from "../config/plan.ts";
import { impatient } from "../sync/read/probe.ts";
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
  // The source is told to end when there is enough, so that nothing goes on in the background.
  const enough = new AbortController();
  const signal = AbortSignal.any([desk.signal, enough.signal]);
  try {
    return await desk.withPlan(document, [wish.section], (plan) => read(desk, plan, wish, signal));
  } finally {
    enough.abort();
  }
}

async function read(
  desk: Desk,
  plan: Plan,
  { section, count, explains }: PreviewWish,
  signal: AbortSignal,
): Promise<Previewed> {
  const { log, redactor } = desk.work.context;
  const { chosen } = chooseSections(plan, [section]);
  const context = { log, redactor, signal, stateFile: desk.state };
  const session = await openSession(context, plan, chosen, impatient);
  const [prepared] = await session.prepare();
  if (prepared === undefined) throw new AgentError(`There is no section [${section}]`);
  const { oomnitza, http } = session;
  const apiVersion = plan.oomnitza?.api_version ?? "auto";
  const converters = { log, signal, oomnitza, http };
  const how = { signal, redactor, workers: 1, retry: impatient, converters, apiVersion };
  const records: ReadRecord[] = [];
  for await (const record of readRecords(prepared, how)) {
    records.push(record);
    if (records.length < count) continue;
    // While the source is still open: converters may ask it.
    const explanation = explains ? await explain(prepared, record, apiVersion) : undefined;
    return { records, explanation };
  }
  return { records, explanation: undefined };
}
