/**
 * What an upload of a section would change, with nothing sent.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AgentError } from "../base/errors.ts";
import { parseIni } from "../config/ini.ts";
import { chooseSections, type Plan } from "../config/plan.ts";
import { type PlannedChange, type PlanReport, planSection } from "../sync/changes/plan.ts";
import { noState, openReadSession, openState } from "../app/session.ts";
import { textToTest } from "./connection.ts";
import type { Desk } from "./context.ts";

/** Changes that a page shows; the counts tell of all. */
export const shownChanges = 200;

/** The plan of a section, as a page shows it. */
export interface ShownPlan {
  readonly report: PlanReport;
  /** The first of them. */
  readonly changes: readonly PlannedChange[];
}

/** Requests to the source under way at once, as `agent plan` has it by default. */
const workers = 2;

/**
 * Reads and maps all of a section, enabled or not, and compares it with what was accepted last.
 *
 * @throws {AgentError} as Oomnitza or the configuration does; what goes wrong with the source is in the report
 */
export async function planOf(desk: Desk, section: string): Promise<ShownPlan> {
  const file = desk.read();
  const document = parseIni(textToTest(file, section, []), file.path);
  using _awake = desk.keepAwake();
  return await desk.withPlan(document, [section], (plan) => compare(desk, plan, section));
}

async function compare(desk: Desk, plan: Plan, section: string): Promise<ShownPlan> {
  const { state: path, signal } = desk;
  const { log, redactor } = desk.work.context;
  const { chosen } = chooseSections(plan, [section]);
  const session = await openReadSession({ log, redactor, signal, stateFile: path }, plan, chosen);
  const [prepared] = await session.prepare();
  if (prepared === undefined) throw new AgentError(`There is no section [${section}]`);
  using state = path === undefined || !existsSync(path) ? noState : openState(path, redactor);
  const { store } = state;
  if (store !== undefined) store.accepted.instance = session.oomnitza.url;
  const planned = await planSection(prepared, {
    oomnitza: session.oomnitza,
    http: session.http,
    signal,
    redactor,
    workers,
    recordCount: 0,
    store,
    stateFile: path,
    beside: path ?? join(tmpdir(), "agent-plan"),
    full: false,
    guard: plan.oomnitza ?? {},
  });
  try {
    const changes: PlannedChange[] = [];
    for await (const change of planned.changes()) {
      if (changes.push(change) === shownChanges) break;
    }
    return { report: planned.report, changes };
  } finally {
    planned.close();
  }
}
