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
import { createRateLimiter, type Limits } from "../../sdk/http/rate_limiter.ts";
import { createHttp } from "../../sdk/http/http.ts";
import { createProxyFinder } from "../../sdk/http/proxy.ts";
import type { RetryPolicy } from "../../sdk/http/retry.ts";
import type { SourceContext, SourceCursor, VendorAccess, Wanted } from "../../sdk/source.ts";
import { resolveTls } from "../../sdk/tls/client.ts";
import { redirectHosts } from "../../sdk/tls/options.ts";
import { createVendorHttp, type VendorHttp } from "../../sdk/http/vendor.ts";
import { codeReads } from "../../transform/transform.ts";
import type { PreparedSection } from "../prepare.ts";

/** A section as far as it must be prepared to read its source. */
export interface Readable extends Pick<PreparedSection, "section" | "log"> {
  readonly mapping: Pick<PreparedSection["mapping"], "fields">;
  readonly conversions: Pick<PreparedSection["conversions"], "custom" | "reads">;
  readonly code: Pick<PreparedSection["code"], "reads">;
}

/** A connection to a vendor that outlives a run: its token, and what counts for the vendor's limits. */
export interface Connection {
  http?: VendorHttp;
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
  /** Keeps the connection for the next run of the same section, and has that of the one before. */
  readonly connection?: Connection | undefined;
  /** Called with how many records the vendor says there are. */
  readonly total?: ((count: number) => void) | undefined;
  /** Called with the status of every answer of the section's vendor. */
  readonly onVendorAnswer?: ((section: string, status: number) => void) | undefined;
}

/** The lower of two limits, where 0 and nothing mean none. */
function lowerLimit(
  declared: number | undefined,
  requested: number | undefined,
): number | undefined {
  if (requested === undefined || requested === 0) return declared;
  return declared === undefined ? requested : Math.min(declared, requested);
}

/** What the source declares, lowered by what the section says. */
function combineLimits({ source, settings }: SectionConfig): Limits {
  const { limits = {} } = source;
  const concurrency = lowerLimit(limits.concurrency, settings.concurrency);
  const result: Limits = { ...limits, ...(concurrency === undefined ? {} : { concurrency }) };
  const { requests_per_minute: requested = 0 } = settings;
  const declared = limits.requests === undefined
    ? undefined
    : limits.requests * 60 / (limits.perSeconds ?? 60);
  if (requested === 0 || (declared !== undefined && declared <= requested)) return result;
  return { ...result, requests: requested, perSeconds: 60 };
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
  limits: Limits,
  { signal, retry, redactor, onVendorAnswer }: ReadSettings,
): VendorHttp {
  const { section, log } = prepared;
  const access: VendorAccess = section.source.http?.(section.options) ?? { base: "" };
  const http = createHttp({
    base: access.base,
    headers: access.headers,
    tls,
    proxy: createProxyFinder(section.settings.proxy, section.env),
    redirectHosts: redirectHosts(section.settings.redirect_hosts),
    timeoutMs: section.settings.timeout * 1000,
    maxBytes: (section.settings.max_answer_mb ?? 64) * 1024 * 1024,
    rateLimiter: createRateLimiter(limits, signal),
    retry,
    log,
    signal,
    onAnswer: (status) => onVendorAnswer?.(section.name, status),
  });
  const options = Object.entries(section.source.options);
  const credentials = options
    .filter(([key, option]) =>
      (option.kind === "secret" || key === "username" || key === "client_id") &&
      section.texts[key] !== ""
    )
    .map(([key]) => key);
  return createVendorHttp({
    http,
    auth: access.auth,
    readErrorMessage: access.readErrorMessage,
    title: section.source.title,
    section: section.name,
    credentials,
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

const noCursor: SourceCursor = { get: () => Promise.resolve(undefined), set: () => {} };

/** Makes the context of a section's source. */
export function sourceContext(
  prepared: Readable,
  settings: ReadSettings,
): SourceContext<Record<string, unknown>> {
  const { section, log } = prepared;
  const { signal } = settings;
  const limits = combineLimits(section);
  const connection = settings.connection ?? {};
  let tls: TlsSettings | undefined;
  return {
    section: section.name,
    options: section.options,
    log,
    signal,
    wanted: findWanted(prepared, settings),
    get http() {
      return connection.http ??= vendorHttp(prepared, this.tls, limits, settings);
    },
    get tls() {
      return tls ??= prepareTls(prepared);
    },
    timeoutMs: section.settings.timeout * 1000,
    each: createEach(limits.concurrency ?? Math.max(1, settings.workers), signal),
    cursor: settings.cursor ?? noCursor,
    total: settings.total ?? (() => {}),
  };
}
