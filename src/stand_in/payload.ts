/**
 * What the upload requests must look like, down to the last key: a mistake of a client is to be
 * named here, not to pass because the stand-in is good-natured.
 *
 * Messages name fields and never quote values, so that they can be logged.
 *
 * @module
 */
import { isEmpty, isObject, type MappedRecord } from "../base/record.ts";
import type { Batch } from "./batch.ts";
import { Refusal } from "./refusal.ts";

/** Records one request of the v3 protocol may carry. */
export const maxRecords = 100;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const auditKeys = [
  "agent_id",
  "sync_field",
  "computers",
  "insert_only",
  "update_only",
  "only_if_filled",
  "dont_overwrite",
];

const bulkKeys = [
  "connector_version",
  "sync_field",
  "records",
  "portion",
  "data_type",
  "insert_only",
  "update_only",
];

/** Keys that later versions of the Python connector send beside the others. */
const laterBulkKeys = ["error", "error_type", "test_run", "multi_str_input_value"];

/**
 * Reads `POST /api/v2/bulk/users`: one person as the body, everything else in the query.
 *
 * @throws {Refusal} 400 when anything is not as the protocol has it
 */
export function usersBatch(query: URLSearchParams, body: unknown): Batch {
  checkQuery(query, ["VERSION", "agent_id"], ["sync_field", "normal_position"]);
  const position = query.get("normal_position");
  if (position !== null && position !== "True") refuse("normal_position can only be True");
  const syncField = query.get("sync_field") ?? "USER";
  const record = checkRecord(body, "the body");
  checkSynced(record, [syncField], "the body");
  return {
    ...plain,
    kind: "users",
    name: query.get("agent_id") ?? "",
    records: [record],
    syncFields: [syncField],
  };
}

/**
 * Reads `POST /api/v2/bulk/audit`: one asset with its settings beside it.
 *
 * @throws {Refusal} 400 when anything is not as the protocol has it
 */
export function auditBatch(query: URLSearchParams, body: unknown): Batch {
  checkQuery(query, ["VERSION"], []);
  const payload = checkKeys(body, auditKeys, []);
  const syncField = filledText(payload, "sync_field");
  const record = checkRecord(payload["computers"], "computers");
  checkSynced(record, [syncField], "computers");
  return {
    ...plain,
    kind: "assets",
    name: filledText(payload, "agent_id"),
    records: [record],
    syncFields: [syncField],
    insertOnly: pythonFlag(payload, "insert_only"),
    updateOnly: pythonFlag(payload, "update_only"),
    onlyIfFilled: fieldNames(payload, "only_if_filled"),
    dontOverwrite: fieldNames(payload, "dont_overwrite"),
  };
}

/**
 * Reads `POST /api/v3/bulk`: up to 100 records of one portion.
 *
 * @throws {Refusal} 400 when anything is not as the protocol has it
 */
export function bulkBatch(query: URLSearchParams, body: unknown): Batch {
  checkQuery(query, [], []);
  const payload = checkKeys(body, bulkKeys, [
    "connector_name",
    "connector_id",
    ...laterBulkKeys,
  ]);
  filledText(payload, "connector_version");
  const portion = filledText(payload, "portion");
  if (!isUuid(portion)) refuse("portion is not a UUID");
  const kind = payload["data_type"];
  if (kind !== "assets" && kind !== "users") refuse("data_type is neither assets nor users");
  const syncFields = syncFieldList(payload["sync_field"]);
  return {
    ...plain,
    kind,
    name: connector(payload),
    records: recordList(payload, syncFields),
    syncFields,
    portion,
    insertOnly: flag(payload, "insert_only"),
    updateOnly: flag(payload, "update_only"),
    testRun: payload["test_run"] === undefined ? false : flag(payload, "test_run"),
  };
}

/**
 * Checks the body of `POST /api/v3/bulk/{portion}/finalize`.
 *
 * @throws {Refusal} 400 when it is not an empty object
 */
export function checkFinalize(query: URLSearchParams, body: unknown): void {
  checkQuery(query, [], []);
  checkKeys(body, [], []);
}

/** Whether a text is a UUID, in either case. */
export function isUuid(text: string): boolean {
  return uuid.test(text);
}

/**
 * Checks that a query has what it must and nothing unknown.
 *
 * @throws {Refusal} 400 naming the parameter
 */
