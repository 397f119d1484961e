/**
 * `agent doctor`: looks at everything that an upload needs, and says what to do.
 *
 * @module
 */

import type { Check, CheckState } from "../doctor/check.ts";
import { neutralise } from "../logging/log.ts";
import { opt } from "../sdk/option.ts";
import { type CommandContext, defineCommand, exitCodes } from "./command.ts";
import { paintFirstWords } from "./paint.ts";

const words: Readonly<Record<CheckState, string>> = {
  ok: "ok",
  warning: "warning",
  failed: "FAILED",
  skipped: "skipped",
};

/** A check as lines for people. */
export function describeCheck({ area, subject, state, found, todo }: Check): string {
  const line = `${words[state].padEnd(8)}${area} [${subject}] ${found}`;
  const lines = todo === undefined ? [line] : [line, `${" ".repeat(8)}${todo}`];
  return lines.map(neutralise).join("\n");
}

/** How many checks came to what, as a sentence. */
function summary(checks: readonly Check[]): string {
  const count = (state: CheckState) => checks.filter((check) => check.state === state).length;
  return `${checks.length} checks: ${count("failed")} failed, ${count("warning")} warnings, ` +
    `${count("skipped")} skipped`;
}

function show(context: CommandContext, checks: readonly Check[]): void {
  if (context.global.output === "json") {
    const listed = checks.map((check) => ({ ...check, todo: check.todo ?? null }));
    context.print(JSON.stringify({ doctor: 1, checks: listed }, null, 2));
    return;
  }
  for (const check of checks) context.print(describeCheck(check), paintFirstWords);
  context.print(summary(checks));
}

/** Looks at everything that an upload needs. */
export const doctor = defineCommand({
  name: "doctor",
  summary: "Check everything that an upload needs, and say how to fix what is wrong.",
  details:
    `Checks the program, the configuration and who can read it, folders, disk space, where the state is kept, and the service; then the connections to Oomnitza and to every source (name, proxy, connection, certificate, clock), credentials and rights, what vendors are about to end, and mapped fields that no record in Oomnitza has.

Nothing is sent. The exit code is 3 when something failed; warnings leave it at 0. Run it as the account that runs the agent: rights and variables of another one are different.`,
  flags: {
    "offline": opt.flag("Send no requests: check this machine and the configuration only.", {
      default: false,
    }),
  },
  examples: [
    { line: "agent doctor", does: "check everything" },
    { line: "agent doctor --offline --output json", does: "check this machine, as JSON" },
  ],
  async run(context, flags) {
    const { examine } = await import("../app/examination.ts");
    const checks = await examine(context, flags.offline);
    show(context, checks);
    return checks.some(({ state }) => state === "failed") ? exitCodes.failed : exitCodes.ok;
  },
});
