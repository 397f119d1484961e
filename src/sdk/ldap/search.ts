/**
 * Searches a directory: page after page, and attributes with more values than fit into an answer.
 *
 * @module
 */

import { messageOf, SourceError } from "../../base/errors.ts";
import { Skipped, type SourceRecord } from "../../base/record.ts";
import { LdapRefusal, searchError, type SearchSubject } from "./errors.ts";
import type { LdapFilter } from "./filter.ts";
import { parseFilter } from "./filter.ts";
import { decodeTexts, isListed, type LdapShape, parseRange, toRecord } from "./values.ts";
import type { LdapConnection, LdapEntry, LdapSearch } from "./connection.ts";

/** A directory one is logged in to, and what was noticed there. */
export interface Directory {
  readonly connection: LdapConnection;
  /** For sentences. */
  readonly url: string;
  /** Whether it can be asked for pages. */
  readonly paged: boolean;
  /** Set when the login was an anonymous one: the section that it comes from. */
  readonly anonymousSection: string | undefined;
  /** References to other directories, none of which is followed. */
  readonly references: string[];
}

/** Active Directory gives no larger page (MaxPageSize). */
const pageSize = 1000;
const everyEntry = parseFilter("(objectClass=*)");

/** Asks once; gives what came, and what went wrong after that. */
async function requestPage(
  directory: Directory,
  search: LdapSearch,
): Promise<{ entries: LdapEntry[]; cookie: Buffer; failure?: { thrown: unknown } }> {
  const entries: LdapEntry[] = [];
  try {
    const end = await directory.connection.search(search, (entry) => entries.push(entry));
    directory.references.push(...end.references);
    return { entries, cookie: end.cookie };
  } catch (thrown) {
    return { entries, cookie: Buffer.alloc(0), failure: { thrown } };
  }
}

/**
 * All entries below `base_dn` that match, as they come, a page of them at a time.
 *
 * @throws {SourceError} After everything that came before.
 */
export async function* searchTree(
  directory: Directory,
  base: string,
  filter: LdapFilter,
  attributes: readonly string[],
): AsyncGenerator<readonly LdapEntry[]> {
  const search: LdapSearch = { base, scope: "sub", filter, attributes };
  let cookie = Buffer.alloc(0);
  for (;;) {
    const page = directory.paged ? { size: pageSize, cookie } : undefined;
    const answer = await requestPage(directory, { ...search, page });
    yield answer.entries;
    const what = `Cannot search ${base} (${directory.url})`;
    if (answer.failure !== undefined) {
      throw toSearchError(directory, answer.failure.thrown, { what, option: "base_dn" });
    }
    if (answer.cookie.length === 0) return;
    // A page may be empty (RFC 2696, 3), but then the next one must be another.
    if (answer.entries.length === 0 && answer.cookie.equals(cookie)) {
      throw new SourceError(`${what}: the directory keeps returning the same empty page`);
    }
    cookie = Buffer.from(answer.cookie);
  }
}

/** The error of a search: refusals become sentences, anything else stays as it is. */
function toSearchError(
  { anonymousSection }: Directory,
  thrown: unknown,
  subject: Omit<SearchSubject, "anonymousSection">,
): unknown {
  if (!(thrown instanceof LdapRefusal)) return thrown;
  return searchError({ ...subject, anonymousSection }, thrown);
}

/**
 * Reads one entry.
 *
 * @param option The option that names it, for error messages.
 */
export async function readEntry(
  directory: Directory,
  dn: string,
  option: string,
  attributes: readonly string[],
): Promise<LdapEntry> {
  const { entries: [entry], failure } = await requestPage(directory, {
    base: dn,
    scope: "base",
    filter: everyEntry,
    attributes,
  });
  const what = `Cannot read ${dn} (${directory.url})`;
  if (failure !== undefined) throw toSearchError(directory, failure.thrown, { what, option });
  if (entry !== undefined) return entry;
  throw new SourceError(`${what}: the directory does not return it`, {
    hint: `Check ${option}; the account may lack the right to read it.`,
  });
}

/**
 * All values of an attribute of an entry, where need be part by part until the one that ends with
 * an asterisk ("Searching Using Range Retrieval").
 */
export async function allValues(
  directory: Directory,
  entry: LdapEntry,
  attribute: string,
  option: string,
): Promise<string[]> {
  const values: string[] = [];
  let current = entry;
  for (let next = 0;;) {
    const part = readRange(current, attribute);
    values.push(...part.values);
    const { last } = part;
    if (last === undefined) return values;
    if (last < next) {
      throw new SourceError(`${entry.name}: the ranges of ${attribute} are not consecutive`);
    }
    next = last + 1;
    current = await readEntry(directory, entry.name, option, [`${attribute};range=${next}-*`]);
  }
}

/** What an entry gives of an attribute, and the index of the last value when there are more. */
function readRange(
  entry: LdapEntry,
  attribute: string,
): { readonly values: readonly string[]; readonly last: number | undefined } {
  const wanted = attribute.toLowerCase();
  const whole = entry.attributes.find(({ type }) => type.toLowerCase() === wanted);
  for (const candidate of entry.attributes) {
    const range = parseRange(candidate.type);
    if (range?.name.toLowerCase() !== wanted) continue;
    return { values: decodeTexts(candidate), last: range.last };
  }
  return { values: whole === undefined ? [] : decodeTexts(whole), last: undefined };
}

/** The record of an entry, with all values where a record holds all; or why there is none. */
export async function completeRecord(
  directory: Directory,
  entry: LdapEntry,
  shape: LdapShape,
): Promise<SourceRecord | Skipped> {
  const lists = new Map<string, readonly string[]>();
  for (const { type } of entry.attributes) {
    const range = parseRange(type);
    if (range?.last === undefined || !isListed(range.name)) continue;
    try {
      lists.set(range.name.toLowerCase(), await allValues(directory, entry, range.name, "base_dn"));
    } catch (thrown) {
      if (!(thrown instanceof SourceError) || directory.connection.isLost) throw thrown;
      return new Skipped(entry.name, messageOf(thrown));
    }
  }
  return toRecord(entry, shape, lists);
}
