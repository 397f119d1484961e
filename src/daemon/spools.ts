/**
 * The spool file of the process: webhook events of all its tenants, while their states cannot be reached.
 *
 * @module
 */

import { dirname, join } from "node:path";
import type { AppContext } from "../app/context.ts";
import type { Log } from "../logging/log.ts";
import type { StateOptions } from "../settings/state_options.ts";
import { SpoolFile } from "../state/spool.ts";
import { makeStateFolder } from "./state.ts";
import { SpoolIntake } from "../state/spooled_inbox.ts";

/** Opens where events of a state in PostgreSQL come in; nothing when they are refused while that is away. */
export type OpenIntake = (state: Pick<StateOptions, "spool" | "tenant">) => SpoolIntake | undefined;

/** The name of the file where nobody gives it another. */
const spoolName = "agent-spool.sqlite";

/** The spool of a process with one configuration. */
export class OwnSpool {
  readonly #app: Pick<AppContext, "stateFile" | "log">;
  #file: SpoolFile | undefined;
  #intake: SpoolIntake | undefined;

  constructor(app: Pick<AppContext, "stateFile" | "log">) {
    this.#app = app;
  }

  /** Opens it, once. @throws {AgentError} when it cannot be used, or another process uses it. */
  readonly openIntake: OpenIntake = ({ spool, tenant }) => {
    if (spool === "none") return undefined;
    const { stateFile = "", log } = this.#app;
    const own = tenant.trim();
    const file = new SpoolFile({
      path: spool || join(dirname(stateFile), spoolName),
      isShared: false,
    });
    this.#file = file;
    tellOthers(file, (name) => name === own, log);
    return this.#intake = new SpoolIntake({ spool: file.of(own), log });
  };

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#intake?.close();
    } finally {
      this.#file?.close();
    }
  }
}

/** Opens the spool of many tenants; nothing when there is to be none. Throws `AgentError`. */
export function openSharedSpool(
  spool: string,
  stateFolder: string,
  option: string,
): SpoolFile | undefined {
  if (spool === "none") return undefined;
  if (spool === "") makeStateFolder(stateFolder);
  return new SpoolFile({ path: spool || join(stateFolder, spoolName), isShared: true, option });
}

/** Tells of events of tenants that this process does not have: they stay where they are. */
export function tellOthers(file: SpoolFile, isKnown: (tenant: string) => boolean, log: Log): void {
  for (const [tenant, count] of file.counts()) {
    if (isKnown(tenant)) continue;
    log.warning(
      `${count} webhook events of the tenant ${tenant} stay in ${file.path}: this agent does not serve that tenant`,
    );
  }
}
