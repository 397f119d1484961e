/**
 * A local stand-in for an Oomnitza instance, to try the agent with: it takes uploads by both
 * protocols, refuses what an instance would not understand, keeps the records in memory and shows
 * them on a page.
 *
 * @module
 */
import { Hono } from "hono";
import { serve } from "../runtime/serve.ts";
import { allowLocal, answerError, apiRoutes, authorize } from "./api.ts";
import type { ApiVersion, Env, Instance, Location, ServerMappings } from "./instance.ts";
import { Refusal } from "./refusal.ts";
import { page, pageHeaders } from "./page.tsx";
import { Store } from "./store.ts";
import { type Credentials, Tokens } from "./tokens.ts";

/** What a stand-in knows and takes. */
export interface InstanceOptions extends Credentials {
  /** Versions whose upload endpoints are there, both unless given. */
  readonly apiVersions?: readonly ApiVersion[] | undefined;
  /** What `GET /api/v2/mappings` answers for each mapping name; nothing mapped unless given. */
  readonly mappings?: ServerMappings | undefined;
  /** What `GET /api/v3/locations` answers; no location unless given. */
  readonly locations?: readonly Location[] | undefined;
}

export interface StandInOptions extends InstanceOptions {
  /** Port to listen on; 0, the default, takes a free one. */
  readonly port?: number | undefined;
}

/** A stand-in at work. */
export interface StandIn {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** The token that is always good: the one of the options, or a random one. */
  readonly token: string;
  /** Stops listening and closes every connection. */
  stop(): Promise<void>;
}

/**
 * Starts a stand-in on loopback. Its web page is at `/`.
 *
 * @throws {AgentError} when the port cannot be listened on
 */
export function startStandIn(options: StandInOptions = {}): StandIn {
  const instance = createInstance(options, new Store(), new Tokens(options));
  const app = new Hono<Env>();
  app.use("/api/*", (c, next) => authorize(instance, c, next));
  addRoutes(app, instance);
  const served = serve({
    port: options.port,
    fetch: (request, peer) => app.fetch(request, { peer }),
  });
  return { ...served, token: instance.tokens.token };
}

/** What the routes of a stand-in work on, over a store and tokens of the caller's. */
export function createInstance(options: InstanceOptions, store: Store, tokens: Tokens): Instance {
  return {
    store,
    tokens,
    apiVersions: new Set(options.apiVersions ?? ["v2", "v3"]),
    mappings: options.mappings ?? {},
    locations: options.locations ?? [],
    startedAt: Date.now(),
  };
}

/** Adds the endpoints of Oomnitza, the page, and the answers to errors. */
export function addRoutes(app: Hono<Env>, instance: Instance): void {
  app.route("/", apiRoutes(instance));
  app.get("/", allowLocal, (c) => {
    const refresh = c.req.query("refresh") !== "off";
    return c.html(page(instance, { refresh }), 200, pageHeaders);
  });
  app.notFound(() => answerError(new Refusal(404, "there is nothing here")));
  app.onError(answerError);
}
