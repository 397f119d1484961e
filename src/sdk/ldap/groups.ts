/**
 * The members of groups: reads the groups' lists, then each member once.
 *
 * @module
 */

import { Skipped, type SourceRecord } from "../../base/record.ts";
import { LdapRefusal, resultCodes, searchError } from "./errors.ts";
import { fillFilter, joinFilters, parseFilter } from "./filter.ts";
import { allValues, completeRecord, type Directory, readEntry } from "./search.ts";
import { isEmpty, type LdapShape } from "./values.ts";
import type { LdapEntry, LdapSearch } from "./connection.ts";
import type { SourceContext } from "../source.ts";

/** Which groups and how their members are found. */
export interface GroupOptions {
  readonly groups: readonly string[];
  /** The option that names them. */
  readonly option: string;
  /** Attribute of a group that lists its members. */
  readonly attribute: string;
  /** Template of a filter that finds a member below `base`; without one, members are DNs. */
  readonly memberFilter: string;
  readonly base: string;
  readonly filter: string;
}

/** What became of a member. */
interface Found {
  /** Absent when there is none. */
  readonly record?: SourceRecord | Skipped;
  /** Why there is none. */
  readonly missing?: string;
  /** The connection is gone, so that nobody else can be found. */
  readonly lost?: unknown;
}

/** Members without an entry that are named in the log; the rest is counted. */
const loggedMissing = 20;
/** The results that say something about one member, not about the directory. */
const fallbackCodes = new Set<number>([
  resultCodes.noSuchObject,
  resultCodes.referral,
  resultCodes.badDn,
]);

async function listMembers(
  directory: Directory,
  { groups, option, attribute }: GroupOptions,
  { log }: SourceContext<unknown>,
): Promise<string[]> {
  // A DN has no case; a member of two groups is read once.
  const members = new Map<string, string>();
  for (const group of groups) {
    const entry = await readEntry(directory, group, option, [attribute]);
    const values = await allValues(directory, entry, attribute, option);
    if (values.length === 0) log.warning(`Group ${group} has no ${attribute}`);
    for (const value of values) {
      const key = value.toLowerCase();
      if (!members.has(key)) members.set(key, value);
    }
  }
  return [...members.values()];
}

function searchFor(member: string, options: GroupOptions, shape: LdapShape): LdapSearch {
  const { memberFilter, base, filter } = options;
  const { attributes } = shape;
  if (memberFilter === "") {
    return { base: member, scope: "base", filter: parseFilter(filter), attributes };
  }
  const both = parseFilter(joinFilters(filter, fillFilter(memberFilter, member)));
  return { base, scope: "sub", filter: both, attributes, sizeLimit: 1 };
}

async function find(
  directory: Directory,
  member: string,
  options: GroupOptions,
  shape: LdapShape,
): Promise<Found> {
  const entries: LdapEntry[] = [];
  try {
    const search = searchFor(member, options, shape);
    const { references } = await directory.connection.search(search, (one) => entries.push(one));
    directory.references.push(...references);
  } catch (thrown) {
    if (directory.connection.isLost) return { lost: thrown };
    if (!(thrown instanceof LdapRefusal)) throw thrown;
    const { code } = thrown;
    // One hit was asked for, and there are more: then the directory says so.
    if (code !== resultCodes.sizeLimit || entries.length === 0) {
      const option = options.memberFilter === "" ? "group_members_attr" : "base_dn";
      const { anonymousSection } = directory;
      const error = searchError(
        { what: `Cannot read ${member}`, option, anonymousSection },
        thrown,
      );
      if (!fallbackCodes.has(code) || options.memberFilter !== "") throw error;
      return { missing: error.message };
    }
  }
  const [entry] = entries;
  if (entry === undefined) return { missing: "the filter excludes it" };
  if (isEmpty(entry, shape)) {
    return { missing: "it has none of the attributes that the mappings read" };
  }
  return await foundRecord(directory, entry, shape);
}

async function foundRecord(
  directory: Directory,
  entry: LdapEntry,
  shape: LdapShape,
): Promise<Found> {
  try {
    return { record: await completeRecord(directory, entry, shape) };
  } catch (thrown) {
    if (directory.connection.isLost) return { lost: thrown };
    throw thrown;
  }
}

/**
 * The members of groups, each once, in the order of the groups. Members that are no entry, or that
 * the filter leaves out, are reported in the log.
 *
 * @throws {SourceError} When a group cannot be read, or the connection is lost.
 */
export async function* searchMembers(
  directory: Directory,
  options: GroupOptions,
  shape: LdapShape,
  context: SourceContext<unknown>,
): AsyncGenerator<SourceRecord | Skipped> {
  const members = await listMembers(directory, options, context);
  const work = async (member: string) => ({
    member,
    found: await find(directory, member, options, shape),
  });
  let missing = 0;
  for await (const item of context.each(members, work, (member) => member)) {
    if (item instanceof Skipped) {
      yield item;
      continue;
    }
    const { member, found } = item;
    if ("lost" in found) throw found.lost;
    if (found.record !== undefined) yield found.record;
    else if (++missing <= loggedMissing) {
      context.log.warning(`Skipped: member ${member}: ${found.missing}`);
    }
  }
  if (missing > loggedMissing) context.log.warning(`Members skipped in total: ${missing}`);
}
