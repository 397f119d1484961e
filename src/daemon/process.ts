/**
 * A process that runs for months: when it ends, and what it reports to the service manager.
 *
 * @module
 */

import type { AppContext } from "../app/context.ts";
import { AgentError, messageOf } from "../base/errors.ts";
import { notify, watchdogMs } from "../runtime/notify.ts";

/** Notifies the service manager; that it cannot be reached stops nothing. */
function notifyManager(state: string, { env, log }: Pick<AppContext, "env" | "log">): void {
  try {
    notify(state, env);
  } catch (error) {
    log.warning(messageOf(error));
  }
}

/** Milliseconds for the state and the log, once the work is over or was broken off. */
const closingMs = 30_000;

/** What a process watches over. */
export interface Watched {
  readonly app: AppContext;
  /** Ends the work in good order. */
  readonly end: () => Promise<void>;
  /** Milliseconds that this may take, as it is when the end begins. */
  readonly drainMs: () => number;
  /** Stops what is still running then. */
  readonly stopWork: (reason: Error) => void;
}

/** Waits for the signal to end, and ends the work. */
export async function watchOver(watched: Watched): Promise<void> {
  const { app, end, stopWork } = watched;
  const { env, log, signal } = app;
  const interval = watchdogMs(env);
  const watchdog = interval === undefined
    ? undefined
    : setInterval(() => notifyManager("WATCHDOG=1", app), interval / 2);
  notifyManager("READY=1", app);
  app.onReady?.();
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const drainMs = watched.drainMs();
  // Its time limit is of when the service was registered, and the configuration may have changed.
  const neededUs = (drainMs + closingMs) * 1000;
  notifyManager(`STOPPING=1\nEXTEND_TIMEOUT_USEC=${neededUs}`, app);
  log.info("Stopping: finishing what is running");
  const timer = setTimeout(() => {
    log.warning(`Not everything was finished within ${drainMs / 1000} s; the rest waits`);
    stopWork(new AgentError("The agent was stopped"));
  }, drainMs);
  try {
    await end();
  } finally {
    clearTimeout(timer);
    clearInterval(watchdog);
  }
  log.info("Done");
}
