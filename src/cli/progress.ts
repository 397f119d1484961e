/**
 * The live line of a long upload: how many records were read, sent and failed, and how fast.
 *
 * @module
 */

import type { Account } from "../sync/account.ts";
import { describePace, measurePace } from "../sync/pace.ts";
import type { CommandContext } from "./command.ts";

/** Shows the progress of the sections that run. */
export interface Progress {
  readonly watch: (section: string, account: Account) => void;
  readonly end: (section: string) => void;
}

/** A section that runs. */
interface Running {
  readonly section: string;
  readonly account: Account;
  /** When it began, in milliseconds of the clock of this process. */
  readonly begun: number;
}

/** How often the line on a terminal changes, in milliseconds. */
const liveInterval = 200;

/** How often a log line says how far an upload is where nobody watches, in milliseconds. */
const loggedInterval = 30_000;

/** How far a section is: `120 read, 118 sent, 2 failed; 12 % of 1000, 60/s, 15 s left`. */
function phrase({ account, begun }: Running, limit: number): string {
  const { counts } = account;
  const pace = measurePace(account, performance.now() - begun, limit);
  const parts = [`${counts.fetched} read`];
  if (counts.filtered > 0) parts.push(`${counts.filtered} filtered`);
  if (counts.incomplete > 0) parts.push(`${counts.incomplete} incomplete`);
  parts.push(`${counts.sent + counts.shown} sent`, `${counts.failed + counts.unreadable} failed`);
  return `${parts.join(", ")}; ${describePace(pace)}`;
}

/** All that run in one line: the sums, then each with what was read of it. */
function phraseAll(running: readonly Running[]): string {
  const sum = (key: "fetched" | "sent" | "shown" | "failed" | "unreadable") =>
    running.reduce((total, { account }) => total + account.counts[key], 0);
  const each = running.map(({ section, account: { counts, claimed } }) => {
    const total = claimed();
    return `${section} ${counts.fetched}${total === undefined ? "" : `/${total}`}`;
  });
  const sent = sum("sent") + sum("shown");
  const failed = sum("failed") + sum("unreadable");
  return `${running.length} sections: ${sum("fetched")} read, ${sent} sent, ${failed} failed: ${
    each.join(", ")
  }`;
}

/**
 * Begins to show progress: in place on a terminal, as log lines elsewhere.
 *
 * @param limit records of each section after which reading stops; 0 for no limit
 */
export function startProgress(context: CommandContext, limit: number): Progress {
  const running = new Map<string, Running>();
  const live = context.isTerminal && !context.global.quiet;
  let timer: ReturnType<typeof setInterval> | undefined;
  function report(): void {
    const all = [...running.values()];
    const [first] = all;
    if (first === undefined) return;
    if (!live) {
      for (const one of all) context.log.info(`${one.section}: ${phrase(one, limit)}`);
    } else {
      context.status(all.length > 1 ? phraseAll(all) : `${first.section}: ${phrase(first, limit)}`);
    }
  }
  return {
    watch(section, account) {
      running.set(section, { section, account, begun: performance.now() });
      timer ??= setInterval(report, live ? liveInterval : loggedInterval);
      // The line must not keep the program alive.
      timer.unref();
    },
    end(section) {
      running.delete(section);
      if (running.size === 0) {
        clearInterval(timer);
        timer = undefined;
      }
      context.status(undefined);
    },
  };
}
