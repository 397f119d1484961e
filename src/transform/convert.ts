/**
 * Binds the converters that a mapping names to the fields that use them.
 *
 * @module
 */

import { messageOf } from "../base/errors.ts";
import type { SourceRecord } from "../base/record.ts";
import type {
  Converter,
  ConverterContext,
  ConverterParams,
  ProblemLevel,
} from "../sdk/converter.ts";
import type { ConversionProblems } from "./conversion_problems.ts";
import { parseConverterCall } from "./converter_call.ts";
import type { FieldMapping } from "./mapping.ts";

/** Turns the looked-up value of a field into the converted one; may return a promise when it waits. */
export type Convert = (record: SourceRecord, value: unknown) => unknown;

/** A call of a custom converter, to be answered by the sandbox. */
export interface CustomCall {
  /** Oomnitza field that the result is for. */
  readonly target: string;
  /** Name of the custom converter, lower-case. */
  readonly converter: string;
  /** What the code sees as `field`. */
  readonly field: string;
  readonly params: ConverterParams;
}

/** The converters of one section's mapping. */
export interface Conversions {
  /** The converter of an Oomnitza field, when it is a built-in one. */
  of(target: string): Convert | undefined;
  readonly custom: readonly CustomCall[];
  /** Paths of the record that built-in converters read beside the mappings' own sources. */
  readonly reads: readonly string[];
  /** Whether some converter queries another system for each record. */
  readonly waits: boolean;
  /** Names that are neither built in nor custom. */
  readonly unknown: readonly { readonly target: string; readonly name: string }[];
  /** Must be awaited before the first record. */
  prepare(context: ConverterContext): Promise<void>;
  /** To be called once after the last record. */
  finish(context: ConverterContext): void;
}

interface Used {
  readonly converter: Converter;
  readonly calls: ConverterParams[];
  state: unknown;
}

function bind(
  used: Used,
  field: FieldMapping,
  params: ConverterParams,
  problems: ConversionProblems,
): Convert {
  const { converter } = used;
  const name = field.spec.source ?? field.field;
  function report(problem: string, level?: ProblemLevel): void {
    problems.note(converter.name, field.field, problem, level);
  }
  function failed(thrown: unknown): null {
    report(messageOf(thrown));
    return null;
  }
  return (record, value) => {
    try {
      const result = converter.convert(
        { field: name, record, value, params, report },
        used.state,
      );
      return result instanceof Promise ? result.catch(failed) : result ?? null;
    } catch (thrown) {
      return failed(thrown);
    }
  };
}

/** What binding gathers. */
interface Bindings {
  readonly bound: Map<string, Convert>;
  readonly calls: CustomCall[];
  readonly unknown: { target: string; name: string }[];
  readonly used: Map<string, Used>;
}

/** Where converters are looked up. */
export interface ConverterLookup {
  /** A built-in converter, without regard to case. */
  readonly find: (name: string) => Converter | undefined;
  /** Names of the custom converters, lower-case; they win over built-in ones. */
  readonly custom: ReadonlySet<string>;
}

function bindField(
  bindings: Bindings,
  field: FieldMapping,
  call: string,
  lookup: ConverterLookup,
  problems: ConversionProblems,
): void {
  const { name, params } = parseConverterCall(call);
  if (lookup.custom.has(name.toLowerCase())) {
    const source = field.spec.source ?? field.field;
    const converter = name.toLowerCase();
    bindings.calls.push({ target: field.field, converter, field: source, params });
    return;
  }
  const converter = lookup.find(name);
  if (converter === undefined) {
    bindings.unknown.push({ target: field.field, name });
    bindings.bound.set(field.field, () => null);
    return;
  }
  const entry = bindings.used.get(converter.name) ?? { converter, calls: [], state: undefined };
  entry.calls.push(params);
  bindings.used.set(converter.name, entry);
  bindings.bound.set(field.field, bind(entry, field, params, problems));
}

/** Binds every converter of a mapping. */
export function bindConverters(
  fields: readonly FieldMapping[],
  lookup: ConverterLookup,
  problems: ConversionProblems,
): Conversions {
  const bindings: Bindings = { bound: new Map(), calls: [], unknown: [], used: new Map() };
  for (const field of fields) {
    const call = field.spec.converter;
    if (call !== undefined) bindField(bindings, field, call, lookup, problems);
  }
  const used = [...bindings.used.values()];
  return {
    of: (target) => bindings.bound.get(target),
    custom: bindings.calls,
    reads: used.flatMap(({ converter, calls }) =>
      calls.flatMap((call) => converter.reads?.(call) ?? [])
    ),
    waits: used.some(({ converter }) => converter.waits === true),
    unknown: bindings.unknown,
    async prepare(context) {
      for (const entry of used) {
        entry.state = await entry.converter.prepare?.(context, entry.calls);
      }
    },
    finish(context) {
      for (const entry of used) entry.converter.finish?.(context, entry.state);
    },
  };
}
