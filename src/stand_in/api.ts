/**
 * The endpoints of Oomnitza that an agent talks to.
 *
 * @module
 */
import { type Context, Hono, type Next } from "hono";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../base/errors.ts";
import type { Kind } from "../base/record.ts";
import { hangUp } from "../runtime/serve.ts";
import type { Batch } from "./batch.ts";
import type { Fault, Target } from "./faults.ts";
import { type ApiVersion, type Call, type Env, type Instance, queryOf } from "./instance.ts";
import { auditBatch, bulkBatch, checkFinalize, checkQuery, isUuid, usersBatch } from "./payload.ts";
import { Refusal } from "./refusal.ts";
import type { Tokens } from "./tokens.ts";

const uploads: ReadonlySet<string> = new Set([
  "/api/v2/bulk/users",
  "/api/v2/bulk/audit",
  "/api/v3/bulk",
]);

/** The routes under `/api/`. */
export function apiRoutes(instance: Instance): Hono<Env> {
  const { store, tokens } = instance;
  const app = new Hono<Env>();
  app.use("/api/*", (c, next) => logged(instance, c, next));
  app.use("/api/*", (c, next) => authorized(instance, c, next));
  app.use("/api/*", (c, next) => failing(instance, c, next));

  app.post("/api/request_token", async (c) => {
    const { login, password } = await loginForm(c);
    const token = tokens.login(login, password);
    if (token === undefined) throw new Refusal(401, "login or password is wrong");
    store.counters.logins += 1;
    return c.json({ token });
  });
  app.get("/api/v2/mappings", (c) => {
    const query = queryOf(c);
    checkQuery(query, ["name"], []);
    const name = query.get("name") ?? "";
    return c.json(Object.hasOwn(instance.mappings, name) ? instance.mappings[name] : {});
  });
  app.get("/api/v3/locations", (c) => {
    checkQuery(queryOf(c), [], []);
    return c.json(instance.locations);
  });
  app.get("/api/v3/assets", (c) => listed(instance, c, "assets"));
  app.get("/api/v3/users", (c) => listed(instance, c, "users"));
  app.post("/api/v2/bulk/users", (c) => upload(instance, c, usersBatch));
  app.post("/api/v2/bulk/audit", (c) => upload(instance, c, auditBatch));
  app.post("/api/v3/bulk", (c) => upload(instance, c, bulkBatch));
  addPortionRoutes(app, instance);
  return app;
}

/** What is held of a kind, `limit` of them: Oomnitza's "REST APIs (Swagger Docs)". */
function listed({ store }: Instance, c: Call, kind: Kind): Response {
  const query = queryOf(c);
  checkQuery(query, [], ["limit"]);
  const limit = Number(query.get("limit") ?? "100");
  if (!Number.isInteger(limit) || limit < 1) throw new Refusal(400, "limit is not a number");
  return c.json(store.records({ kind }).slice(0, limit).map(({ record }) => record));
}

function addPortionRoutes(app: Hono<Env>, instance: Instance): void {
  const { store } = instance;
  app.post("/api/v3/bulk/:portion/finalize", async (c) => {
    const body = await readJson(c);
    checkFinalize(queryOf(c), body);
    if (!store.finalize(portionId(c))) throw new Refusal(404, "nothing came with this portion");
    return c.json({});
  });
  app.get("/api/v3/bulk/:portion", (c) => {
    checkQuery(queryOf(c), [], []);
    const portion = store.portion(portionId(c));
    return c.json({
      canceled: instance.plan.faults.cancel ?? false,
      received: portion?.received ?? 0,
      finalized: portion?.finalized ?? false,
    });
  });
}

type Reader = (query: URLSearchParams, body: unknown) => Batch;

async function upload({ plan, store }: Instance, c: Call, read: Reader): Promise<Response> {
  const batch = read(queryOf(c), await readJson(c));
  c.set("records", batch.records.length);
  if (batch.records.some((record) => plan.poisons(record))) {
    const field = plan.faults.poison?.field;
    throw new Refusal(400, `a record has a value in ${field} that cannot be taken`);
  }
  return c.json(store.take(batch));
}

