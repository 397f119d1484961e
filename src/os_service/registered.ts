/**
 * What a service that is registered already was registered with.
 *
 * @module
 */

import { existsSync, readFileSync } from "node:fs";
import type { Registration, ServiceManager, ServiceSettings } from "./manager.ts";
import { capture } from "./perform.ts";

/** The flags of `agent serve` by the settings that they hold. */
const flags = {
  "--host": "host",
  "--port": "port",
  "--ini": "ini",
  "--state": "state",
  "--logging-config": "logging",
} as const;

/** The settings in the command line of a service: what `serveWords` wrote. */
export function settingsIn(words: readonly string[]): Partial<ServiceSettings> {
  const found: Record<string, string | number> = {};
  for (const [flag, name] of Object.entries(flags)) {
    const value = words[words.indexOf(flag) + 1];
    if (!words.includes(flag) || value === undefined) continue;
    found[name] = name === "port" ? Number(value) : value;
  }
  return found;
}

async function readDefinition(registration: Registration): Promise<string | undefined> {
  if (registration.kind === "file") {
    return existsSync(registration.path) ? readFileSync(registration.path, "utf8") : undefined;
  }
  const { code, text } = await capture(registration.command);
  return code === 0 ? text : undefined;
}

/** The settings of the service of this machine; undefined when it is not registered. */
export async function registeredSettings(
  { registration, registered }: ServiceManager,
): Promise<Partial<ServiceSettings> | undefined> {
  const text = await readDefinition(registration);
  return text === undefined ? undefined : registered(text);
}
