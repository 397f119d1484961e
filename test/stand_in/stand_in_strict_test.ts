/**
 * The stand-in refuses what a client must not send, and says what is wrong with it.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import type { StandIn } from "../support/stand_in/mod.ts";
import {
  type Answer,
  audit,
  bulk,
  call,
  login,
  postAudit,
  postBulk,
  postUser,
  start,
} from "./stand_in_calls.ts";

const portion = "0b8bd6cc-5b9b-4bd4-9f0a-0f6d3e3a3a11";

/** What is sent, and what the refusal must say. */
type Mistake = [string, (standIn: StandIn) => Promise<Answer>];

function without(payload: Record<string, unknown>, key: string): Record<string, unknown> {
  const { [key]: _, ...rest } = payload;
  return rest;
}

function rawBulk(body: unknown, query = ""): (standIn: StandIn) => Promise<Answer> {
  return (standIn) => call(standIn, "POST", `/api/v3/bulk${query}`, { body });
}

function typed(path: string, type: string, body: unknown) {
  return (standIn: StandIn) =>
    call(standIn, "POST", path, { body, headers: { "content-type": type } });
}

const bulkMistakes: Mistake[] = [
  ...Object.keys(bulk()).filter((key) => key !== "connector_name").map((key): Mistake => [
    `${key} is missing`,
    rawBulk(without(bulk(), key)),
  ]),
  [
    "either connector_name or connector_id must be there",
    rawBulk(without(bulk(), "connector_name")),
  ],
  ["either connector_name or connector_id must be there", (s) => postBulk(s, { connector_id: 1 })],
  [
    "connector_id is neither a number nor a text",
    rawBulk({ ...without(bulk(), "connector_name"), connector_id: null }),
  ],
  ["connector_name is not a text", (s) => postBulk(s, { connector_name: " " })],
  ["connector_version is not a text", (s) => postBulk(s, { connector_version: 1 })],
  ["portion is not a UUID", (s) => postBulk(s, { portion: "1" })],
  ["data_type is neither assets nor users", (s) => postBulk(s, { data_type: "computers" })],
  ["sync_field is not a list", (s) => postBulk(s, { sync_field: "BARCODE" })],
  ["sync_field does not hold names only", (s) => postBulk(s, { sync_field: [""] })],
  ["sync_field names a field twice", (s) => postBulk(s, { sync_field: ["BARCODE", "BARCODE"] })],
  ["insert_only is neither true nor false", (s) => postBulk(s, { insert_only: "False" })],
  ["update_only is neither true nor false", (s) => postBulk(s, { update_only: 0 })],
  ["test_run is neither true nor false", (s) => postBulk(s, { test_run: null })],
  ["extra is not known", (s) => postBulk(s, { extra: 1 })],
  ["records is not a list", (s) => postBulk(s, { records: { BARCODE: "A1" } })],
  ["records is empty", (s) => postBulk(s, { records: [] })],
  [
    "records has 101 entries, more than 100",
    (s) => postBulk(s, { records: Array(101).fill({ BARCODE: "A1" }) }),
  ],
  [
    "records[1] is not a JSON object",
    (s) => postBulk(s, { records: [{ BARCODE: "A1" }, ["A2"]] }),
  ],
  ["records[0] has no fields", (s) => postBulk(s, { records: [{}], sync_field: [] })],
  [
    "records[1] lacks the sync field BARCODE",
    (s) => postBulk(s, { records: [{ BARCODE: "A1" }, { MODEL: "Laptop" }] }),
  ],
  [
    "records[0] lacks the sync field constructor",
    (s) => postBulk(s, { sync_field: ["constructor"] }),
  ],
  [
    "records[0] has nothing in the sync field BARCODE",
    (s) => postBulk(s, { records: [{ BARCODE: "" }] }),
  ],
  ["VERSION is not known in the query", rawBulk(bulk(), "?VERSION=1")],
  ["the body is not a JSON object", rawBulk([bulk()])],
  ["the body is not JSON", rawBulk("{")],
  [
    "Content-Type is not application/json; charset=utf-8",
    typed("/api/v3/bulk", "text/plain", bulk()),
  ],
  [
    "Content-Type is not application/json; charset=utf-8",
    typed("/api/v3/bulk", "application/json; charset=latin-1", bulk()),
  ],
];

const finalize = `/api/v3/bulk/${portion}/finalize`;

const portionMistakes: Mistake[] = [
  ["portion is not a UUID", (s) => call(s, "POST", "/api/v3/bulk/1/finalize", { body: {} })],
  ["portion is not a UUID", (s) => call(s, "GET", "/api/v3/bulk/1")],
  ["records is not known", (s) => call(s, "POST", finalize, { body: { records: [] } })],
  ["the body is not a JSON object", (s) => call(s, "POST", finalize, { body: "null" })],
  [
    "Content-Type is not application/json; charset=utf-8",
    (s) => call(s, "POST", finalize),
  ],
  ["portion belongs to assets of CSV_assets", async (s) => {
    await postBulk(s);
    return postBulk(s, { connector_name: "Casper" });
  }],
  ["portion belongs to assets of CSV_assets", async (s) => {
    await postBulk(s);
    return postBulk(s, { data_type: "users" });
  }],
];

