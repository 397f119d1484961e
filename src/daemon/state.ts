/**
 * The state of `agent serve`: the inbox, and the store of its runs.
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Plan } from "../config/plan.ts";
import { StateInbox } from "../state/inbox.ts";
import type { StateStore } from "../state/store.ts";
import type { CommandContext } from "../cli/command.ts";
import { openStore, stateFile } from "../cli/state.ts";

/** The state, open for as long as the service runs. */
export interface ServeState {
  readonly inbox: StateInbox;
  readonly store: StateStore | undefined;
  [Symbol.dispose](): void;
}

/** Opens the state; in test mode one that is gone afterwards, so that nothing real is touched. */
export function openServeState(
  context: CommandContext,
  plan: Plan,
  testmode: boolean,
): ServeState {
  const redact = (text: string) => context.redactor.redact(text);
  const path = testmode ? undefined : stateFile(context, plan.file);
  if (path !== undefined) {
    const opened = openStore(context, plan);
    const inbox = new StateInbox({ path, redact });
    return {
      inbox,
      store: opened.store,
      [Symbol.dispose]() {
        inbox.close();
        opened[Symbol.dispose]();
      },
    };
  }
  const folder = mkdtempSync(join(tmpdir(), "agent-serve-"));
  const inbox = new StateInbox({ path: join(folder, "state.sqlite"), redact });
  return {
    inbox,
    store: undefined,
    [Symbol.dispose]() {
      inbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
