/**
 * Connects to Oomnitza and prepares sections: what every use case that talks to Oomnitza begins with.
 *
 * @module
 */

import { tmpdir } from "node:os";
import { join } from "node:path";
import { converterNames, findConverter } from "../../converters/mod.ts";
import { ConfigError } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import type { SectionConfig } from "../config/section.ts";
import { connect, connectReader, type Oomnitza, type OomnitzaReader } from "../oomnitza/client.ts";
import { createFieldRules, type FieldRulesOf } from "../oomnitza/fields.ts";
import type { OomnitzaSettings } from "../oomnitza/options.ts";
import { version } from "../runtime/version.ts";
import { evaluatePac } from "../sandbox/pac.ts";
import { createHttp, type Http } from "../sdk/http/http.ts";
import type { EvaluatePac } from "../sdk/http/pac.ts";
import { createProxyFinder } from "../sdk/http/proxy.ts";
import type { RetryPolicy } from "../sdk/http/retry.ts";
import { durationMs } from "../sdk/option.ts";
import { resolveTls } from "../sdk/tls/client.ts";
import { redirectHosts } from "../sdk/tls/options.ts";
import { type PreparedSection, prepareSections } from "../sync/prepare.ts";
import type { ReceiptOptions } from "../sync/receipt/section_receipts.ts";
import { compileUserCode } from "../sync/user_code.ts";
import type { AppContext } from "./context.ts";

/** A connection to Oomnitza, and the sections to work on over it. */
export interface ReadSession<Connection extends OomnitzaReader = OomnitzaReader> {
  readonly oomnitza: Connection;
  /** What the instance tells about its fields. */
  readonly fieldRules: FieldRulesOf;
  readonly settings: OomnitzaSettings;
  readonly sections: readonly SectionConfig[];
  /** For converters that query other systems: their requests use the same proxy and TLS settings as Oomnitza's. */
  readonly http: Http;
  /** Gets sections ready, all of them by default, before anything is read. */
  prepare(which?: readonly SectionConfig[]): Promise<PreparedSection[]>;
}

/** A connection that can write. */
export type Session = ReadSession<Oomnitza>;

/** Milliseconds that an answer from anything but Oomnitza and the sources may take. */
const sideTimeoutMs = 20_000;

/** The path beside which temporary files of a use case are kept. */
export function besideState({ stateFile }: Pick<AppContext, "stateFile">): string {
  return stateFile ?? join(tmpdir(), "agent-plan");
}

/** An HTTP client with the proxy and TLS settings of Oomnitza's, without its credentials. */
export function sideHttp(
  settings: OomnitzaSettings,
  { log, signal, env }: Pick<AppContext, "log" | "signal" | "env">,
): Http {
  const tls = { verify: true, ca: resolveTls(settings).settings.ca };
  return createHttp({
    base: "",
    tls,
    proxy: createProxyFinder(settings.proxy, env, { evaluate: evaluatePac, tls, log }),
    redirectHosts: redirectHosts(settings.redirect_hosts),
    timeoutMs: sideTimeoutMs,
    log,
    signal,
  });
}

/** How Oomnitza is asked what became of records, as `[oomnitza]` has it. */
export function receiptOptions(
  { receipt, receipt_timeout }: Pick<OomnitzaSettings, "receipt" | "receipt_timeout">,
): ReceiptOptions {
  return { mode: receipt, timeoutMs: durationMs(receipt_timeout) };
}

type Connect<C> = (
  settings: OomnitzaSettings,
  context: Pick<AppContext, "log" | "redactor" | "signal" | "env"> & {
    readonly retry?: RetryPolicy | undefined;
    readonly firstContact?: RetryPolicy | undefined;
    readonly evaluatePac?: EvaluatePac | undefined;
  },
) => Promise<C>;

async function open<Connection extends OomnitzaReader>(
  app: AppContext,
  config: Config,
  sections: readonly SectionConfig[],
  connectTo: Connect<Connection>,
  policies: {
    readonly retry?: RetryPolicy | undefined;
    readonly firstContact?: RetryPolicy | undefined;
  },
): Promise<ReadSession<Connection>> {
  const { log, redactor, signal, env } = app;
  const settings = config.oomnitza;
  if (settings === undefined) throw new ConfigError(`Cannot use ${config.file}`, config.findings);
  const pending = sections.find((section) => section.pending);
  if (pending !== undefined) throw new Error(`[${pending.name}] is to run without its secrets`);
  const oomnitza = await connectTo(settings, {
    log,
    redactor,
    signal,
    env,
    evaluatePac,
    ...policies,
  });
  const fieldRules = createFieldRules(oomnitza);
  return {
    oomnitza,
    fieldRules,
    settings,
    sections,
    http: sideHttp(settings, app),
    async prepare(which = sections) {
      const code = await compileUserCode(config.converters, sections);
      const { api_version: apiVersion } = settings;
      return await prepareSections(which, {
        ...{ oomnitza, findConverter, converterNames, code, version, apiVersion, log, fieldRules },
      });
    },
  };
}

/**
 * Connects to Oomnitza for reading only.
 *
 * @param firstContact How long is tried to reach it; by default as for somebody who waits.
 */
export function openReadSession(
  app: AppContext,
  config: Config,
  sections: readonly SectionConfig[],
  retry?: RetryPolicy,
  firstContact?: RetryPolicy,
): Promise<ReadSession> {
  return open(app, config, sections, connectReader, { retry, firstContact });
}

/**
 * Connects to Oomnitza for uploading.
 *
 * @param firstContact How long is tried to reach it; by default as for somebody who waits.
 */
export function openSession(
  app: AppContext,
  config: Config,
  sections: readonly SectionConfig[],
  firstContact?: RetryPolicy,
): Promise<Session> {
  return open(app, config, sections, connect, { firstContact });
}
