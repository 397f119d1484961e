/**
 * Directories that speak LDAP as a source: the check, and the records.
 *
 * @module
 */

import type { Skipped, SourceRecord } from "../../base/record.ts";
import { parseFilter } from "./filter.ts";
import { type GroupOptions, searchMembers } from "./groups.ts";
import { completeRecord, type Directory, readEntry, searchTree } from "./search.ts";
import { buildShape, isEmpty, type LdapShape } from "./values.ts";
import { LdapConnection } from "./connection.ts";
import { readByMode, type Unusable } from "../changes.ts";
import type { SourceItem } from "../source.ts";
import { changesRule, findChanges, readPosition } from "./changes.ts";
import { type LdapContext, ldapRule as optionsRule, type LdapValues } from "./options.ts";
import { isAnonymous, logIn } from "./sign_in.ts";

export { ldapOptions } from "./options.ts";

/** What is wrong with the options of a source that reads a directory, or nothing. */
export function ldapRule(values: LdapValues): string | undefined {
  return optionsRule(values) ?? changesRule(values);
}

/**
 * Whether the directory is asked for pages. `protocol_version = 2` says no, and nothing else: the
 * library of the Python connector binds by LDAPv3 all the same, and directories refuse anything older
 * (slapd.conf(5), "allow bind_v2").
 */
function asksForPages({ options, log }: LdapContext): boolean {
  const version = options.protocol_version.trim();
  if (version === "2") return false;
  if (version !== "3") log.warning(`protocol_version ${version} does not exist; 3 is used`);
  return true;
}

async function openDirectory(context: LdapContext): Promise<Directory> {
  const { tls, timeoutMs, signal, options, section } = context;
  const { url } = options;
  const paged = asksForPages(context);
  const connection = await LdapConnection.open({ url, tls, timeoutMs, signal });
  try {
    await logIn(connection, context);
  } catch (error) {
    connection.close();
    throw error;
  }
  const anonymousSection = isAnonymous(options) ? section : undefined;
  return { connection, url, paged, anonymousSection, references: [] };
}

function chooseGroups(options: LdapValues): GroupOptions | undefined {
  const { groups_dn, group_dn } = options;
  const groups = groups_dn.length > 0 ? groups_dn : group_dn === "" ? [] : [group_dn];
  if (groups.length === 0) return undefined;
  return {
    groups,
    option: groups_dn.length > 0 ? "groups_dn" : "group_dn",
    attribute: options.group_members_attr,
    memberFilter: options.group_member_filter,
    base: options.base_dn,
    filter: options.filter,
  };
}

/**
 * Logs in, and looks whether what is to be searched exists.
 *
 * @throws {AuthError} Or `SourceError`, saying what is wrong.
 */
export async function checkLdap(context: LdapContext): Promise<void> {
  const directory = await openDirectory(context);
  const { base_dn } = context.options;
  try {
    const groups = chooseGroups(context.options);
    for (const group of groups?.groups ?? []) {
      await readEntry(directory, group, groups?.option ?? "", ["1.1"]);
    }
    if (groups === undefined || groups.memberFilter !== "") {
      await readEntry(directory, base_dn, "base_dn", ["1.1"]);
    }
    if (context.options.mode === "changes") await readPosition(directory);
  } finally {
    directory.connection.close();
  }
}

/**
 * Reads what the options name: everything below `base_dn` that matches, or the members of groups.
 * Each record has the entry's `dn` and its attributes as the directory spells them: `memberOf` as a
 * list, of any other the first value.
 *
 * @param extra Attributes to ask for besides those that are wanted.
 * @throws {AuthError} Or `SourceError`, after all records that came before it.
 */
export async function* readLdap(
  context: LdapContext,
  extra: readonly string[] = [],
): AsyncGenerator<SourceItem> {
  const directory = await openDirectory(context);
  const shape = buildShape(context.wanted, extra);
  const groups = chooseGroups(context.options);
  try {
    if (groups === undefined) yield* readTree(directory, shape, context);
    else yield* searchMembers(directory, groups, shape, context);
  } finally {
    directory.connection.close();
    reportReferrals(directory, context);
  }
}

/**
 * Partitions that every domain of Active Directory refers to from its root, and that hold neither
 * people nor computers ("Application Directory Partitions", "Configuration Naming Context").
 */
const ownPartitions = /^(cn=(schema,cn=)?configuration|dc=(domain|forest)dnszones),/i;

/** Whether a reference leads to such a partition: its path is the DN (RFC 4516). */
function leadsToOwnPartition(reference: string): boolean {
  const path = URL.parse(reference)?.pathname.slice(1) ?? "";
  try {
    return ownPartitions.test(decodeURIComponent(path));
  } catch {
    // Not percent-encoded as it should be: then it is not one of those.
    return false;
  }
}

/** References that are named; there may be one for each domain of a forest. */
const mostNamed = 3;

function reportReferrals({ references }: Directory, { log }: LdapContext): void {
  const others = references.filter((reference) => !leadsToOwnPartition(reference));
  const own = references.length - others.length;
  if (own > 0) log.debug(`Referrals to partitions without people and computers: ${own}`);
  if (others.length === 0) return;
  const named = [...new Set(others)].slice(0, mostNamed).join(", ");
  log.warning(
    `Referrals to other directories, which are not followed: ${others.length} (${named}${
      others.length > mostNamed ? ", …" : ""
    }). Their entries are not read`,
  );
}

/** Everything below `base_dn`, or what of it changed. */
function readTree(
  directory: Directory,
  shape: LdapShape,
  context: LdapContext,
): AsyncGenerator<SourceItem> {
  const { options, wanted, log } = context;
  const { base_dn, filter, username, mode } = options;
  if (mode === "changes" && wanted.paths.some((path) => /^memberof\b/i.test(path))) {
    log.warning(
      "memberOf is written at the groups: with mode = changes, who joins or leaves one is noticed by uploads of all entries",
    );
  }
  async function* full(): AsyncGenerator<SourceItem, string | undefined> {
    const position = mode === "changes" ? await readPosition(directory) : undefined;
    yield* treeRecords(directory, shape, filter, context);
    return position;
  }
  async function* changed(position: string): AsyncGenerator<SourceItem, string | Unusable> {
    const changes = await findChanges(directory, position, filter);
    if ("unusable" in changes) return changes;
    yield* treeRecords(directory, shape, changes.filter, context);
    return changes.position;
  }
  // Not the address: a domain controller is known by what it says of itself, and accounts see different things.
  return readByMode(context, {
    what: "entries",
    scope: [base_dn, filter, username],
    full,
    changed,
  });
}

async function* treeRecords(
  directory: Directory,
  shape: LdapShape,
  filter: string,
  { options: { base_dn }, log }: LdapContext,
): AsyncGenerator<SourceRecord | Skipped> {
  let empty = 0;
  try {
    const parsed = parseFilter(filter);
    for await (const page of searchTree(directory, base_dn, parsed, shape.attributes)) {
      for (const entry of page) {
        if (isEmpty(entry, shape)) empty++;
        else yield await completeRecord(directory, entry, shape);
      }
    }
  } finally {
    if (empty > 0) {
      log.info(`Entries skipped because they have none of the attributes that are read: ${empty}`);
    }
  }
}
