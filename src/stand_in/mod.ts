/**
 * A local stand-in for an Oomnitza instance, to try the agent and to test it: it takes uploads by
 * both protocols, keeps them in memory, shows them, and fails when told to.
 *
 * @module
 */
import { Hono } from "hono";
import { serve } from "../runtime/serve.ts";
import { apiRoutes, refused } from "./api.ts";
import { controlRoutes, fromHere } from "./control.ts";
import { FaultPlan, type Faults, parseFaults } from "./faults.ts";
import type { ApiVersion, Env, Instance, Location, ServerMappings } from "./instance.ts";
import { page, pageHeaders } from "./page.tsx";
import { Refusal } from "./refusal.ts";
import { Store, type StoreOptions } from "./store.ts";
import { type TokenOptions, Tokens } from "./tokens.ts";

export type { ShownRecord, StandInSummary } from "./control.ts";
export { type FaultKind, faultKinds, type Faults, parseFaults } from "./faults.ts";
export type { ApiVersion, Location, ServerMappings } from "./instance.ts";
export type { Portion } from "./portions.ts";
export type { StoredRecord } from "./record_index.ts";
export type { LoggedRequest } from "./request_log.ts";
export type { Counters, MappingCounts, Store, Taken } from "./store.ts";

/** How a stand-in is to be. */
export interface StandInOptions extends TokenOptions, StoreOptions {
  /** Address to listen on, `127.0.0.1` unless told. */
  readonly host?: string | undefined;
  /** Port to listen on; 0, the default, takes a free one. */
  readonly port?: number | undefined;
  /** Certificate and private key as PEM text; with it the stand-in speaks HTTPS only. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Versions whose bulk endpoints are there, both unless told. */
  readonly apiVersions?: readonly ApiVersion[] | undefined;
  /** What `GET /api/v2/mappings` answers for each mapping name; nothing mapped unless told. */
  readonly mappings?: ServerMappings | undefined;
  /** What `GET /api/v3/locations` answers; no location unless told. */
  readonly locations?: readonly Location[] | undefined;
  /** What to do wrong from the start; nothing unless told. */
  readonly faults?: Faults | undefined;
}

/** A stand-in at work. */
export interface StandIn {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** The token that is always good: the one of the options, or a random one. */
  readonly token: string;
  /** What it got. */
  readonly state: Store;
  /**
   * Does these things wrong from now on, and no others; scripts, counts and chance start anew.
   *
   * @throws {UsageError} when they contradict themselves
   */
  setFaults(faults: Faults): void;
  /** Stops listening and closes every connection. */
  stop(): Promise<void>;
}

/**
 * Starts a stand-in. Its web page is at `/`, its control routes are under `/stand-in/`.
 *
 * @throws {AgentError} when the address cannot be listened on
 * @throws {UsageError} when the faults contradict themselves
 */
export function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  return Promise.try(begin, options);
}

function begin(options: StandInOptions): StandIn {
  const store = new Store(options);
  const instance: Instance = {
    store,
    tokens: new Tokens(options),
    apiVersions: new Set(options.apiVersions ?? ["v2", "v3"]),
    mappings: options.mappings ?? {},
    locations: options.locations ?? [],
    startedAt: Date.now(),
    plan: new FaultPlan(parseFaults(options.faults ?? {})),
  };
  const app = appFor(instance);
  const served = serve({
    host: options.host,
    port: options.port,
    tls: options.tls,
    fetch: (request, peer) => app.fetch(request, { peer }),
  });
  return {
    ...served,
    token: instance.tokens.token,
    state: store,
    setFaults: (faults) => {
      instance.plan = new FaultPlan(parseFaults(faults));
    },
  };
}

function appFor(instance: Instance): Hono<Env> {
  const app = new Hono<Env>();
  app.route("/", apiRoutes(instance));
  app.route("/", controlRoutes(instance));
  app.get("/", fromHere, (c) => {
    const refresh = c.req.query("refresh") !== "off";
    return c.html(page(instance, { refresh }), 200, pageHeaders);
  });
  app.notFound((c) => refused(new Refusal(404, "there is nothing here"), c));
  app.onError(refused);
  return app;
}
