/**
 * How the agent does as a service of this system.
 *
 * @module
 */

import { existsSync } from "node:fs";
import type { ServiceManager } from "../os_service/manager.ts";

/** The agent as a service of this system. */
export interface ServiceState {
  /** The service manager: `systemd`. */
  readonly system: ServiceManager["system"];
  /** What the service is called there. */
  readonly name: string;
  readonly running: boolean;
  /** Whether the service manager knows the service. */
  readonly installed: boolean;
  /** What the service manager says. */
  readonly details: string;
}

/** What systemd, Windows and launchd say of a service that they know. */
const knownService = /Loaded: loaded|STATE\s*:|state = /;

/** Reads the state of the service from a service manager. */
export async function readServiceState(manager: ServiceManager): Promise<ServiceState> {
  const { capture } = await import("../os_service/mod.ts");
  const status = await capture(manager.status);
  const { system, service: name } = manager;
  const installed = knownService.test(status.text);
  return { system, name, running: manager.isRunning(status), installed, details: status.text };
}

/** How the service of this machine does; nothing where there are no services. */
export async function localServiceState(): Promise<ServiceState | undefined> {
  const { managerFor } = await import("../os_service/mod.ts");
  const manager = managerFor(process.platform);
  return manager === undefined ? undefined : await readServiceState(manager);
}

/** The last lines of the log of the service of this machine; nothing where there is none to read. */
export async function localServiceLog(
  lines: number,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const { capture, managerFor, tailLog } = await import("../os_service/mod.ts");
  const place = managerFor(process.platform)?.logs(lines, false);
  if (place === undefined) return undefined;
  if (place.kind === "run") {
    const { code, text } = await capture(place.command);
    return code === 0 && text !== "" ? text.split("\n") : undefined;
  }
  if (!existsSync(place.path)) return undefined;
  const found: string[] = [];
  for await (const line of tailLog(place.path, { lines, follow: false, signal })) found.push(line);
  return found;
}

/** The account of the service of this machine, as it is registered or would be. */
export async function serviceAccount(): Promise<string | undefined> {
  const { managerFor, registeredSettings } = await import("../os_service/mod.ts");
  const manager = managerFor(process.platform);
  if (manager === undefined) return undefined;
  return (await registeredSettings(manager))?.user ?? manager.defaults.user;
}
