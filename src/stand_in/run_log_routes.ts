/**
 * The run log of a stand-in: what became of the records of each portion.
 *
 * @module
 */
import { Hono } from "hono";
import { type Env, type Instance, readQuery, requireAccess } from "./instance.ts";
import { arrange, readListRequest, slice } from "./listing.ts";
import { checkQuery, isUuid } from "./payload.ts";
import type { Portion } from "./portions.ts";
import { Refusal } from "./refusal.ts";
import type { Store } from "./store.ts";

/** Both calls of Oomnitza's description of API v3: the runs of a connector, and one portion. */
export function runLogRoutes(instance: Instance): Hono<Env> {
  const { store } = instance;
  const app = new Hono<Env>();
  app.get("/api/v3/connector_run_logs/connectors/:ident", (c) => {
    requireAccess(instance, "runLog");
    checkQuery(readQuery(c), [], []);
    return c.json(describePortion(findPortion(instance, c.req.param("ident") ?? "")));
  });
  app.get("/api/v3/connector_run_logs/:ident", (c) => {
    requireAccess(instance, "runLog");
    const request = readListRequest(readQuery(c), { hasFields: false });
    const runs = runsOf(store, c.req.param("ident") ?? "");
    const read = (run: Readonly<Record<string, unknown>>, field: string) => run[field];
    return c.json(slice(arrange(runs, request, read), request));
  });
  return app;
}

function runsOf(store: Store, connector: string): Readonly<Record<string, unknown>>[] {
  const portions = store.portions.filter(({ name }) => name === connector);
  if (portions.length === 0) throw new Refusal(404, "there is no such connector");
  return portions.map((portion) => ({
    portion_id: portion.number,
    portion_correlation_id: portion.id,
    ...describeRun(portion),
    is_media_storage_service: false,
    added_records_count: portion.counts.added,
    updated_records_count: portion.counts.updated,
    skipped_records_count: portion.counts.skipped,
    error_logs_count: portion.texts.failed.length,
  }));
}

function findPortion({ store, knowsUploadIds }: Instance, ident: string): Portion {
  const found = /^\d{1,9}$/.test(ident)
    ? store.portions.find(({ number }) => String(number) === ident)
    : isUuid(ident) && knowsUploadIds
    ? store.portion(ident)
    : undefined;
  if (found === undefined) throw new Refusal(404, "there is no such run");
  return found;
}

function describePortion(portion: Portion): Record<string, unknown> {
  const { counts, texts, processing } = portion;
  const none = { added: [], updated: [], unchanged: [], canceled: [], processing: [] };
  return {
    ...describeRun(portion),
    objects: { ...counts, processing },
    logs: { ...none, ...texts, "Fatal Error": [] },
    file_attachment: null,
    test_run_payload: null,
  };
}

function describeRun(portion: Portion): Record<string, unknown> {
  const { name, startedAt, endedAt, testRun } = portion;
  return {
    connector: name,
    deployment: "local",
    start_time: startedAt / 1000,
    end_time: endedAt === undefined ? null : endedAt / 1000,
    status: describeStatus(portion),
    ipv4_address: "127.0.0.1",
    test_run: testRun,
  };
}

function describeStatus({ endedAt, counts }: Portion): string {
  if (endedAt === undefined) return "Processing";
  return counts.failed > 0 ? "Completed with errors" : "Completed";
}
