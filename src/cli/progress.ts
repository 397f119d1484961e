/**
 * The live line of a long upload: how many records were read, sent and failed, and how fast.
 *
 * @module
 */

import type { Account } from "../sync/account.ts";
import type { CommandContext } from "./command.ts";

/** Shows the progress of one section. */
export interface Progress {
  readonly watch: (section: string, account: Account) => void;
  stop(): void;
}

/** How often the line on a terminal changes, in milliseconds. */
const liveInterval = 200;

/** How often a log line says how far an upload is where nobody watches, in milliseconds. */
const loggedInterval = 30_000;

function phrase(section: string, { counts }: Account, seconds: number): string {
  const rate = seconds > 0 ? Math.round(counts.fetched / seconds) : 0;
  const parts = [`${counts.fetched} read`];
  if (counts.filtered > 0) parts.push(`${counts.filtered} filtered`);
  if (counts.incomplete > 0) parts.push(`${counts.incomplete} incomplete`);
  parts.push(`${counts.sent + counts.shown} sent`, `${counts.failed + counts.unreadable} failed`);
  return `${section}: ${parts.join(", ")}; ${rate}/s`;
}

/** Begins to show progress: in place on a terminal, as log lines elsewhere. */
export function startProgress(context: CommandContext): Progress {
  let timer: ReturnType<typeof setInterval> | undefined;
  const live = context.isTerminal && !context.global.quiet;
  return {
    watch(section, account) {
      const begun = performance.now();
      function report(): void {
        const text = phrase(section, account, (performance.now() - begun) / 1000);
        if (live) context.status(text);
        else context.log.info(text);
      }
      timer = setInterval(report, live ? liveInterval : loggedInterval);
      // The line must not keep the program alive.
      timer.unref();
    },
    stop() {
      clearInterval(timer);
      context.status(undefined);
    },
  };
}
