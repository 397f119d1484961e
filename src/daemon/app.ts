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
import type { Authenticator } from "./authentication.ts";
import type { Callers } from "./caller.ts";
import type { Counters } from "./counters.ts";
import type { HostCheck } from "./host_check.ts";
import type { AddressLimits } from "./limits.ts";
import { refusal, takeCall, type WebhookSettings } from "./webhooks.ts";

/** What the app needs. */
export interface AppSettings {
  readonly callers: Callers;
  readonly limits: AddressLimits;
  readonly hostCheck: HostCheck;
  readonly authenticator: Authenticator;
  readonly webhooks: WebhookSettings;
  /** Why the service is not ready, nothing when it is. */
  readonly unready: () => string | undefined;
  readonly counters: Counters;
  readonly metrics: () => Promise<string>;
  readonly log: Log;
}

/** What a request carries along. */
export interface Env {
  Bindings: { readonly peer: Peer };
  Variables: { address: string };
}

/** Paths and names in the log are cut here: callers choose them. */
const longestText = 200;

/** One line a call: the caller, the path and the answer. */
function accessLog({ callers, counters, log }: AppSettings) {
  const access = log.named("access");
  return createMiddleware<Env>(async (c, next) => {
    const begun = performance.now();
    const address = callers.addressOf(c.env.peer.address(), c.req.raw.headers);
    c.set("address", address);
    await next();
    const { status } = c.res;
    counters.count(status);
    access.info(JSON.stringify({
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
    if (!limits.enter(address, Date.now())) {
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

function admitted({ callers, authenticator: guard, hostCheck, log }: AppSettings) {
  return createMiddleware<Env>(async (c, next) => {
    const address = c.get("address");
    const { headers } = c.req.raw;
    if (!hostCheck.isKnownHost(headers)) {
      const host = (headers.get("host") ?? "").slice(0, longestText);
      log.warning(`A call from ${address} was refused: ${host} is not in hosts of [serve]`);
      return refusal(421, "this is not a name of the agent");
    }
    if (hostCheck.isFromPage(c.req.method, headers)) {
      const page = (headers.get("origin") ?? "a web page").slice(0, longestText);
      log.warning(`A call from ${address} was refused: a browser sent it for ${page}`);
      return refusal(403, "not from a web page");
    }
    if (!callers.isAllowed(address)) {
      log.warning(`A call from ${address} was refused: it is not in allow of [serve]`);
      return refusal(403, "not from this address");
    }
    if (!guard.admits(headers)) {
      log.warning(`A call from ${address} was refused: name, password or secret is wrong`);
      return refusal(401, "credentials are missing or wrong", guard.challenge);
    }
    await next();
    return undefined;
  });
}

/** Routes webhooks, health and metrics, with access log, limits and authentication in front. */
export function createApp(settings: AppSettings): Hono<Env> {
  const app = new Hono<Env>();
  app.use(accessLog(settings));
  app.use(withinLimits(settings));
  app.get("/healthz", (c) => c.text("ok\n"));
  app.get("/readyz", (c) => {
    const reason = settings.unready();
    return reason === undefined ? c.text("ready\n") : c.text(`${reason}\n`, 503);
  });
  app.get("/metrics", admitted(settings), async (c) => {
    return c.text(await settings.metrics(), 200, { "Content-Type": "text/plain; version=0.0.4" });
  });
  app.all("*", admitted(settings), (c) => takeCall(c.req.raw, c.req.path, settings.webhooks));
  app.onError((error) => {
    settings.log.error(`Unexpected error in a web request: ${messageOf(error)}`);
    return refusal(500, "internal error: see the log of the agent");
  });
  return app;
}
