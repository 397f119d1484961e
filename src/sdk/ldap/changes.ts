/**
 * Which entries of Active Directory changed: by `uSNChanged`, as "Polling for Changes Using USNChanged" of
 * Microsoft's documentation of Active Directory Domain Services has it.
 *
 * @module
 */

import { SourceError } from "../../base/errors.ts";
import type { Unusable } from "../changes.ts";
import { joinFilters } from "./filter.ts";
import type { LdapValues } from "./options.ts";
import { allValues, type Directory, readEntry } from "./search.ts";

/**
 * How far a domain controller is. Each counts changes by itself, so that a number means nothing to another one;
 * nor to the same one once it was restored from a backup, which gives its database another `invocationId`.
 */
interface Replica {
  /** DN of its settings (`dsServiceName`). */
  readonly service: string;
  readonly invocation: string;
  /** The number of its last change (`highestCommittedUSN`), which has more digits than a number can hold. */
  readonly usn: string;
}

/** LDAP_CAP_ACTIVE_DIRECTORY_OID ([MS-ADTS] 3.1.1.3.4.3.1). */
const activeDirectory = "1.2.840.113556.1.4.800";

/**
 * How far the domain controller is that answers.
 *
 * @throws {SourceError} When the directory is not Active Directory, or does not tell.
 */
async function readReplica(directory: Directory): Promise<Replica> {
  const names = ["supportedCapabilities", "dsServiceName", "highestCommittedUSN"];
  const root = await readEntry(directory, "", "url", names);
  const read = (name: string) => allValues(directory, root, name, "url");
  const [service] = await read("dsServiceName");
  const [usn = ""] = await read("highestCommittedUSN");
  const isActive = (await read("supportedCapabilities")).includes(activeDirectory);
  if (!isActive || service === undefined || !/^\d{1,20}$/.test(usn)) {
    throw new SourceError(`${directory.url} does not number its changes as Active Directory does`, {
      hint: "Set mode = full: in other directories, a list of changes may lack some.",
    });
  }
  const settings = await readEntry(directory, service, "mode", ["invocationId"]);
  const [invocation] = await allValues(directory, settings, "invocationId", "mode");
  if (invocation === undefined) {
    throw new SourceError(`The account cannot read invocationId of ${service}`, {
      hint: "Let it read that, or set mode = full.",
    });
  }
  return { service, invocation, usn };
}

/** The position of what the domain controller has now. */
export async function readPosition(directory: Directory): Promise<string> {
  const { service, invocation, usn } = await readReplica(directory);
  return JSON.stringify([service, invocation, usn]);
}

/** The filter for what changed after a position and the position after that, or why there is none. */
export async function findChanges(
  directory: Directory,
  position: string,
  filter: string,
): Promise<{ readonly filter: string; readonly position: string } | Unusable> {
  const [service, invocation, usn] = JSON.parse(position) as string[];
  const replica = await readReplica(directory);
  if (replica.service !== service) {
    return { unusable: `Another domain controller answers (${replica.service}, not ${service})` };
  }
  const known = BigInt(usn ?? 0);
  if (replica.invocation !== invocation || BigInt(replica.usn) < known) {
    return { unusable: `${service} was restored from a backup` };
  }
  return {
    filter: joinFilters(filter, `(uSNChanged>=${known + 1n})`),
    position: JSON.stringify([service, invocation, replica.usn]),
  };
}

/**
 * What stands against reading only changes, or nothing: who is in a group is written at the group, and a change
 * of it does not change the member.
 */
export function changesRule(
  { mode, group_dn, groups_dn, filter }: LdapValues,
): string | undefined {
  if (mode === "full") return undefined;
  if (group_dn !== "" || groups_dn.length > 0) {
    return "mode = changes cannot be used with group_dn or groups_dn: who joins a group is not changed by it";
  }
  return /memberof\b/i.test(filter)
    ? "mode = changes cannot be used with memberOf in filter: who joins a group is not changed by it"
    : undefined;
}
