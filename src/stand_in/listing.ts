/**
 * Lists of a stand-in: which entries, in which order, and how many of them.
 *
 * @module
 */
import { compareValues, parseFilter } from "./filter.ts";
import { checkQuery } from "./payload.ts";
import { Refusal } from "./refusal.ts";

/** What a request asks of a list. */
export interface ListRequest {
  readonly limit: number;
  readonly skip: number;
  /** As `field asc` or `field desc`, in lower case. */
  readonly order: { readonly field: string; readonly descending: boolean } | undefined;
  readonly filter: string | undefined;
  /** Names in lower case; all fields when absent. */
  readonly fields: readonly string[] | undefined;
}

/** Entries of a list that does not say how many it wants, and the most that it gets. */
const defaultLimit = 100;
const maxLimit = 1000;

/**
 * Reads the query of a list: `limit`, `skip`, `sortby`, `filter`, and `fields` where it takes that.
 *
 * @throws {Refusal} 400 naming the parameter
 */
export function readListRequest(
  query: URLSearchParams,
  { hasFields }: { readonly hasFields: boolean },
): ListRequest {
  checkQuery(query, [], ["limit", "skip", "sortby", "filter", ...hasFields ? ["fields"] : []]);
  const limit = readCount(query, "limit") ?? defaultLimit;
  if (limit < 1) throw new Refusal(400, "limit is not a number");
  return {
    limit: Math.min(limit, maxLimit),
    skip: readCount(query, "skip") ?? 0,
    order: readOrder(query.get("sortby")),
    filter: query.get("filter") ?? undefined,
    fields: query.get("fields")?.split(",").map((name) => name.trim().toLowerCase()),
  };
}

function readCount(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new Refusal(400, `${name} is not a number`);
  return Number(text);
}

function readOrder(text: string | null): ListRequest["order"] {
  if (text === null) return undefined;
  const found = /^(\w+)(?:\s+(asc|desc))?$/i.exec(text.trim());
  if (found === null) throw new Refusal(400, "sortby is not the name of a field with asc or desc");
  const [, field = "", direction = "asc"] = found;
  return { field: field.toLowerCase(), descending: direction.toLowerCase() === "desc" };
}

/** Filters and sorts; `read` gives the value of a field of an entry, by its name in lower case. */
export function arrange<T>(
  entries: readonly T[],
  { filter, order }: Pick<ListRequest, "filter" | "order">,
  read: (entry: T, field: string) => unknown,
): readonly T[] {
  const fits = filter === undefined ? undefined : parseFilter(filter);
  const chosen = fits === undefined
    ? entries
    : entries.filter((entry) => fits((field) => read(entry, field)));
  if (order === undefined) return chosen;
  const { field, descending } = order;
  const sign = descending ? -1 : 1;
  return chosen
    .map((entry) => ({ entry, value: read(entry, field) }))
    .sort((one, other) => sign * compareValues(one.value, other.value))
    .map(({ entry }) => entry);
}

/** The part of an arranged list that was asked for. */
export function slice<T>(entries: readonly T[], { skip, limit }: ListRequest): readonly T[] {
  return entries.slice(skip, skip + limit);
}
