/**
 * A process that runs for months: when it ends, what the service manager is told, and what is read anew.
 *
 * @module
 */

import { AgentError, messageOf } from "../base/errors.ts";
import { notify, watchdogMs } from "../runtime/notify.ts";
import type { PreparedSection } from "../sync/prepare.ts";
import type { Connection } from "../sync/read/source_context.ts";
import type { CommandContext } from "../cli/command.ts";
import type { Session } from "../cli/session.ts";

/** After so many milliseconds, mappings are asked for anew: somebody may have changed them in Oomnitza. */
const freshMs = 15 * 60_000;

/** Sections that are prepared for more than one run. */
export interface ReusedSections {
  /** Gets a section ready for one more run. */
  readonly prepare: (section: string) => Promise<PreparedSection>;
  /** Its connection, which runs share: they need one token, and have the vendor's limits in common. */
  readonly connection: (section: string) => Connection;
}

/** Prepares the sections that take webhooks, and again when they are no longer fresh. */
export async function reusePrepared(session: Session): Promise<ReusedSections> {
  const plans = session.sections.filter(({ source }) => source.webhook !== undefined);
  const connections = new Map<string, Connection>();
  let prepared = await session.prepare(plans);
  let at = performance.now();
  return {
    async prepare(name) {
      if (performance.now() - at > freshMs) {
        prepared = await session.prepare(plans);
        at = performance.now();
        connections.clear();
      }
      const found = prepared.find(({ section }) => section.name === name);
      if (found === undefined) throw new AgentError(`[${name}] was not prepared`);
      // Each run is an upload of its own.
      return { ...found, upload: { ...found.upload, portion: crypto.randomUUID() } };
    },
    connection(name) {
      const known = connections.get(name) ?? {};
      connections.set(name, known);
      return known;
    },
  };
}

/** Tells the service manager; that it cannot be told stops nothing. */
function tell(state: string, { env, log }: Pick<CommandContext, "env" | "log">): void {
  try {
    notify(state, env);
  } catch (error) {
    log.warning(messageOf(error));
  }
}

/** What a process watches over. */
export interface Watched {
  readonly context: CommandContext;
  /** Ends the work in good order. */
  readonly end: () => Promise<void>;
  /** Milliseconds that this may take. */
  readonly drainMs: number;
  /** Ends what is still under way then. */
  readonly stopWork: (reason: Error) => void;
}

/** Waits for the signal to end, and ends the work. */
export async function watchOver(watched: Watched): Promise<void> {
  const { context, end, drainMs, stopWork } = watched;
  const { env, log, signal } = context;
  const interval = watchdogMs(env);
  const watchdog = interval === undefined
    ? undefined
    : setInterval(() => tell("WATCHDOG=1", context), interval / 2);
  tell("READY=1", context);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  tell("STOPPING=1", context);
  log.info("Ending: what was begun is finished");
  const timer = setTimeout(() => {
    log.warning(`Not everything was finished within ${drainMs / 1000} s; the rest waits`);
    stopWork(new AgentError("The agent was told to end"));
  }, drainMs);
  try {
    await end();
  } finally {
    clearTimeout(timer);
    clearInterval(watchdog);
  }
  log.info("Done");
}
