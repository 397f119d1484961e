/**
 * The folder of tenants: a configuration file each, and one for the listener.
 *
 * @module
 */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { AgentError, messageOf } from "../base/errors.ts";

/** A configuration file of a tenant, as it is now. */
export interface TenantFile {
  readonly tenant: string;
  readonly path: string;
  /** Changes when the file does. */
  readonly version: string;
  /** When it was changed, in milliseconds since the epoch. */
  readonly changed: number;
}

/** A file that is no tenant. */
export interface RefusedFile {
  readonly name: string;
  /** What is wrong with it, after its name. */
  readonly reason: string;
}

/** The files by whether they can be used at all. */
export interface TenantFolder {
  readonly files: readonly TenantFile[];
  /** Files that cannot be of a tenant. */
  readonly refused: readonly RefusedFile[];
}

/** The file of the listener, which is no tenant. */
export const listenerFile = "listener.ini";

/** The name is a part of addresses, of folders, and of names in the log. */
const nameForm = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

const ending = ".ini";

/** A file with what tells whether it was changed; nothing when it is gone or none. */
function look(path: string, tenant: string): TenantFile | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || !stats.isFile()) return undefined;
  const { mtimeMs, size, ino } = stats;
  return { tenant, path, version: `${mtimeMs} ${size} ${ino}`, changed: mtimeMs };
}

/** The file of the listener; nothing where there is none. */
export function readListenerFile(folder: string): Omit<TenantFile, "tenant"> | undefined {
  return look(join(folder, listenerFile), "");
}

/**
 * Lists the configuration files of a folder.
 *
 * @throws {AgentError} when it cannot be read.
 */
export function readTenantFolder(folder: string): TenantFolder {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw new AgentError(`Cannot read the folder of --configs: ${messageOf(error)}`, {
      hint: "Name a folder with a configuration file for each tenant, such as acme.ini.",
      cause: error,
    });
  }
  const own = names.filter((name) => name.endsWith(ending) && !name.startsWith("."))
    .filter((name) => name !== listenerFile).sort();
  const tenants = own.map((name) => ({ name, tenant: name.slice(0, -ending.length) }));
  return {
    files: tenants.filter(({ tenant }) => nameForm.test(tenant))
      .flatMap(({ name, tenant }) => look(join(folder, name), tenant) ?? []),
    refused: tenants.filter(({ tenant }) => !nameForm.test(tenant)).map(({ name }) => ({
      name,
      reason:
        'is no tenant: its name may have letters, digits, "_", "-" and ".", 63 at most, and begins with a letter or digit',
    })),
  };
}