const auditPath = "/api/v2/bulk/audit?VERSION=0.1.0";

const auditMistakes: Mistake[] = [
  ...Object.keys(audit()).map((key): Mistake => [
    `${key} is missing`,
    (s) => call(s, "POST", auditPath, { body: without(audit(), key) }),
  ]),
  ["VERSION is missing in the query", typed("/api/v2/bulk/audit", "application/json", audit())],
  ["agent_id is not known in the query", typed(`${auditPath}&agent_id=x`, "application/json", {})],
  ["agent_id is not a text", (s) => postAudit(s, { agent_id: "" })],
  ["sync_field is not a text", (s) => postAudit(s, { sync_field: ["BARCODE"] })],
  ["computers is not a JSON object", (s) => postAudit(s, { computers: [{ BARCODE: "A1" }] })],
  ["computers lacks the sync field BARCODE", (s) => postAudit(s, { computers: { MODEL: "x" } })],
  ['insert_only is not a text such as "False"', (s) => postAudit(s, { insert_only: false })],
  [
    "update_only is a text that means neither yes nor no",
    (s) => postAudit(s, { update_only: "?" }),
  ],
  ["only_if_filled is neither a text nor null", (s) => postAudit(s, { only_if_filled: [] })],
  ["portion is not known", (s) => postAudit(s, { portion })],
];

const userPath = "/api/v2/bulk/users";
const user = { USER: "ann", EMAIL: "ann@example.com" };

const userMistakes: Mistake[] = [
  [
    "VERSION is missing in the query",
    (s) => call(s, "POST", `${userPath}?agent_id=x`, { body: user }),
  ],
  [
    "agent_id is missing in the query",
    (s) => call(s, "POST", `${userPath}?VERSION=1`, { body: user }),
  ],
  ["sync_field is empty in the query", (s) => postUser(s, user, "&sync_field=")],
  ["agent_id is in the query more than once", (s) => postUser(s, user, "&agent_id=x")],
  ["portion is not known in the query", (s) => postUser(s, user, "&portion=1")],
  ["normal_position can only be True", (s) => postUser(s, user, "&normal_position=False")],
  ["the body is not a JSON object", (s) => postUser(s, [user])],
  ["the body lacks the sync field USER", (s) => postUser(s, { EMAIL: "ann@example.com" })],
  [
    "the body has nothing in the sync field PHONE",
    (s) => postUser(s, { ...user, PHONE: null }, "&sync_field=PHONE"),
  ],
];

const otherMistakes: Mistake[] = [
  ["name is missing in the query", (s) => call(s, "GET", "/api/v2/mappings")],
  ["id is not known in the query", (s) => call(s, "GET", "/api/v2/mappings?name=x&id=1")],
  ["id is not known in the query", (s) => call(s, "GET", "/api/v3/locations?id=1")],
  ["password is missing in the form", (s) => login(s, { login: "ann" })],
  ["token is not known in the form", (s) => login(s, { login: "a", password: "b", token: "c" })],
  [
    "Content-Type is not application/x-www-form-urlencoded",
    (s) => call(s, "POST", "/api/request_token", { body: { login: "a", password: "b" } }),
  ],
];

describe.each([
  ["the v3 upload", bulkMistakes],
  ["a portion", portionMistakes],
  ["the v2 asset upload", auditMistakes],
  ["the v2 user upload", userMistakes],
  ["everything else", otherMistakes],
])("%s", (_, mistakes) => {
  test.each(mistakes)("%s", async (error, send) => {
    const standIn = await start();
    const { status, body } = await send(standIn);
    expect({ status, body }).toEqual({ status: 400, body: { error } });
    expect(standIn.state.requests.at(-1)).toMatchObject({ status: 400, error });
  });
});

test("a refused batch leaves nothing behind", async () => {
  const standIn = await start();
  await postBulk(standIn, { records: [{ BARCODE: "A1" }, { MODEL: "Laptop" }] });
  expect(standIn.state.assets).toEqual([]);
  expect(standIn.state.portions).toEqual([]);
  expect(standIn.state.counters).toMatchObject({ received: 0, byStatus: { 400: 1 } });
});

test("what later connectors send is taken", async () => {
  const standIn = await start();
  const later = { error: "cannot read", error_type: "x", multi_str_input_value: null };
  expect((await postBulk(standIn, { ...later, records: [] })).status).toBe(200);
  const managed = { ...without(bulk(), "connector_name"), connector_id: 7 };
  const answer = await rawBulk({ ...managed, portion: crypto.randomUUID() })(standIn);
  expect(answer.status).toBe(200);
  expect(standIn.state.assets.map(({ name }) => name)).toEqual(["connector 7"]);
});

test("an unknown path is answered 404, one of the API only with a token", async () => {
  const standIn = await start();
  expect(await call(standIn, "GET", "/api/v4/things")).toMatchObject({
    status: 404,
    body: { error: "there is nothing here" },
  });
  expect((await call(standIn, "GET", "/favicon.ico")).status).toBe(404);
  expect((await fetch(`${standIn.url}/api/v4/things`)).status).toBe(401);
});
