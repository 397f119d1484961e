/**
 * The state of `agent serve`: the inbox, and the store of its runs.
 *
 * @module
 */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AppContext } from "../app/context.ts";
import { openStore } from "../app/store.ts";
import { AgentError, messageOf } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import { StateInbox } from "../state/inbox.ts";
import type { TenantFacts } from "../state/postgres/look.ts";
import { SpooledInbox, type SpoolIntake } from "../state/spooled_inbox.ts";
import type { Inbox, State } from "../state/state.ts";

/** The state, open for as long as the service runs. */
export interface ServeState {
  readonly inbox: Inbox;
  /** The same, where it has a spool. */
  readonly spool?: SpooledInbox | undefined;
  readonly store: State | undefined;
  /** Whether other processes, on other machines too, may use the same. */
  readonly isShared: boolean;
  /** What metrics tell of it. */
  readonly readFacts: () => Promise<TenantFacts>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Makes a folder for states, of this account only. Throws `AgentError`. */
export function makeStateFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new AgentError(`Cannot make the folder of the state: ${messageOf(error)}`, {
      hint: `Name a folder in which the agent's account may write with --state.`,
      cause: error,
    });
  }
}

async function readFacts(inbox: Inbox, store: State | undefined): Promise<TenantFacts> {
  const last = await store?.lastRuns();
  return { inbox: await inbox.sizes(), succeeded: last?.succeeded ?? (() => undefined) };
}

/** How the state is opened. */
export interface StateOpening {
  readonly isTest: boolean;
  /** Where events of a shared inbox come in; nothing where there is no spool. */
  readonly intake?: SpoolIntake | undefined;
  /** A server has to answer within so many milliseconds. */
  readonly answerMs?: number | undefined;
}

/**
 * Opens the state; in test mode one that is gone afterwards, so that nothing real is touched.
 *
 * @throws {AgentError} when it cannot be used.
 */
export async function openServeState(
  app: AppContext,
  config: Config,
  { isTest, intake, answerMs }: StateOpening,
): Promise<ServeState> {
  const redact = (text: string) => app.redactor.redact(text);
  if (!isTest && app.stateFile !== undefined) {
    const path = app.stateFile;
    const opened = await openStore(app, config, { answerMs });
    const { inbox: shared, store } = opened;
    const spool = shared && intake && new SpooledInbox(shared, intake);
    const inbox = spool ?? shared ?? new StateInbox({ path, redact });
    return {
      inbox,
      spool,
      store,
      isShared: shared !== undefined,
      readFacts: opened.facts ?? (() => readFacts(inbox, store)),
      async [Symbol.asyncDispose]() {
        try {
          await inbox.close();
        } finally {
          await opened[Symbol.asyncDispose]();
        }
      },
    };
  }
  const folder = mkdtempSync(join(tmpdir(), "agent-serve-"));
  const inbox = new StateInbox({ path: join(folder, "state.sqlite"), redact });
  return {
    inbox,
    store: undefined,
    isShared: false,
    readFacts: () => readFacts(inbox, undefined),
    async [Symbol.asyncDispose]() {
      await inbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