export function checkQuery(query: URLSearchParams, needed: string[], allowed: string[]): void {
  for (const name of needed) {
    if (!query.get(name)) refuse(`${name} is missing in the query`);
  }
  for (const name of query.keys()) {
    if (!needed.includes(name) && !allowed.includes(name)) {
      refuse(`${name} is not known in the query`);
    }
    if (query.getAll(name).length > 1) refuse(`${name} is in the query more than once`);
    if (query.get(name) === "") refuse(`${name} is empty in the query`);
  }
}

const plain = {
  insertOnly: false,
  updateOnly: false,
  onlyIfFilled: [],
  dontOverwrite: [],
  portion: undefined,
  testRun: false,
};

function checkKeys(body: unknown, needed: string[], allowed: string[]): Record<string, unknown> {
  if (!isObject(body)) return refuse("the body is not a JSON object");
  for (const key of needed) if (!Object.hasOwn(body, key)) refuse(`${key} is missing`);
  for (const key of Object.keys(body)) {
    if (!needed.includes(key) && !allowed.includes(key)) refuse(`${key} is not known`);
  }
  return body;
}

function recordList(
  payload: Record<string, unknown>,
  syncFields: string[],
): readonly MappedRecord[] {
  const list = payload["records"];
  if (!Array.isArray(list)) return refuse("records is not a list");
  if (list.length > maxRecords) {
    refuse(`records has ${list.length} entries, more than ${maxRecords}`);
  }
  // A portion that only reports an error carries no records.
  if (list.length === 0 && payload["error"] === undefined) refuse("records is empty");
  for (let index = 0; index < list.length; index++) {
    checkSynced(checkRecord(list[index], index), syncFields, index);
  }
  return list;
}

/** Where a record is: a key of the payload, or its position in the list. */
type Position = string | number;

function checkRecord(record: unknown, position: Position): MappedRecord {
  return isObject(record) ? record : refuse(`${describePosition(position)} is not a JSON object`);
}

function checkSynced(
  record: MappedRecord,
  syncFields: readonly string[],
  position: Position,
): void {
  if (syncFields.length === 0 && isEmpty(record)) {
    refuse(`${describePosition(position)} has no fields`);
  }
  for (const field of syncFields) {
    if (!Object.hasOwn(record, field)) {
      refuse(`${describePosition(position)} lacks the sync field ${field}`);
    }
    if (isEmpty(record[field])) {
      refuse(`${describePosition(position)} has nothing in the sync field ${field}`);
    }
  }
}

function describePosition(position: Position): string {
  return typeof position === "string" ? position : `records[${position}]`;
}

function syncFieldList(value: unknown): string[] {
  if (!Array.isArray(value)) return refuse("sync_field is not a list");
  if (!value.every((name) => typeof name === "string" && name !== "")) {
    refuse("sync_field does not hold names only");
  }
  if (new Set(value).size < value.length) refuse("sync_field names a field twice");
  return value;
}

function connector(payload: Record<string, unknown>): string {
  if ("connector_name" in payload === "connector_id" in payload) {
    refuse("either connector_name or connector_id must be there");
  }
  if ("connector_name" in payload) return filledText(payload, "connector_name");
  const id = payload["connector_id"];
  if (typeof id === "number" || (typeof id === "string" && id !== "")) return `connector ${id}`;
  return refuse("connector_id is neither a number nor a text");
}

function filledText(payload: Record<string, unknown>, key: string): string {
  const value = payload[key];
  return typeof value === "string" && value.trim() !== "" ? value : refuse(`${key} is not a text`);
}

function flag(payload: Record<string, unknown>, key: string): boolean {
  const value = payload[key];
  return typeof value === "boolean" ? value : refuse(`${key} is neither true nor false`);
}

/** The old protocol carries the text of the ini file. */
function pythonFlag(payload: Record<string, unknown>, key: string): boolean {
  const value = payload[key];
  if (typeof value !== "string") return refuse(`${key} is not a text such as "False"`);
  if (/^(y|yes|t|true|on|1)$/i.test(value)) return true;
  if (/^(n|no|f|false|off|0)$/i.test(value)) return false;
  return refuse(`${key} is a text that means neither yes nor no`);
}

function fieldNames(payload: Record<string, unknown>, key: string): string[] {
  const value = payload[key];
  if (value === null) return [];
  if (typeof value !== "string") return refuse(`${key} is neither a text nor null`);
  return value.split(",").map((name) => name.trim()).filter((name) => name !== "");
}

function refuse(message: string): never {
  throw new Refusal(400, message);
}
