/**
 * The endpoints of Oomnitza that an agent talks to.
 *
 * @module
 */
import { Hono, type Next } from "hono";
import { messageOf } from "../base/errors.ts";
import type { Batch } from "./batch.ts";
import {
  type ApiVersion,
  type Call,
  type Env,
  type Instance,
  readJson,
  readQuery,
} from "./instance.ts";
import { auditBatch, bulkBatch, checkFinalize, checkQuery, isUuid, usersBatch } from "./payload.ts";
import { recordRoutes } from "./record_routes.ts";
import { Refusal } from "./refusal.ts";
import { runLogRoutes } from "./run_log_routes.ts";

/** The routes under `/api/`. */
export function apiRoutes(instance: Instance): Hono<Env> {
  const app = new Hono<Env>();
  app.post("/api/request_token", async (c) => {
    const { login, password } = await loginForm(c);
    const token = instance.tokens.login(login, password);
    if (token === undefined) throw new Refusal(401, "login or password is wrong");
    return c.json({ token });
  });
  app.get("/api/v2/mappings", (c) => {
    const query = readQuery(c);
    checkQuery(query, ["name"], []);
    const name = query.get("name") ?? "";
    return c.json(Object.hasOwn(instance.mappings, name) ? instance.mappings[name] : {});
  });
  app.get("/api/v3/locations", (c) => {
    checkQuery(readQuery(c), [], []);
    return c.json(instance.locations);
  });
  app.post("/api/v2/bulk/users", (c) => upload(instance, c, usersBatch));
  app.post("/api/v2/bulk/audit", (c) => upload(instance, c, auditBatch));
  app.post("/api/v3/bulk", (c) => upload(instance, c, bulkBatch));
  addPortionRoutes(app, instance);
  app.route("/", recordRoutes(instance));
  app.route("/", runLogRoutes(instance));
  return app;
}

function addPortionRoutes(app: Hono<Env>, instance: Instance): void {
  const { store } = instance;
  app.post("/api/v3/bulk/:portion/finalize", async (c) => {
    const body = await readJson(c);
    checkFinalize(readQuery(c), body);
    if (!store.finalize(portionId(c))) throw new Refusal(404, "nothing came with this portion");
    return c.json({});
  });
  app.get("/api/v3/bulk/:portion", (c) => {
    checkQuery(readQuery(c), [], []);
    const portion = store.portion(portionId(c));
    return c.json({
      canceled: false,
      received: portion?.received ?? 0,
      finalized: portion?.finalized ?? false,
    });
  });
}

type Reader = (query: URLSearchParams, body: unknown) => Batch;

async function upload({ store }: Instance, c: Call, read: Reader): Promise<Response> {
  return c.json(store.take(read(readQuery(c), await readJson(c))));
}

/** Lets nobody through without a good token, nor to a version that is switched off. */
export async function authorize(instance: Instance, c: Call, next: Next): Promise<void> {
  if (c.req.path !== "/api/request_token") {
    const token = c.req.header("authorization2");
    if (token === undefined) throw new Refusal(401, "the header Authorization2 is missing");
    if (!instance.tokens.accept(token)) throw new Refusal(401, "the token is wrong or expired");
  }
  const version = /^\/api\/(v\d+)\/bulk(?:\/|$)/.exec(c.req.path)?.[1];
  if (version !== undefined && !instance.apiVersions.has(version as ApiVersion)) {
    throw new Refusal(404, `bulk uploads of API ${version} are switched off`);
  }
  await next();
}

/**
 * Lets only this machine through, and only when the caller knows it as this machine: a page of
 * another site can point its own name here, but the browser then sends that name as the host.
 */
export async function allowLocal(c: Call, next: Next): Promise<void> {
  const address = c.env.peer.address() ?? "";
  if (!/^(::ffff:)?127\.|^::1$/i.test(address)) {
    throw new Refusal(403, "only this machine may access this");
  }
  if (!/^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(c.req.header("host") ?? "")) {
    throw new Refusal(403, "call it localhost, 127.0.0.1 or [::1]");
  }
  await next();
}

/** Answers what a route threw. */
export function answerError(error: unknown): Response {
  const message = error instanceof Refusal
    ? error.message
    : `internal error of the stand-in: ${messageOf(error)}`;
  return Response.json({ error: message }, {
    status: error instanceof Refusal ? error.status : 500,
  });
}

async function loginForm(c: Call): Promise<{ login: string; password: string }> {
  const type = c.req.header("content-type") ?? "";
  if (!/^application\/x-www-form-urlencoded(;|$)/i.test(type)) {
    throw new Refusal(400, "Content-Type is not application/x-www-form-urlencoded");
  }
  checkQuery(readQuery(c), [], []);
  const form = new URLSearchParams(await c.req.raw.text());
  for (const name of form.keys()) {
    if (name !== "login" && name !== "password") {
      throw new Refusal(400, `${name} is not known in the form`);
    }
    if (form.getAll(name).length > 1) throw new Refusal(400, `${name} is in the form twice`);
  }
  const login = form.get("login");
  const password = form.get("password");
  if (login === null) throw new Refusal(400, "login is missing in the form");
  if (password === null) throw new Refusal(400, "password is missing in the form");
  return { login, password };
}

function portionId(c: Call): string {
  const id = c.req.param("portion") ?? "";
  if (!isUuid(id)) throw new Refusal(400, "portion is not a UUID");
  return id;
}
