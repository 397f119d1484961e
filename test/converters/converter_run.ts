/**
 * Runs a converter call on one value as an upload does, and returns everything that it gave.
 *
 * @module
 */

import { findConverter } from "../../converters/mod.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { createLog, type LogEntry } from "../../src/logging/log.ts";
import type { ConverterCall, ProblemLevel } from "../../src/sdk/converter.ts";
import type { HttpRequest } from "../../src/sdk/http/http.ts";
import type { Converter, ConverterContext, SourceRecord } from "../../src/sdk/mod.ts";
import { parseConverterCall } from "../../src/transform/converter_call.ts";

/** What the two systems beyond a converter answer. */
export interface Services {
  /** Called with each path that Oomnitza is asked for. */
  oomnitza(path: string): unknown;
  /** Called with each request to anything else. */
  http(request: HttpRequest): { status: number; body: string };
}

/** The world that the examples speak of. */
export const services: Services = {
  oomnitza: () => [
    { name: "Main Office", location_id: "main" },
    { name: "Annex", location_id: "annex" },
  ],
  http: ({ query }) => ({
    status: 200,
    body: query?.sn === "C02EXAMPLE" ? "MacBook Pro" : "Error: unknown",
  }),
};

/** A context that answers with the given services, and the log lines written to it. */
export function contextOf(
  { oomnitza, http }: Services,
  signal: AbortSignal = new AbortController().signal,
): { context: ConverterContext; entries: LogEntry[] } {
  const entries: LogEntry[] = [];
  const log = createLog("test", createRedactor(), [(entry) => entries.push(entry)]);
  const context: ConverterContext = {
    log,
    signal,
    // deno-lint-ignore require-await -- what the service throws must arrive as a rejection
    oomnitza: { get: async (path) => oomnitza(path) },
    http: {
      // deno-lint-ignore require-await -- as above
      send: async (request) => ({ ...http(request), headers: new Headers() }),
      retries: () => 0,
    },
  };
  return { context, entries };
}

/** What came of one conversion. */
export interface Outcome {
  /** Null when the converter threw, as in an upload. */
  readonly result: unknown;
  readonly problems: readonly { readonly problem: string; readonly level: ProblemLevel }[];
  readonly thrown: unknown;
}

/** The converter that a call names. */
export function converterOf(call: string): Converter {
  const converter = findConverter(parseConverterCall(call).name);
  if (converter === undefined) throw new Error(`no converter for ${call}`);
  return converter;
}

/** Converts one value with a state made before. */
export async function convert(
  call: string,
  given: { value?: unknown; record?: SourceRecord },
  state: unknown,
): Promise<Outcome> {
  const problems: { problem: string; level: ProblemLevel }[] = [];
  const converterCall: ConverterCall = {
    field: "field",
    record: given.record ?? {},
    value: given.value ?? null,
    params: parseConverterCall(call).params,
    report: (problem, level = "error") => problems.push({ problem, level }),
  };
  try {
    const converter = converterOf(call);
    const answer = converter.convert(converterCall, state);
    if (answer instanceof Promise && converter.waits !== true) throw new Error("waits unannounced");
    return { result: await answer, problems, thrown: undefined };
  } catch (thrown) {
    return { result: null, problems, thrown };
  }
}

/** Prepares the converter for this one call and converts one value. */
export async function run(
  call: string,
  given: { value?: unknown; record?: SourceRecord; services: Services },
): Promise<Outcome> {
  const { context } = contextOf(given.services);
  const state = await converterOf(call).prepare?.(context, [parseConverterCall(call).params]);
  return convert(call, given, state);
}
