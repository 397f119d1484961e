/**
 * What a source is given to read with.
 *
 * @module
 */

import { AgentError, AuthError } from "../../base/errors.ts";
import { mapOrdered } from "../../base/iteration.ts";
import { Skipped } from "../../base/record.ts";
import type { Redactor } from "../../base/redact.ts";
import type { SectionConfig } from "../../config/section.ts";
import type { TlsSettings } from "../../runtime/fetch.ts";
import { evaluatePac } from "../../sandbox/pac.ts";
import type { ApiChoice, ApiProof } from "../../sdk/apis.ts";
import { type RateLimiter, RateLimiters, type ReaderLimits } from "../../sdk/http/rate_limiter.ts";
import { createHttp } from "../../sdk/http/http.ts";
import { createLoginExchange } from "../../sdk/http/login_exchange.ts";
import { createProxyFinder } from "../../sdk/http/proxy.ts";
import type { RetryPolicy } from "../../sdk/http/retry.ts";
import type { SourceContext, SourceCursor, VendorAccess, Wanted } from "../../sdk/source.ts";
import { resolveTls } from "../../sdk/tls/client.ts";
import { redirectHosts } from "../../sdk/tls/options.ts";
import { createVendorHttp, type VendorHttp } from "../../sdk/http/vendor.ts";
import type { Cursors } from "../../state/cursor.ts";
import { codeReads } from "../../transform/transform.ts";
import type { PreparedSection } from "../prepare.ts";
import { findApiProof } from "./api_proof.ts";
import { accountOf, credentialOptions, sharedAccountOf } from "./vendor_account.ts";

/** A section as far as it must be prepared to read its source. */
export interface Readable extends Pick<PreparedSection, "section" | "log"> {
  readonly mapping: Pick<PreparedSection["mapping"], "fields">;
  readonly conversions: Pick<PreparedSection["conversions"], "custom" | "reads">;
  /** The converters are there when all that is mapped is known. */
  readonly code:
    & Pick<PreparedSection["code"], "reads">
    & Partial<Pick<PreparedSection["code"], "converters">>;
}

/** A connection to a vendor that outlives a run: its token, and what counts for the vendor's limits. */
export interface Connection {
  http?: VendorHttp;
  /** Kept also when the rest begins anew. */
  limiter?: RateLimiter;
  /** What ends the two: they are of the run that made them, which may have lost its section. */
  signal?: AbortSignal;
  /** What was said last of the API that is used: runs for webhooks are many, and say it when it changes. */
  announced?: string;
}

/** How a source is to be read. */
export interface ReadSettings {
  readonly signal: AbortSignal;
  /** Called with the credentials that are sent. */
  readonly redactor: Redactor;
  /** Things fetched at once where the source declares no limit of its own. */
  readonly workers: number;
  /** Retry policy of requests, when not the usual one. */
  readonly retry?: RetryPolicy | undefined;
  /** Where every record is saved as the source gave it, which then is to be the whole of it. */
  readonly saveData?: string | undefined;
  /** What the section remembers; nothing unless given. */
  readonly cursor?: SourceCursor | undefined;
  /** The file with what was proved of the source's APIs; nothing is proved without one. */
  readonly cursors?: Cursors | undefined;
  /** Keeps the connection for the next run of the same section, and has that of the one before. */
  readonly connection?: Connection | undefined;
  /** Those of the sections that run beside it, which share the limits of an account. */
  readonly limiters?: RateLimiters | undefined;
  /** Called with how many records the vendor says there are. */
  readonly total?: ((count: number) => void) | undefined;
  /** Called with the status of every answer of the section's vendor. */
  readonly onVendorAnswer?: ((section: string, status: number) => void) | undefined;
}

/** What the source declares, or what the section says instead. */
function combineLimits({ source, settings }: SectionConfig): ReaderLimits {
  const { limits = {} } = source;
  const { concurrency = 0, requests_per_minute: requests = 0 } = settings;
  return {
    ...limits,
    ...(concurrency === 0 ? {} : { concurrency }),
    ...(requests === 0 ? {} : { requests, perSeconds: 60, isPaceSet: true }),
  };
}

function warnOfConcurrency({ section: { source, settings }, log }: Readable): void {
  const { concurrency: advised } = source.limits ?? {};
  const { concurrency = 0 } = settings;
  if (advised === undefined || concurrency <= advised) return;
  log.warning(
    `concurrency = ${concurrency} is more than is advised for ${source.title}, which is ${advised}: ` +
      "other work of it may slow down",
  );
}

function prepareTls({ section, log }: Readable): TlsSettings {
  const { settings, warnings } = resolveTls(section.settings);
  for (const warning of warnings) log.warning(warning);
  if (section.source.http === undefined && section.settings.proxy !== "") {
    log.warning("proxy has no effect here: only HTTP goes through a proxy");
  }
  return settings;
}

