/**
 * The agent as a service of the systems: what `agent service` uses.
 *
 * @module
 */

import { launchdNamed } from "./launchd.ts";
import type { ServiceManager } from "./manager.ts";
import { type ServiceNames, serviceNames } from "./names.ts";
import { systemdNamed } from "./systemd.ts";
import { windowsNamed } from "./windows.ts";

export { tailLog } from "../logging/tail.ts";
export { findForeignWriters } from "../runtime/file_access.ts";
export { accessAdvice, trustedAccounts } from "./trusted.ts";
export { capture, perform, show } from "./perform.ts";
export { describeStep, stepJson, stepText } from "./step.ts";
export { registeredSettings } from "./registered.ts";
export { refuseOldManager } from "./version.ts";

export { leastStopSeconds, stopSecondsFor } from "./manager.ts";
export { servicePattern } from "./names.ts";

const managers = {
  systemd: systemdNamed,
  launchd: launchdNamed,
  windows: windowsNamed,
} satisfies Record<ServiceManager["system"], (names: ServiceNames) => ServiceManager>;

/** A service of a system; blank is the name of the usual one. */
export function managerNamed(system: ServiceManager["system"], name = ""): ServiceManager {
  return managers[system](serviceNames(name));
}

/** A service of a platform; nothing where there are no services. */
export function managerFor(platform: NodeJS.Platform, name = ""): ServiceManager | undefined {
  switch (platform) {
    case "linux":
      return managerNamed("systemd", name);
    case "darwin":
      return managerNamed("launchd", name);
    case "win32":
      return managerNamed("windows", name);
    default:
      return undefined;
  }
}
