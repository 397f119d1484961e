/**
 * How other programs look into a stand-in and steer it: the routes under `/stand-in/`.
 *
 * @module
 */
import { Hono, type Next } from "hono";
import { UsageError } from "../base/errors.ts";
import type { Kind } from "../base/record.ts";
import { readJson } from "./api.ts";
import { FaultPlan, parseFaults } from "./faults.ts";
import { type Call, type Env, type Instance, queryOf } from "./instance.ts";
import { checkQuery } from "./payload.ts";
import type { StoredRecord } from "./record_index.ts";
import { Refusal } from "./refusal.ts";
import type { Counters, MappingCounts, Store } from "./store.ts";
import type { Portion } from "./portions.ts";
import type { Faults } from "./faults.ts";

/** The answer of `GET /stand-in/state`. */
export interface StandInSummary {
  readonly keep: "all" | "counts";
  readonly counters: Counters;
  readonly mappings: readonly MappingCounts[];
  readonly portions: readonly Portion[];
  readonly faults: Faults;
}

/** A record as `GET /stand-in/records` shows it. */
export interface ShownRecord {
  readonly kind: Kind;
  readonly name: string;
  readonly key: string;
  readonly record: Readonly<Record<string, unknown>>;
  readonly portion: string | null;
  /** Whether its portion was finalized, null without a portion. */
  readonly finalized: boolean | null;
  readonly times: number;
  /** When it was last taken, ISO 8601. */
  readonly at: string;
}

/** The routes under `/stand-in/`. */
export function controlRoutes(instance: Instance): Hono<Env> {
  const { store } = instance;
  const app = new Hono<Env>();
  app.use("/stand-in/*", fromHere);
  app.use("/stand-in/*", async (c, next) => {
    if (!instance.tokens.good(c.req.header("authorization2"))) {
      throw new Refusal(401, "the header Authorization2 is missing or its token is wrong");
    }
    await next();
  });
  app.get("/stand-in/state", (c) => {
    const { keep, counters, mappings, portions } = store;
    const faults = instance.plan.faults;
    return c.json({ keep, counters, mappings, portions, faults } satisfies StandInSummary);
  });
  app.get("/stand-in/records", (c) => c.json(recordsPage(store, queryOf(c))));
  app.get("/stand-in/requests", (c) => c.json({ requests: store.requests }));
  app.post("/stand-in/faults", async (c) => {
    instance.plan = new FaultPlan(faultsFrom(await readJson(c)));
    return c.json(instance.plan.faults);
  });
  app.post("/stand-in/reset", (c) => {
    store.reset();
    instance.plan = new FaultPlan();
    return c.json({});
  });
  return app;
}

/**
 * Lets only this machine through, and only when the caller knows it as this machine: a page of
 * another site can point its own name here, but the browser then sends that name as the host.
 */
export async function fromHere(c: Call, next: Next): Promise<void> {
  const address = c.env.peer.address() ?? "";
  if (!/^(::ffff:)?127\.|^::1$/i.test(address)) {
    throw new Refusal(403, "only this machine may look here");
  }
  if (!/^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(c.req.header("host") ?? "")) {
    throw new Refusal(403, "call it localhost, 127.0.0.1 or [::1]");
  }
  await next();
}

function recordsPage(store: Store, query: URLSearchParams) {
  checkQuery(query, [], ["name", "kind", "limit", "offset"]);
  if (store.keep === "counts") throw new Refusal(409, "only counts are kept, no records");
  const kind = query.get("kind") ?? undefined;
  if (kind !== undefined && kind !== "assets" && kind !== "users") {
    throw new Refusal(400, "kind is neither assets nor users");
  }
  const found = store.records({ kind, name: query.get("name") ?? undefined });
  const offset = wholeNumber(query, "offset") ?? 0;
  const limit = wholeNumber(query, "limit") ?? found.length;
  return {
    total: found.length,
    records: found.slice(offset, offset + limit).map((record) => shown(store, record)),
  };
}

function shown(store: Store, record: StoredRecord): ShownRecord {
  return {
    ...record,
    portion: record.portion ?? null,
    finalized: store.finalized(record) ?? null,
    at: new Date(record.at).toISOString(),
  };
}

function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d+$/.test(text)) throw new Refusal(400, `${name} is not a whole number`);
  return Number(text);
}

function faultsFrom(body: unknown): Faults {
  try {
    return parseFaults(body);
  } catch (error) {
    if (error instanceof UsageError) throw new Refusal(400, error.message);
    throw error;
  }
}
