/**
 * What all that works with Oomnitza shares: a connection, the sections to work on, and the state file.
 *
 * @module
 */

import { findConverter } from "../../converters/mod.ts";
import { ConfigError } from "../base/errors.ts";
import type { Log } from "../logging/log.ts";
import type { Redactor } from "../base/redact.ts";
import type { Plan } from "../config/plan.ts";
import type { SectionPlan } from "../config/section.ts";
import { connect, connectReader, type Oomnitza, type OomnitzaReader } from "../oomnitza/client.ts";
import type { OomnitzaSettings } from "../oomnitza/options.ts";
import { version } from "../runtime/version.ts";
import { createHttp, type Http } from "../sdk/http/http.ts";
import { planProxy } from "../sdk/http/proxy.ts";
import type { RetryPolicy } from "../sdk/http/retry.ts";
import { planTls } from "../sdk/tls/client.ts";
import { StateStore } from "../state/store.ts";
import { planCode } from "../sync/user_code.ts";
import { type PreparedSection, prepareSections } from "../sync/prepare.ts";
import type { SectionReport } from "../sync/report.ts";
import { runSection, type RunSettings } from "../sync/run.ts";

/** Who works: where it logs, what it hides, when it ends, and what it remembers. */
export interface SessionContext {
  readonly log: Log;
  readonly redactor: Redactor;
  readonly signal: AbortSignal;
  /** The state file; absent when nothing is remembered. */
  readonly stateFile: string | undefined;
}

/** A connection and what to do over it. */
export interface Session {
  readonly oomnitza: Oomnitza;
  readonly sections: readonly SectionPlan[];
  readonly http: Http;
  /** Gets sections ready, all of them unless told, before anything is read. */
  prepare(which?: readonly SectionPlan[]): Promise<PreparedSection[]>;
  /** Runs one of them. */
  run(prepared: PreparedSection, settings: RunSettings): Promise<SectionReport>;
}

/** Milliseconds that an answer from anything but Oomnitza and the sources may take. */
const sideTimeout = 20_000;

/** What converters ask others goes the same way as what goes to Oomnitza, without its credentials. */
export function sideHttp(
  plan: Pick<Plan, "env"> & { readonly oomnitza: OomnitzaSettings },
  { log, signal }: Pick<SessionContext, "log" | "signal">,
): Http {
  const { env, oomnitza: settings } = plan;
  return createHttp({
    base: "",
    tls: { verify: true, ca: planTls(settings).settings.ca },
    proxy: planProxy(settings.proxy, env),
    timeoutMs: sideTimeout,
    log,
    signal,
  });
}

function settingsOf(plan: Plan, sections: readonly SectionPlan[]): OomnitzaSettings {
  if (plan.oomnitza === undefined) throw new ConfigError(`Cannot use ${plan.file}`, plan.findings);
  const pending = sections.find((section) => section.pending);
  if (pending !== undefined) throw new Error(`[${pending.name}] is to run without its secrets`);
  return plan.oomnitza;
}

async function prepareWith(
  { log }: SessionContext,
  plan: Plan,
  sections: readonly SectionPlan[],
  oomnitza: OomnitzaReader,
  which: readonly SectionPlan[],
): Promise<PreparedSection[]> {
  const code = await planCode(plan.converters, sections);
  return await prepareSections(which, { oomnitza, findConverter, code, version, log });
}

/** A connection that cannot write. */
export type ReadSession = Omit<Session, "run" | "oomnitza"> & { readonly oomnitza: OomnitzaReader };

/** Connects to Oomnitza for reading only. */
export async function openReadSession(
  context: SessionContext,
  plan: Plan,
  sections: readonly SectionPlan[],
): Promise<ReadSession> {
  const { log, redactor, signal } = context;
  const settings = settingsOf(plan, sections);
  const oomnitza = await connectReader(settings, { log, redactor, signal, env: plan.env });
  return {
    oomnitza,
    sections,
    http: sideHttp({ ...plan, oomnitza: settings }, context),
    prepare: (which = sections) => prepareWith(context, plan, sections, oomnitza, which),
  };
}

/** Connects to Oomnitza for some sections. */
export async function openSession(
  context: SessionContext,
  plan: Plan,
  sections: readonly SectionPlan[],
  retry?: RetryPolicy,
): Promise<Session> {
  const { log, redactor, signal } = context;
  const settings = settingsOf(plan, sections);
  const oomnitza = await connect(settings, { log, redactor, signal, env: plan.env, retry });
  const http = sideHttp({ ...plan, oomnitza: settings }, context);
  return {
    oomnitza,
    sections,
    http,
    prepare: (which = sections) => prepareWith(context, plan, sections, oomnitza, which),
    run(prepared, how) {
      if (how.store !== undefined) how.store.accepted.instance = settings.url;
      const run = {
        oomnitza,
        http,
        apiVersion: settings.api_version,
        batchSize: settings.batch_size,
        guard: settings,
        stateFile: context.stateFile,
        redactor,
        signal,
      };
      return runSection(prepared, run, how);
    },
  };
}

/** A state file open for a while; without `store` nothing is remembered. */
export interface OpenStore {
  readonly store: StateStore | undefined;
  [Symbol.dispose](): void;
}

/** For runs that remember nothing. */
export const noState: OpenStore = { store: undefined, [Symbol.dispose]() {} };

/** Opens the state file, which is made when it is not there. */
export function openState(
  path: string,
  redactor: Redactor,
): OpenStore & { readonly store: StateStore } {
  const store = new StateStore({ path, redact: (text) => redactor.redact(text) });
  return { store, [Symbol.dispose]: () => store.close() };
}

/** Opens the state file for uploading, unless there is to be none, and removes old dead letters. */
export function openStore(
  { stateFile, redactor, log }: Omit<SessionContext, "signal">,
  { oomnitza }: Plan,
): OpenStore {
  if (stateFile === undefined) return noState;
  const opened = openState(stateFile, redactor);
  if (oomnitza === undefined) return opened;
  const { dead_letter_days: days, dead_letter_count: count } = oomnitza;
  const pruned = opened.store.pruneDeadLetters(days, count);
  if (pruned > 0) {
    log.warning(
      `${pruned} refused records were discarded: more than ${days} days old, or more than ${count}`,
    );
  }
  return opened;
}
