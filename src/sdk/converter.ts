/**
 * Converters: named functions that turn one mapped value into another.
 *
 * @module
 */

import type { Log } from "../logging/log.ts";
import type { SourceRecord } from "../base/record.ts";
import type { Http } from "./http/http.ts";

/** The parameters of a converter call: `split:on=,|index=1` gives `{ on: ",", index: "1" }`; a bare key is `true`. */
export type ConverterParams = Readonly<Record<string, string | true>>;

/**
 * How a value is handled that its converter cannot convert. `null`: what the converter gives then, mostly
 * null; `keep`: the field is left out, so that Oomnitza keeps what it has; `skip`: the record is not sent;
 * `fail`: the section ends there.
 */
export const onErrorChoices = ["null", "keep", "skip", "fail"] as const;
export type OnError = typeof onErrorChoices[number];

/** Severity of a converter's problem. */
export type ProblemLevel = "error" | "warning";

/** What a converter is given for one field of one record. */
export interface ConverterCall {
  /** The mapping's source path, or the Oomnitza field where the mapping has none. */
  readonly field: string;
  /** The whole source record. */
  readonly record: SourceRecord;
  /** The value looked up by the mapping. */
  readonly value: unknown;
  readonly params: ConverterParams;
  /**
   * Reports a value that could not be converted; the first of each kind is logged, all are counted.
   * The problem is worded without the value, so that equal problems have equal texts; the level is
   * `error` by default.
   */
  readonly report: (problem: string, level?: ProblemLevel) => void;
}

/** What a converter may use to get ready before the first record, and to sum up after the last. */
export interface ConverterContext {
  readonly log: Log;
  /** Talks to the Oomnitza instance with its credentials. */
  readonly oomnitza: {
    get(path: string, query?: Readonly<Record<string, string>>): Promise<unknown>;
  };
  /** Talks to anything else. */
  readonly http: Http;
  readonly signal: AbortSignal;
}

/** One parameter of a converter, for its docs page and for warnings about unknown ones. */
export interface ConverterParameter {
  readonly help: string;
  readonly default?: string;
}

/** A worked example, shown in the docs and run as a test. */
export interface ConverterExample {
  /** The call as written in a mapping, for example `split:on=,|index=1`. */
  readonly call: string;
  readonly value?: unknown;
  readonly record?: SourceRecord;
  /** What comes out; null when the converter fails. */
  readonly result: unknown;
  /** The level at which the converter reports a problem; absent when it reports none. */
  readonly reports?: ProblemLevel;
  readonly fails?: boolean;
  /** What else must be the case, for example `Oomnitza has the location Main Office`. */
  readonly given?: string;
}

/** A converter as declared. `S` is what {@linkcode Converter.prepare} made. */
export interface Converter<S = unknown> {
  /** Name in the ini, exactly as documented; looked up without regard to case. */
  readonly name: string;
  /** One sentence for the docs. */
  readonly summary: string;
  /** The parameters by name; `"any"` for a converter whose parameters are data. */
  readonly params: Readonly<Record<string, ConverterParameter>> | "any";
  readonly examples: readonly ConverterExample[];
  /** Paths of the record that a call reads beside the mapping's own source. */
  reads?(params: ConverterParams): readonly string[];
  /** Runs once per upload before the first record, only if a mapping uses the converter. */
  prepare?(context: ConverterContext, calls: readonly ConverterParams[]): Promise<S>;
  /**
   * Converts one value. What it throws becomes null, logged once per kind. May return a promise only
   * when {@linkcode Converter.waits} says so.
   */
  convert(call: ConverterCall, state: S): unknown;
  /** True when `convert` returns promises (it queries another system for each record). */
  readonly waits?: boolean;
  /** Runs once after the last record. */
  finish?(context: ConverterContext, state: S): void;
}

export function defineConverter<S = undefined>(converter: Converter<S>): Converter {
  return converter as Converter;
}
