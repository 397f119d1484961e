/**
 * The state of `agent serve`: the inbox, and the store of its runs.
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AppContext } from "../app/context.ts";
import { openStore } from "../app/store.ts";
import type { Config } from "../config/config.ts";
import { StateInbox } from "../state/inbox.ts";
import type { Inbox, State } from "../state/state.ts";

/** The state, open for as long as the service runs. */
export interface ServeState {
  readonly inbox: Inbox;
  readonly store: State | undefined;
  /** Whether other processes, on other machines too, may use the same. */
  readonly isShared: boolean;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Opens the state; in test mode one that is gone afterwards, so that nothing real is touched. */
export async function openServeState(
  app: AppContext,
  config: Config,
  testmode: boolean,
): Promise<ServeState> {
  const redact = (text: string) => app.redactor.redact(text);
  if (!testmode && app.stateFile !== undefined) {
    const path = app.stateFile;
    const opened = await openStore(app, config);
    const inbox = opened.inbox ?? new StateInbox({ path, redact });
    return {
      inbox,
      store: opened.store,
      isShared: opened.inbox !== undefined,
      async [Symbol.asyncDispose]() {
        await inbox.close();
        await opened[Symbol.asyncDispose]();
      },
    };
  }
  const folder = mkdtempSync(join(tmpdir(), "agent-serve-"));
  const inbox = new StateInbox({ path: join(folder, "state.sqlite"), redact });
  return {
    inbox,
    store: undefined,
    isShared: false,
    async [Symbol.asyncDispose]() {
      await inbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
