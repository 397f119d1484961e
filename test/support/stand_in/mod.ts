/**
 * A stand-in for Oomnitza that tests can look into and have fail: the program's own, with faults, a
 * whole log and tokens that expire.
 *
 * @module
 */
import { Hono, type Next } from "hono";
import { setTimeout as sleep } from "node:timers/promises";
import { hangUp, serve, type ServerTls } from "../../../src/runtime/serve.ts";
import { authorize } from "../../../src/stand_in/api.ts";
import type { Batch } from "../../../src/stand_in/batch.ts";
import type { Call, Env } from "../../../src/stand_in/instance.ts";
import {
  addRoutes,
  createInstance,
  createProcessing,
  type StandIn as PlainStandIn,
  type StandInOptions as PlainOptions,
} from "../../../src/stand_in/mod.ts";
import { type Fault, FaultPlan, type Faults, parseFaults, type Target } from "./faults.ts";
import { answerLogged, uploadPaths } from "./request_log.ts";
import { type Keep, TestStore } from "./store.ts";
import { ExpiringTokens } from "./tokens.ts";

export interface StandInOptions extends PlainOptions {
  /** Certificate and private key as PEM text; with it the stand-in speaks HTTPS only. */
  readonly tls?: ServerTls | undefined;
  /** Requests that a token got by login is good for; for ever unless given. */
  readonly tokenLifetime?: number | undefined;
  /** Whether records are kept or only counted: kept unless given. */
  readonly keep?: Keep | undefined;
  /** Whether what was taken in waits for `state.process()`; give `processing` a delay beside it. */
  readonly holdsProcessing?: boolean | undefined;
  /** What to do wrong from the start; nothing unless given. */
  readonly faults?: Faults | undefined;
  /**
   * Waited for with the body of each upload before it is looked at. One whose sender hangs up meanwhile has
   * not arrived. Not for a stand-in in a process of its own.
   */
  readonly hold?: ((body: string) => Promise<void>) | undefined;
  /** Told of what is taken in, in the order in which it is. Not for a stand-in in a process of its own. */
  readonly onBatch?: ((batch: Batch) => void) | undefined;
}

/** A stand-in at work. */
export interface StandIn extends PlainStandIn {
  /** What it got since the start, or since the last reset. */
  readonly state: TestStore;
  /**
   * Does these things wrong from now on, and no others; scripts, counts and chance start anew.
   *
   * @throws {UsageError} when they contradict themselves
   */
  setFaults(faults: Faults): void;
  /** Forgets everything that it got. */
  reset(): void;
}

/** Starts a stand-in on loopback. */
export function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  return Promise.try(begin, options);
}

function begin(options: StandInOptions): StandIn {
  let plan = new FaultPlan(parseFaults(options.faults ?? {}));
  const tokens = new ExpiringTokens(options);
  const build = () => buildApp(options, tokens, () => plan);
  let current = build();
  const served = serve({
    port: options.port,
    tls: options.tls,
    fetch: (request, peer) => current.app.fetch(request, { peer }),
  });
  return {
    ...served,
    token: tokens.token,
    get state() {
      return current.store;
    },
    setFaults: (faults) => {
      plan = new FaultPlan(parseFaults(faults));
    },
    reset: () => {
      current = build();
    },
  };
}

function buildApp(options: StandInOptions, tokens: ExpiringTokens, currentPlan: () => FaultPlan) {
  const store = new TestStore(
    options.keep ?? "all",
    (batch) => currentPlan().refusePoison(batch),
    createProcessing(options),
    options.holdsProcessing,
  );
  if (options.onBatch !== undefined) store.onBatch = options.onBatch;
  const instance = createInstance(options, store, tokens);
  const faults = new WeakMap<Call, Fault>();
  const app = new Hono<Env>();
  app.use("/api/*", async (c, next) => {
    const request = await answerLogged(c, next, tokens);
    const fault = faults.get(c);
    if (fault === undefined) return store.note(request);
    const status = fault.drop === undefined ? request.status : "dropped";
    store.note({ ...request, status, fault: fault.kind });
  });
  app.use("/api/*", (c, next) => authorize(instance, c, next));
  app.use("/api/*", (c, next) => holdUpload(options, c, next));
  app.use("/api/*", async (c, next) => {
    const fault = await failOrAnswer(currentPlan(), c, next);
    if (fault !== undefined) faults.set(c, fault);
  });
  addRoutes(app, instance);
  return { app, store };
}

async function holdUpload({ hold }: StandInOptions, c: Call, next: Next): Promise<void> {
  if (hold !== undefined && findTarget(c) === "upload") await hold(await c.req.raw.clone().text());
  if (c.req.raw.signal.aborted) c.res = hangUp();
  else await next();
}

/** Delays the answer and fails as the plan has it; gives the fault, if there was one. */
async function failOrAnswer(plan: FaultPlan, c: Call, next: Next): Promise<Fault | undefined> {
  const target = findTarget(c);
  const fault = plan.next(target);
  const { latencyMs } = plan.faults;
  if (latencyMs && plan.concerns(target)) await sleep(latencyMs, undefined, { ref: false });
  if (fault === undefined || fault.drop === "after") await next();
  if (plan.faults.cancel) await tellCanceled(c);
  if (fault === undefined || (fault.drop === "after" && !c.res.ok)) return undefined;
  const { kind, drop, status, headers, body } = fault;
  c.res = drop === undefined
    ? body === undefined
      ? Response.json({ error: `failed on purpose: ${kind}` }, { status, headers })
      : new Response(body, { status, headers })
    : hangUp();
  return fault;
}

async function tellCanceled(c: Call): Promise<void> {
  if (c.req.method !== "GET" || !/^\/api\/v3\/bulk\/[^/]+$/.test(c.req.path) || !c.res.ok) return;
  c.res = Response.json({ ...await c.res.json(), canceled: true });
}

function findTarget(c: Call): Target {
  if (c.req.method === "POST" && uploadPaths.has(c.req.path)) return "upload";
  return /^\/api\/v\d+\/bulk(?:\/|$)/.test(c.req.path) ? "bulk" : "other";
}
