/**
 * The agent as a service of the systems: what `agent service` uses.
 *
 * @module
 */

import { launchd } from "./launchd.ts";
import type { ServiceManager } from "./manager.ts";
import { systemd } from "./systemd.ts";
import { windows } from "./windows.ts";

export { tailLog } from "../logging/tail.ts";
export { findForeignWriters } from "../runtime/file_access.ts";
export { accessAdvice, trustedAccounts } from "./trusted.ts";
export { capture, perform, show } from "./perform.ts";
export { describeStep, stepJson, stepText } from "./step.ts";
export { registeredSettings } from "./registered.ts";
export { refuseOldManager } from "./version.ts";

const managers: Readonly<Record<ServiceManager["system"], ServiceManager>> = {
  systemd,
  launchd,
  windows,
};

/** The service manager of a name. */
export function managerNamed(system: ServiceManager["system"]): ServiceManager {
  return managers[system];
}

/** The service manager of a platform; nothing where there are no services. */
export function managerFor(platform: NodeJS.Platform): ServiceManager | undefined {
  switch (platform) {
    case "linux":
      return systemd;
    case "darwin":
      return launchd;
    case "win32":
      return windows;
    default:
      return undefined;
  }
}
