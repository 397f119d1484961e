/**
 * OneLogin's three APIs: how to sign in to each, and how each lists people.
 *
 * @module
 */

import {
  type Authenticator,
  basicAuth,
  expiresIn,
  isObject,
  listChildren,
  type Page,
  pages,
  readCountedList,
  requestToken,
  type SourceContext,
  SourceError,
  type SourceRecord,
  tokenAuth,
} from "../../sdk/mod.ts";
import {
  fieldsFor,
  tokens,
  usersV1,
  usersV2,
  usersXml,
  withCustomAttributes,
  withXmlCustomAttributes,
} from "./schema.ts";

/** API 1 always gives so many, and API 2 no more ("List Users"). */
export const pageSize = 50;

/** The limit is by the hour: a full one is waited for, as long as that takes. */
const hourly = { attempts: 11, budgetMs: 3_900_000 };

/** What decides which API is spoken. */
export interface Access {
  readonly url: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly api_token: string;
  readonly token_url: string | undefined;
}

/** Which API is spoken: credentials decide between XML and JSON, the address between 1 and 2. */
export function detectApi({ url, client_id, client_secret }: Access): "xml" | "v1" | "v2" {
  if (client_id === "" || client_secret === "") return "xml";
  return /\/api\/2\//.test(url) ? "v2" : "v1";
}

/** Signs in as the API wants it. */
export function createAuth(access: Access): Authenticator {
  const { url, client_id, client_secret, api_token, token_url } = access;
  const api = detectApi(access);
  if (api === "xml") return basicAuth(api_token, "x");
  // The region is in the host's name, so that the token comes from the host of the data.
  const usual = api === "v2" ? "/auth/oauth2/v2/token" : "/auth/oauth2/token";
  const path = token_url ?? new URL(usual, url).href;
  const request = {
    method: "POST",
    path,
    origin: new URL(path).origin,
    headers: {
      "Authorization": `client_id:${client_id}, client_secret:${client_secret}`,
      "Content-Type": "application/json",
      "Accept": "application/json",
    },
    body: JSON.stringify({ grant_type: "client_credentials" }),
  } as const;
  return tokenAuth((http) =>
    requestToken(http, {
      title: "OneLogin",
      credentials: "client_id, client_secret and the region in url",
      request,
      shape: tokens,
      read({ status, data, access_token, expires_in }) {
        const [inside] = data ?? [];
        const value = inside?.access_token ?? access_token;
        // "Generate Tokens" of API 1 reports errors inside of a 200.
        if (value === undefined || (status !== undefined && status.code !== 200)) {
          return `${status?.code ?? ""} ${status?.message ?? "no token in the answer"}`.trim();
        }
        return { value, expires: expiresIn(inside?.expires_in ?? expires_in) };
      },
    }), (token) => ({ Authorization: api === "v2" ? `Bearer ${token}` : `bearer:${token}` }));
}

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