function vendorHttp(
  prepared: Readable,
  tls: TlsSettings,
  limits: ReaderLimits,
  connection: Connection,
  { signal, retry, redactor, limiters = new RateLimiters(), onVendorAnswer }: ReadSettings,
): VendorHttp {
  const { section, log } = prepared;
  const access: VendorAccess = section.source.http?.(section.options) ?? { base: "" };
  warnOfConcurrency(prepared);
  const account = accountOf(section, access.base);
  const rateLimiter = connection.limiter ??= limiters.join(
    account,
    limits,
    signal,
    sharedAccountOf(section, access.base),
  );
  connection.signal = signal;
  const http = createHttp({
    base: access.base,
    headers: access.headers,
    tls,
    exchange: access.login === undefined ? undefined : createLoginExchange(access.login),
    proxy: createProxyFinder(section.settings.proxy, section.env, {
      evaluate: evaluatePac,
      tls: { verify: tls.verify, ca: tls.ca },
      log,
    }),
    redirectHosts: redirectHosts(section.settings.redirect_hosts),
    timeoutMs: section.settings.timeout * 1000,
    maxBytes: (section.settings.max_answer_mb ?? 64) * 1024 * 1024,
    rateLimiter,
    retry,
    log,
    signal,
    onAnswer: (status) => onVendorAnswer?.(section.name, status),
  });
  return createVendorHttp({
    http,
    auth: access.auth,
    readErrorMessage: access.readErrorMessage,
    title: section.source.title,
    section: section.name,
    credentials: credentialOptions(section),
    warn: (message) => log.warning(message),
    redactor,
  });
}

/** Items in a row that cannot be fetched before it is clear that nothing works any more. */
const maxConsecutiveFailures = 25;

function createEach(width: number, signal: AbortSignal): SourceContext<unknown>["each"] {
  return async function* each(items, work, name) {
    let failuresInRow = 0;
    const outcomes = mapOrdered(items, width, async (item) => {
      try {
        return { result: await work(item) };
      } catch (thrown) {
        if (!(thrown instanceof AgentError) || thrown instanceof AuthError || signal.aborted) {
          throw thrown;
        }
        return { skipped: new Skipped(name(item), thrown.message), thrown };
      }
    });
    for await (const outcome of outcomes) {
      failuresInRow = "skipped" in outcome ? failuresInRow + 1 : 0;
      if ("thrown" in outcome && failuresInRow >= maxConsecutiveFailures) throw outcome.thrown;
      yield "skipped" in outcome ? outcome.skipped : outcome.result;
    }
  };
}

function findWanted(
  { mapping, conversions, code }: Readable,
  { saveData }: ReadSettings,
): Wanted {
  const sources = mapping.fields.flatMap(({ spec }) => spec.source ?? []);
  const reads = codeReads(code, conversions);
  const everything = reads === "everything" || saveData !== undefined;
  const named = reads === "everything" ? [] : reads;
  const paths = new Set([...sources, ...conversions.reads, ...named]);
  return { everything, paths: [...paths] };
}

function chooseApi(
  readable: Readable,
  { cursors }: ReadSettings,
  connection: Connection,
): ApiChoice {
  let proof: Promise<ApiProof> | undefined;
  return {
    findProof: () => proof ??= findApiProof(readable, cursors),
    announce(message) {
      if (connection.announced !== message) readable.log.info(message);
      connection.announced = message;
    },
  };
}

const noCursor: SourceCursor = {
  destination: "",
  isFull: false,
  get: () => Promise.resolve(undefined),
  set: () => {},
  readAll: () => {},
};

/** Has a connection begin anew that ended with the run that made it. */
function renewIfEnded(connection: Connection): void {
  if (connection.signal?.aborted !== true) return;
  delete connection.http;
  delete connection.limiter;
}

/** Makes the context of a section's source. */
export function sourceContext(
  prepared: Readable,
  settings: ReadSettings,
): SourceContext<Record<string, unknown>> {
  const { section, log } = prepared;
  const { signal } = settings;
  const limits = combineLimits(section);
  const connection = settings.connection ?? {};
  renewIfEnded(connection);
  let tls: TlsSettings | undefined;
  return {
    section: section.name,
    options: section.options,
    log,
    signal,
    wanted: findWanted(prepared, settings),
    get http() {
      return connection.http ??= vendorHttp(prepared, this.tls, limits, connection, settings);
    },
    get tls() {
      return tls ??= prepareTls(prepared);
    },
    timeoutMs: section.settings.timeout * 1000,
    each: createEach(limits.concurrency ?? Math.max(1, settings.workers), signal),
    cursor: settings.cursor ?? noCursor,
    apis: chooseApi(prepared, settings, connection),
    total: settings.total ?? (() => {}),
  };
}
