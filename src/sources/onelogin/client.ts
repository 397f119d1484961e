/**
 * How each of OneLogin's three APIs lists people.
 *
 * @module
 */

import {
  isObject,
  listChildren,
  type Page,
  pages,
  readCountedList,
  type SourceContext,
  SourceError,
  type SourceRecord,
} from "../../sdk/mod.ts";
import { pageSize } from "./access.ts";
import {
  fieldsFor,
  usersV1,
  usersV2,
  usersXml,
  withCustomAttributes,
  withXmlCustomAttributes,
} from "./schema.ts";

/** The limit is by the hour: a full one is waited for, as long as that takes. */
const hourly = { attempts: 11, budgetMs: 3_900_000 };

/** API 1: the cursor is in the body. */
export async function* listV1(
  { http }: SourceContext<unknown>,
  url: string,
): AsyncGenerator<SourceRecord> {
  const load = (cursor: string) =>
    http.json({
      path: url,
      query: cursor === "" ? undefined : { after_cursor: cursor },
      what: "users",
      retry: hourly,
    }, usersV1);
  for await (
    const { status, data } of pages(
      "",
      load,
      ({ pagination }) => pagination?.after_cursor || undefined,
    )
  ) {
    if (data === undefined || status?.error === true) {
      const reason = status === undefined
        ? "no data in the answer"
        : `${status.code} ${status.message}`;
      throw new SourceError(`Cannot load users from OneLogin: ${reason} (GET ${url})`);
    }
    yield* data.map(withCustomAttributes);
  }
}

/**
 * API 2: the cursor is in the header `After-Cursor`, and `Total-Count` says how many there are. The
 * cursor holds limit and page ("Using Query Parameters"), and OneLogin refuses `limit` beside it:
 * "Requests can only have cursor xor pagination arguments" (onelogin/terraform-provider-onelogin#196).
 */
export async function* listV2(
  context: SourceContext<unknown>,
  url: string,
): AsyncGenerator<SourceRecord> {
  const { log, total } = context;
  const list = readCountedList({
    what: "users",
    read: () => pagesV2(context, url),
    keyOf: ({ id }: SourceRecord) => id === undefined || id === null ? undefined : `${id}`,
    total,
    log,
  });
  for await (const users of list) yield* users.map(withCustomAttributes);
}

async function* pagesV2({ http, wanted }: SourceContext<unknown>, url: string) {
  const fields = fieldsFor(wanted.paths, wanted.everything);
  const load = (cursor: string) =>
    http.page({
      path: url,
      query: {
        ...(cursor === "" ? { limit: `${pageSize}` } : { cursor }),
        ...(fields === undefined ? {} : { fields }),
      },
      what: "users",
      retry: hourly,
    }, usersV2);
  const next = ({ headers }: Page<unknown>) => headers.get("after-cursor") || undefined;
  for await (const { body, headers } of pages("", load, next)) {
    const count = headers.get("total-count") ?? "";
    yield { items: body ?? [], total: /^\d+$/.test(count) ? Number(count) : undefined };
  }
}

/** One page of the XML API, 100 people. */
export async function loadXml(
  { http }: SourceContext<unknown>,
  url: string,
  page: number,
): Promise<readonly SourceRecord[]> {
  const query = { include_custom_attributes: "true", page: `${page}` };
  const list = await http.xml({ path: url, query, what: "users" }, usersXml);
  const found = "users" in list ? listChildren(list.users, "user") : [];
  return found.flatMap((user) => isObject(user) ? [user] : []);
}

/** The XML API: only a page without people is the end. */
export async function* listXml(
  context: SourceContext<unknown>,
  url: string,
): AsyncGenerator<SourceRecord> {
  const load = async (page: number) => ({ page, users: await loadXml(context, url, page) });
  const next = ({ page, users }: { page: number; users: readonly SourceRecord[] }) =>
    users.length === 0 ? undefined : page + 1;
  for await (const { users } of pages(1, load, next)) yield* users.map(withXmlCustomAttributes);
}
