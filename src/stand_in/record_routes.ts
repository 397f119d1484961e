/**
 * Assets and people as a stand-in shows them: lists, changes of single records, who changed what, and
 * which fields there are.
 *
 * Oomnitza's description of API v3 has the calls; those of `meta` and of the changes have no public
 * description of their answers (decision 0081).
 *
 * @module
 */
import { Hono } from "hono";
import { isObject, type Kind, ownEntry } from "../base/record.ts";
import {
  type Call,
  type Env,
  type Instance,
  readJson,
  readQuery,
  requireAccess,
} from "./instance.ts";
import { arrange, type ListRequest, readListRequest, slice } from "./listing.ts";
import { checkQuery } from "./payload.ts";
import type { StoredRecord } from "./records.ts";
import { Refusal } from "./refusal.ts";
import type { Store } from "./store.ts";

/** Fields that a list has under another name than uploads. */
const listedNames: Readonly<Record<Kind, Readonly<Record<string, string>>>> = {
  assets: {},
  users: { USER: "username" },
};

/** The routes of both kinds. */
export function recordRoutes(instance: Instance): Hono<Env> {
  const app = new Hono<Env>();
  for (const kind of ["assets", "users"] as const) {
    const list = createLister(instance.store, kind);
    app.get(`/api/v3/${kind}`, (c) => {
      requireAccess(instance, "records");
      return c.json(list(readListRequest(readQuery(c), { hasFields: true })));
    });
    app.get(`/api/v3/${kind}/meta`, (c) => {
      requireAccess(instance, "fields");
      checkQuery(readQuery(c), [], []);
      return c.json(describeFields(instance, kind));
    });
    app.get(`/api/v3/${kind}/:id/changes-history`, (c) => {
      requireAccess(instance, "history");
      checkQuery(readQuery(c), [], []);
      return c.json(describeChanges(findRecord(instance.store, kind, c)));
    });
    app.patch(`/api/v3/${kind}/:id`, async (c) => {
      const stored = findRecord(instance.store, kind, c);
      instance.store.change(stored, await readFields(c, stored), instance.userName);
      return c.json(show(stored));
    });
  }
  return app;
}

/** Lists a kind; what was sorted is kept until something changes, for the next page. */
function createLister(store: Store, kind: Kind) {
  let kept: {
    readonly of: string;
    readonly entries: readonly StoredRecord[];
    readonly names: ReadonlySet<string>;
  } | undefined;
  return (request: ListRequest): Record<string, unknown>[] => {
    const of = JSON.stringify([store.version, request.order, request.filter]);
    if (kept?.of !== of) {
      const all = store.records({ kind });
      kept = { of, entries: arrange(all, request, readField), names: namesOf(all, kind) };
    }
    const { entries, names } = kept;
    const fields = request.fields?.filter((field) => names.has(field));
    return slice(entries, request).map((stored) => show(stored, fields));
  };
}

/** The fields that records of a kind have, as lists name them. */
function namesOf(records: readonly StoredRecord[], kind: Kind): ReadonlySet<string> {
  const fields = new Set(records.values().flatMap(({ record }) => Object.keys(record)));
  const names = [...fields].map((field) =>
    ownEntry(listedNames[kind], field) ?? field.toLowerCase()
  );
  const own = kind === "assets" ? "equipment_id" : "username";
  return new Set([...names, own, "changed_by", "change_date"]);
}

function userName({ record, key }: StoredRecord): unknown {
  return record["USER"] ?? record["EMAIL"] ?? key;
}

function readField(stored: StoredRecord, field: string): unknown {
  const { kind, id, record, by, at } = stored;
  if (field === "equipment_id" && kind === "assets") return id;
  if (field === "username" && kind === "users") return userName(stored);
  if (field === "changed_by") return by;
  if (field === "change_date") return Math.floor(at / 1000);
  const name = Object.keys(record).find((name) => name.toLowerCase() === field);
  return name === undefined ? undefined : record[name];
}

/** A record as lists have it: names in lower case, with what the server adds. */
function show(stored: StoredRecord, fields?: readonly string[]): Record<string, unknown> {
  if (fields !== undefined) {
    return Object.fromEntries(fields.map((field) => [field, readField(stored, field) ?? null]));
  }
  const { kind, id, record } = stored;
  const own = kind === "assets" ? { equipment_id: id } : { username: userName(stored) };
  const entries = Object.entries(record).map(([field, value]) =>
    [ownEntry(listedNames[kind], field) ?? field.toLowerCase(), value] as const
  );
  return {
    ...Object.fromEntries(entries),
    ...own,
    changed_by: readField(stored, "changed_by"),
    change_date: readField(stored, "change_date"),
  };
}

function describeFields({ fields }: Instance, kind: Kind): Record<string, unknown>[] {
  return Object.entries(fields[kind] ?? {}).map(([field, { type, values, unique = false }]) => ({
    external_id: ownEntry(listedNames[kind], field) ?? field.toLowerCase(),
    type,
    ...(values === undefined ? {} : { values }),
    unique,
  }));
}

function describeChanges({ kind, changes }: StoredRecord): Record<string, unknown>[] {
  return changes.toReversed().map(({ field, old, new: now, by, at }) => ({
    field: ownEntry(listedNames[kind], field) ?? field.toLowerCase(),
    old_value: old ?? null,
    new_value: now ?? null,
    changed_by: by,
    change_date: at / 1000,
  }));
}

function findRecord(store: Store, kind: Kind, c: Call): StoredRecord {
  const id = c.req.param("id") ?? "";
  const found = store.records({ kind }).find((stored) =>
    kind === "assets" ? String(stored.id) === id : userName(stored) === id
  );
  if (found === undefined) throw new Refusal(404, "there is no such record");
  return found;
}

/** The fields of a change under the names that uploads have for them. */
async function readFields(c: Call, { record }: StoredRecord): Promise<Record<string, unknown>> {
  checkQuery(readQuery(c), [], []);
  const body = await readJson(c);
  if (!isObject(body)) throw new Refusal(400, "the body is not a JSON object");
  const names = new Map(Object.keys(record).map((name) => [name.toLowerCase(), name]));
  return Object.fromEntries(
    Object.entries(body).map(([field, value]) => [
      names.get(field.toLowerCase()) ?? field.toUpperCase(),
      value,
    ]),
  );
}
