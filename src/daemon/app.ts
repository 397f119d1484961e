/**
 * The web server of `agent serve`: webhooks, and how the service does.
 *
 * @module
 */

import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../logging/log.ts";
import type { Peer } from "../runtime/serve.ts";
import type { ServeOptions } from "../settings/serve_options.ts";
import { type Authenticator, createAuthenticator } from "./authentication.ts";
import { type Callers, createCallers } from "./caller.ts";
import type { Counters } from "./counters.ts";
import { createHostCheck, type HostCheck } from "./host_check.ts";
import type { AddressLimits } from "./limits.ts";
import { refusal, takeCall, type WebhookSettings } from "./webhooks.ts";

/** Who may call something. */
export interface Admission {
  readonly isAllowed: Callers["isAllowed"];
  readonly hostCheck: HostCheck;
  readonly authenticator: Authenticator;
}

/** Who takes the calls to some paths. */
export interface Receiver {
  readonly admission: Admission;
  readonly webhooks: WebhookSettings;
  /** Calls that are being answered. */
  readonly calls: OpenCalls;
}

/** What the app needs. */
export interface AppSettings {
  readonly addressOf: Callers["addressOf"];
  readonly limits: AddressLimits;
  /** Who takes the calls to a path; a text says why nobody does at the moment. */
  readonly receiverOf: (path: string) => Receiver | string;
  /** Who may read the metrics, as it is now. */
  readonly watchersNow: () => Admission;
  /** Why the service is not ready, nothing when it is. */
  readonly unready: () => string | undefined;
  readonly counters: Counters;
  readonly metrics: () => Promise<string>;
  readonly log: Log;
}

/** The rules that the options of `[serve]` set. */
export function createAdmission(options: ServeOptions): Admission {
  return {
    isAllowed: createCallers(options).isAllowed,
    hostCheck: createHostCheck(options),
    authenticator: createAuthenticator(options),
  };
}

/** Counts calls until they are answered. */
export class OpenCalls {
  #open = 0;
  #ended: (() => void)[] = [];

  async during<T>(answer: () => Promise<T>): Promise<T> {
    this.#open++;
    try {
      return await answer();
    } finally {
      if (--this.#open === 0) { for (const end of this.#ended.splice(0)) end(); }
    }
  }

  /** Fulfilled once none is open. */
  async idle(): Promise<void> {
    if (this.#open > 0) await new Promise<void>((resolve) => this.#ended.push(resolve));
  }
}

/** What a request carries along. */
export interface Env {
  Bindings: { readonly peer: Peer };
  Variables: { address: string };
}

/** Paths and names in the log are cut here: callers choose them. */
const longestText = 200;

const isHealthCheck = (path: string) => path === "/healthz" || path === "/readyz";

/** One line a call: the caller, the path and the answer. */
function accessLog({ addressOf, counters, log }: AppSettings) {
  const access = log.named("access");
  return createMiddleware<Env>(async (c, next) => {
    const begun = performance.now();
    const address = addressOf(c.env.peer.address(), c.req.raw.headers);
    c.set("address", address);
    await next();
    const { status } = c.res;
    counters.count(status);
    // A load balancer asks every two seconds: it would fill the log with lines that say nothing.
    const level = isHealthCheck(c.req.path) && status === 200 ? "debug" : "info";
    access[level](JSON.stringify({
      time: new Date().toISOString(),
      address: address.slice(0, longestText),
      method: c.req.method,
      path: c.req.path.slice(0, longestText),
      status,
      ms: Math.round((performance.now() - begun) * 10) / 10,
    }));
  });
}

function withinLimits({ limits }: AppSettings) {
  return createMiddleware<Env>(async (c, next) => {
    const address = c.get("address");
    // Not the clock of the day: one that is set back would refuse everybody until it caught up.
    if (!limits.enter(address, performance.now())) {
      return refusal(429, "too many calls from this address", { "Retry-After": "1" });
    }
    try {
      await next();
    } finally {
      limits.leave(address);
    }
    return undefined;
  });
}

/** Answers those who may not call; nothing for those who may. */
function refuse(
  { isAllowed, hostCheck, authenticator: guard }: Admission,
  { method, headers }: Request,
  address: string,
  log: Log,
): Response | undefined {
  if (!hostCheck.isKnownHost(headers)) {
    const host = (headers.get("host") ?? "").slice(0, longestText);
    log.warning(`A call from ${address} was refused: ${host} is not in hosts of [serve]`);
    return refusal(421, "this is not a name of the agent");
  }
  if (hostCheck.isFromPage(method, headers)) {
    const page = (headers.get("origin") ?? "a web page").slice(0, longestText);
    log.warning(`A call from ${address} was refused: a browser sent it for ${page}`);
    return refusal(403, "not from a web page");
  }
  if (!isAllowed(address)) {
    log.warning(`A call from ${address} was refused: it is not in allow of [serve]`);
    return refusal(403, "not from this address");
  }
  if (!guard.admits(headers)) {
    log.warning(`A call from ${address} was refused: name, password or secret is wrong`);
    return refusal(401, "credentials are missing or wrong", guard.challenge);
  }
  return undefined;
}

/** Answers a call to any path that is none of the service itself. */
async function receive(
  { receiverOf }: AppSettings,
  request: Request,
  path: string,
  address: string,
): Promise<Response> {
  const receiver = receiverOf(path);
  if (typeof receiver === "string") return refusal(503, receiver, { "Retry-After": "30" });
  const { admission, webhooks, calls } = receiver;
  return refuse(admission, request, address, webhooks.log) ??
    await calls.during(() => takeCall(request, path, webhooks));
}

/** Routes webhooks, health and metrics, with access log, limits and authentication in front. */
export function createApp(settings: AppSettings): Hono<Env> {
  const { watchersNow, log } = settings;
  const app = new Hono<Env>();
  app.use(accessLog(settings));
  app.use(withinLimits(settings));
  app.get("/healthz", (c) => c.text("ok\n"));
  app.get("/readyz", (c) => {
    const reason = settings.unready();
    return reason === undefined ? c.text("ready\n") : c.text(`${reason}\n`, 503);
  });
  app.get("/metrics", async (c) => {
    const refused = refuse(watchersNow(), c.req.raw, c.get("address"), log);
    if (refused !== undefined) return refused;
    return c.text(await settings.metrics(), 200, { "Content-Type": "text/plain; version=0.0.4" });
  });
  app.all("*", (c) => receive(settings, c.req.raw, c.req.path, c.get("address")));
  app.onError((error) => {
    log.error(`Unexpected error in a web request: ${messageOf(error)}`);
    return refusal(500, "internal error: see the log of the agent");
  });
  return app;
}
