/**
 * What upload and check share: a connection to Oomnitza and the sections to work on.
 *
 * @module
 */

import { findConverter } from "../../converters/mod.ts";
import { ConfigError } from "../base/errors.ts";
import type { Plan } from "../config/plan.ts";
import type { SectionPlan } from "../config/section.ts";
import { connect, type Oomnitza } from "../oomnitza/client.ts";
import type { OomnitzaSettings } from "../oomnitza/options.ts";
import { version } from "../runtime/version.ts";
import { createHttp, type Http } from "../sdk/http.ts";
import { planProxy } from "../sdk/proxy.ts";
import type { RetryPolicy } from "../sdk/retry.ts";
import { planTls } from "../sdk/tls.ts";
import { planCode } from "../sync/code.ts";
import { type PreparedSection, prepareSections } from "../sync/prepare.ts";
import type { SectionReport } from "../sync/report.ts";
import { runSection, type RunSettings } from "../sync/run.ts";
import type { CommandContext } from "./command.ts";
import { stateFile } from "./state.ts";

/** A connection and what to do over it. */
export interface Session {
  readonly oomnitza: Oomnitza;
  readonly sections: readonly SectionPlan[];
  readonly http: Http;
  /** Gets sections ready, all of them unless told, before anything is read. */
  prepare(which?: readonly SectionPlan[]): Promise<PreparedSection[]>;
  /** Runs one of them. */
  run(
    prepared: PreparedSection,
    how: Pick<
      RunSettings,
      | "workers"
      | "recordCount"
      | "testmode"
      | "saveData"
      | "store"
      | "onStart"
      | "onVendorAnswer"
      | "full"
      | "accept"
      | "read"
    >,
  ): Promise<SectionReport>;
}

/** Milliseconds that an answer from anything but Oomnitza and the sources may take. */
const sideTimeout = 20_000;

/** What converters ask others goes the same way as what goes to Oomnitza, without its credentials. */
export function sideHttp(settings: OomnitzaSettings, { log, signal }: CommandContext): Http {
  return createHttp({
    base: "",
    tls: { verify: true, ca: planTls(settings).settings.ca },
    proxy: planProxy(settings.proxy, process.env),
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

/** Connects to Oomnitza for some sections. */
export async function openSession(
  context: CommandContext,
  plan: Plan,
  sections: readonly SectionPlan[],
  retry?: RetryPolicy,
): Promise<Session> {
  const { log, redactor, signal } = context;
  const settings = settingsOf(plan, sections);
  const oomnitza = await connect(settings, { log, redactor, signal, retry });
  const http = sideHttp(settings, context);
  return {
    oomnitza,
    sections,
    http,
    prepare: async (which = sections) =>
      await prepareSections(which, {
        oomnitza,
        findConverter,
        code: await planCode(plan.converters, sections),
        version,
        log,
      }),
    run(prepared, how) {
      if (how.store !== undefined) how.store.instance = settings.url;
      return runSection(prepared, {
        ...how,
        oomnitza,
        http,
        apiVersion: settings.api_version,
        batchSize: settings.batch_size,
        guard: settings,
        stateFile: stateFile(context, plan.file),
        log,
        redactor,
        signal,
      });
    },
  };
}
