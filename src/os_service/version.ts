/**
 * Whether the service manager of this machine is new enough.
 *
 * @module
 */

import { AgentError } from "../base/errors.ts";
import type { ServiceManager } from "./manager.ts";
import { capture } from "./perform.ts";

/** The first systemd that passes credentials to services. */
const oldestSystemd = 247;

/** @throws {AgentError} When there is no service manager that can run the service. */
export async function refuseOldManager({ system }: ServiceManager): Promise<void> {
  if (system !== "systemd") return;
  const result = await capture(["systemctl", "--version"]);
  const version = Number(/^systemd (\d+)/.exec(result.text)?.[1] ?? Number.NaN);
  if (version >= oldestSystemd) return;
  throw new AgentError(
    Number.isNaN(version)
      ? "There is no systemd on this machine"
      : `systemd ${version} is too old to be given secrets: ${oldestSystemd} is needed`,
    { hint: "Start agent serve by other means." },
  );
}