/** Writes the request into the log when its answer is known. */
async function logged({ store, tokens }: Instance, c: Call, next: Next): Promise<void> {
  const at = Date.now();
  const started = performance.now();
  await next();
  store.note({
    at,
    method: c.req.method,
    path: redactedPath(c, tokens),
    query: redactedQuery(c, tokens),
    status: c.get("dropped") ? "dropped" : c.res.status,
    records: c.get("records") ?? 0,
    ms: Math.round((performance.now() - started) * 10) / 10,
    fault: c.get("fault"),
    error: c.get("error"),
  });
}

/** Lets nobody through without a good token, nor to a version that is switched off. */
async function authorized(instance: Instance, c: Call, next: Next): Promise<void> {
  if (c.req.path !== "/api/request_token") {
    const token = c.req.header("authorization2");
    if (token === undefined) throw new Refusal(401, "the header Authorization2 is missing");
    if (!instance.tokens.spend(token)) throw new Refusal(401, "the token is wrong or expired");
  }
  const version = /^\/api\/(v\d+)\/bulk(?:\/|$)/.exec(c.req.path)?.[1];
  if (version !== undefined && !instance.apiVersions.has(version as ApiVersion)) {
    throw new Refusal(404, `bulk uploads of API ${version} are switched off`);
  }
  await next();
}

/** Delays the answer and fails as told. */
async function failing({ plan }: Instance, c: Call, next: Next): Promise<Response | void> {
  const target = targetOf(c);
  const fault = plan.next(target);
  const { latencyMs } = plan.faults;
  if (latencyMs && plan.concerns(target)) await sleep(latencyMs, undefined, { ref: false });
  if (fault === undefined) return await next();
  if (fault.drop === "after") {
    await next();
    if (!c.res.ok) return;
  }
  c.set("fault", fault.kind);
  return failure(c, fault);
}

function failure(c: Call, { kind, drop, status, headers }: Fault): Response | void {
  if (drop === undefined) {
    return Response.json({ error: `told to fail: ${kind}` }, { status, headers });
  }
  c.set("dropped", true);
  c.res = hangUp();
}

function targetOf(c: Call): Target {
  if (c.req.method === "POST" && uploads.has(c.req.path)) return "upload";
  return /^\/api\/v\d+\/bulk(?:\/|$)/.test(c.req.path) ? "bulk" : "other";
}

/** Answers what a route threw, and keeps the reason for the log. */
export function refused(error: unknown, c: Context<Env>): Response {
  const message = error instanceof Refusal
    ? error.message
    : `the stand-in has a fault of its own: ${messageOf(error)}`;
  c.set("error", message);
  return Response.json({ error: message }, {
    status: error instanceof Refusal ? error.status : 500,
  });
}

/**
 * Reads a JSON body.
 *
 * @throws {Refusal} 400 when it is not sent as JSON in UTF-8, or is none
 */
export async function readJson(c: Call): Promise<unknown> {
  const type = c.req.header("content-type") ?? "";
  if (!/^application\/json(;\s*charset=utf-8)?$/i.test(type)) {
    throw new Refusal(400, "Content-Type is not application/json; charset=utf-8");
  }
  try {
    return await c.req.raw.json();
  } catch (error) {
    if (error instanceof SyntaxError) throw new Refusal(400, "the body is not JSON");
    throw error;
  }
}

async function loginForm(c: Call): Promise<{ login: string; password: string }> {
  const type = c.req.header("content-type") ?? "";
  if (!/^application\/x-www-form-urlencoded(;|$)/i.test(type)) {
    throw new Refusal(400, "Content-Type is not application/x-www-form-urlencoded");
  }
  checkQuery(queryOf(c), [], []);
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

function redactedPath(c: Call, tokens: Tokens): string {
  const { path } = c.req;
  return uploads.has(path) ? path : path.split("/").map((part) => tokens.redact(part)).join("/");
}

function redactedQuery(c: Call, tokens: Tokens): string {
  if (!c.req.url.includes("?")) return "";
  const pairs = [...queryOf(c)].map((pair) => pair.map((part) => tokens.redact(part)));
  return pairs.map((pair) => pair.join("=")).join("&");
}
