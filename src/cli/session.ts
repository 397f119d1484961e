/**
 * A connection to Oomnitza for a command.
 *
 * @module
 */

import type { Plan } from "../config/plan.ts";
import type { SectionPlan } from "../config/section.ts";
import type { RetryPolicy } from "../sdk/http/retry.ts";
import { openSession as open, type Session } from "../app/session.ts";
import type { CommandContext } from "./command.ts";
import { stateFile } from "./state.ts";

export { type Session, sideHttp } from "../app/session.ts";

/** Connects to Oomnitza for some sections, with the state file of the command. */
export function openSession(
  context: CommandContext,
  plan: Plan,
  sections: readonly SectionPlan[],
  retry?: RetryPolicy,
): Promise<Session> {
  return open({ ...context, stateFile: stateFile(context, plan.file) }, plan, sections, retry);
}
