/**
 * Binds the converters that a mapping names to the fields that use them.
 *
 * @module
 */

import { messageOf } from "../base/errors.ts";
import { isBlank, type SourceRecord } from "../base/record.ts";
import type {
  Converter,
  ConverterContext,
  ConverterParams,
  OnError,
  ProblemLevel,
} from "../sdk/converter.ts";
import type { ConversionProblems } from "./conversion_problems.ts";
import { parseConverterCall } from "./converter_call.ts";
import type { FieldMapping } from "./mapping.ts";
import { applyOnError, type ConverterCounts } from "./on_error.ts";

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
  /** How often the converters failed so far, by field. */
  readonly counts: readonly ConverterCounts[];
  /** Counts the results of the custom calls for a record, in order, and puts in what `on_error` wants. */
  applyOnErrorToCustom(
    results: readonly unknown[],
    failures: readonly { readonly call: number; readonly reason: string }[],
  ): readonly unknown[];
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
  outcome: Outcome,
): Convert {
  const { converter } = used;
  const binding: Binding = {
    converter,
    field: field.spec.source ?? field.field,
    params,
    takesEmpty: field.spec.source === undefined,
    note: (problem, level) => problems.note(converter.name, field.field, problem, level),
    ...outcome,
  };
  return converter.waits === true ? bindWaiting(used, binding) : bindDirect(used, binding);
}

/** A converter as one field uses it. */
interface Binding extends Outcome {
  readonly converter: Converter;
  /** What the converter sees as its field. */
  readonly field: string;
  readonly params: ConverterParams;
  /** Without a source, the converter finds its value itself; otherwise, what is empty was not there. */
  readonly takesEmpty: boolean;
  readonly note: (problem: string, level: ProblemLevel) => void;
}

/** The result of a call, and how its failure is handled. */
function finish(
  { counts, onError, takesEmpty }: Binding,
  value: unknown,
  result: unknown,
  failure: string | undefined,
): unknown {
  if (failure === undefined && !takesEmpty && isBlank(value)) return result ?? null;
  return applyOnError(counts, onError, result, failure);
}

/** Binds a converter that answers at once: calls cannot overlap, so that nothing is made anew for each. */
function bindDirect(used: Used, binding: Binding): Convert {
  const { converter, field, params, note } = binding;
  let failure: string | undefined;
  function report(problem: string, level: ProblemLevel = "error"): void {
    if (level === "error") failure ??= problem;
    note(problem, level);
  }
  return (record, value) => {
    failure = undefined;
    let result: unknown;
    try {
      result = converter.convert({ field, record, value, params, report }, used.state);
    } catch (thrown) {
      report(messageOf(thrown));
      result = null;
    }
    return finish(binding, value, result, failure);
  };
}

/** Binds a converter that queries another system: several of its calls may be under way at once. */
function bindWaiting(used: Used, binding: Binding): Convert {
  const { converter, field, params, note } = binding;
  return async (record, value) => {
    let failure: string | undefined;
    function report(problem: string, level: ProblemLevel = "error"): void {
      if (level === "error") failure ??= problem;
      note(problem, level);
    }
    let result: unknown;
    try {
      result = await converter.convert({ field, record, value, params, report }, used.state);
    } catch (thrown) {
      report(messageOf(thrown));
      result = null;
    }
    return finish(binding, value, result, failure);
  };
}

/** Where the failures of one field are counted, and how they are handled. */
interface Outcome {
  readonly counts: ConverterCounts;
  readonly onError: OnError;
}

/** What binding gathers. */
interface Bindings {
  readonly bound: Map<string, Convert>;
  readonly calls: CustomCall[];
  /** Of the custom calls, in their order. */
  readonly outcomes: Outcome[];
  readonly counts: ConverterCounts[];
  readonly used: Map<string, Used>;
}

/** Where converters are looked up. */
export interface ConverterLookup {
  /** A built-in converter, without regard to case. */
  readonly find: (name: string) => Converter | undefined;
  /** Names of the built-in converters. */
  readonly names: readonly string[];
  /** Names of the custom converters, lower-case; they win over built-in ones. */
  readonly custom: ReadonlySet<string>;
}

function bindField(
  bindings: Bindings,
  field: FieldMapping,
  call: string,
  { lookup, problems, onError: usual }: BindSettings,
): void {
  const { name, params } = parseConverterCall(call);
  const onError = field.spec.on_error ?? usual;
  if (lookup.custom.has(name.toLowerCase())) {
    const source = field.spec.source ?? field.field;
    const converter = name.toLowerCase();
    bindings.calls.push({ target: field.field, converter, field: source, params });
    bindings.outcomes.push({ counts: addCounts(bindings, converter, field), onError });
    return;
  }
  const converter = lookup.find(name);
  // Before anything is bound, checkConverterCalls refuses such a mapping.
  if (converter === undefined) throw new Error(`there is no converter "${name}"`);
  const entry = bindings.used.get(converter.name) ?? { converter, calls: [], state: undefined };
  entry.calls.push(params);
  bindings.used.set(converter.name, entry);
  const counts = addCounts(bindings, converter.name, field);
  bindings.bound.set(field.field, bind(entry, field, params, problems, { counts, onError }));
}

function addCounts(bindings: Pick<Bindings, "counts">, converter: string, { field }: FieldMapping) {
  const counts: ConverterCounts = { converter, field, tried: 0, failed: 0, reason: undefined };
  bindings.counts.push(counts);
  return counts;
}

/** What the converters of a section are bound with. */
export interface BindSettings {
  readonly lookup: ConverterLookup;
  readonly problems: ConversionProblems;
  /** For mappings that do not say themselves. */
  readonly onError: OnError;
}

/** Binds every converter of a mapping, whose calls were checked. */
export function bindConverters(
  fields: readonly FieldMapping[],
  settings: BindSettings,
): Conversions {
  const bindings: Bindings = {
    bound: new Map(),
    calls: [],
    outcomes: [],
    counts: [],
    used: new Map(),
  };
  for (const field of fields) {
    const call = field.spec.converter;
    if (call !== undefined) bindField(bindings, field, call, settings);
  }
  const used = [...bindings.used.values()];
  return {
    of: (target) => bindings.bound.get(target),
    custom: bindings.calls,
    reads: used.flatMap(({ converter, calls }) =>
      calls.flatMap((call) => converter.reads?.(call) ?? [])
    ),
    waits: used.some(({ converter }) => converter.waits === true),
    counts: bindings.counts,
    applyOnErrorToCustom(results, failures) {
      return bindings.outcomes.map(({ counts, onError }, index) => {
        const failure = failures.find(({ call }) => call === index)?.reason;
        return applyOnError(counts, onError, results[index], failure);
      });
    },
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
