/**
 * What would become of the first records of a section, with nothing sent.
 *
 * @module
 */
import { AgentError } from "../../base/errors.ts";
import { parseIni } from "../../config/ini.ts";
import { chooseSections, type Plan } from "../../config/plan.ts";
import { impatient } from "../../sync/ask.ts";
import { explain, type Explanation, readRecords } from "../../sync/explain.ts";
import { openSession } from "../../sync/session.ts";
import { textToTest } from "./connection.ts";
import type { Desk } from "./desk.ts";

/**
 * Reads the first records of a section, enabled or not, and walks each to the request that an upload
 * would make of it.
 *
 * @throws {AgentError} as the source, Oomnitza or the configuration does
 */
export async function preview(desk: Desk, section: string, count: number): Promise<Explanation[]> {
  const file = desk.read();
  const document = parseIni(textToTest(file, section, []), file.path);
  using _awake = desk.keepAwake();
  // The source is told to end when there is enough, so that nothing goes on in the background.
  const enough = new AbortController();
  const signal = AbortSignal.any([desk.signal, enough.signal]);
  try {
    return await desk.withPlan(
      document,
      [section],
      (plan) => read(desk, plan, { section, count, signal }),
    );
  } finally {
    enough.abort();
  }
}

interface Wanted {
  readonly section: string;
  readonly count: number;
  readonly signal: AbortSignal;
}

async function read(
  desk: Desk,
  plan: Plan,
  { section, count, signal }: Wanted,
): Promise<Explanation[]> {
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
  const found: Explanation[] = [];
  for await (const record of readRecords(prepared, how)) {
    found.push(await explain(prepared, record, apiVersion));
    if (found.length >= count) break;
  }
  return found;
}
