/**
 * The state of `agent serve`: the inbox, and the store of its runs.
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { AppContext } from "../app/context.ts";
import { findState } from "../app/state_location.ts";
import { openStore } from "../app/store.ts";
import type { Config } from "../config/config.ts";
import { StateInbox } from "../state/inbox.ts";
import type { TenantFacts } from "../state/postgres/look.ts";
import { Spool } from "../state/spool.ts";
import { SpooledInbox } from "../state/spooled_inbox.ts";
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

async function readFacts(inbox: Inbox, store: State | undefined): Promise<TenantFacts> {
  const last = await store?.lastRuns();
  return { inbox: await inbox.sizes(), succeeded: last?.succeeded ?? (() => undefined) };
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
    const { inbox: shared, store } = opened;
    const spool = shared && await openSpool(app, config, shared).catch(async (thrown: unknown) => {
      await opened[Symbol.asyncDispose]();
      throw thrown;
    });
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

/** Opens the spool that `[state]` names beside an inbox that is shared, unless there is to be none. */
async function openSpool(
  app: AppContext,
  config: Config,
  shared: Inbox,
): Promise<SpooledInbox | undefined> {
  // One of many tenants is opened anew while its earlier configuration ends, which would still have the spool.
  if (app.tenant !== undefined) return undefined;
  const location = await findState(app, config);
  if (location.kind !== "postgres" || location.settings.spool === "none") return undefined;
  const path = location.settings.spool || join(dirname(app.stateFile ?? ""), "agent-spool.sqlite");
  const redact = (text: string) => app.redactor.redact(text);
  return new SpooledInbox({ shared, spool: new Spool({ path, redact }), log: app.log });
}
