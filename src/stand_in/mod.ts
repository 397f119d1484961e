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
import type { FieldDefinitions } from "./fields.ts";
import type { Access, ApiVersion, Env, Instance, Location, ServerMappings } from "./instance.ts";
import { page, pageHeaders } from "./page.tsx";
import { Processing, type ProcessingOptions } from "./processing.ts";
import { Refusal } from "./refusal.ts";
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
  /** When records of API v3 are processed, and which are refused then; all at once unless given. */
  readonly processing?: ProcessingOptions | undefined;
  /** What it tells about fields, and which values they take; every value unless given. */
  readonly fields?: FieldDefinitions | undefined;
  /** What it shows; everything unless given. */
  readonly access?: Partial<Access> | undefined;
  /** Whether the run log finds a portion by the id of its upload; it does unless given. */
  readonly knowsUploadIds?: boolean | undefined;
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
  const store = new Store(createProcessing(options));
  const instance = createInstance(options, store, new Tokens(options));
  const app = new Hono<Env>();
  app.use("/api/*", (c, next) => authorize(instance, c, next));
  addRoutes(app, instance);
  const served = serve({
    port: options.port,
    fetch: (request, peer) => app.fetch(request, { peer }),
  });
  return { ...served, token: instance.tokens.token };
}

/** How a stand-in processes records. */
export function createProcessing({ processing, fields }: InstanceOptions): Processing {
  return new Processing(processing, fields);
}

/** What the routes of a stand-in work on, over a store and tokens of the caller's. */
export function createInstance(options: InstanceOptions, store: Store, tokens: Tokens): Instance {
  return {
    store,
    tokens,
    apiVersions: new Set(options.apiVersions ?? ["v2", "v3"]),
    mappings: options.mappings ?? {},
    locations: options.locations ?? [],
    access: {
      ...{ runLog: "given", records: "given", history: "given", fields: "given" },
      ...options.access,
    },
    knowsUploadIds: options.knowsUploadIds ?? true,
    fields: options.fields ?? {},
    userName: options.username ?? "api",
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
