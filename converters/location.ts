/**
 * `location`: the name of a location to the identifier that Oomnitza has for it.
 *
 * @module
 */

import {
  AgentError,
  type ConverterContext,
  type ConverterParams,
  defineConverter,
  isEmpty,
  isObject,
  messageOf,
} from "../src/sdk/mod.ts";

/** An index of locations, by one of their fields. */
interface Table {
  /** Value of the label field → value of the target field. */
  readonly targets: ReadonlyMap<unknown, unknown>;
  /** All values of the target field: a value may be one of them already. */
  readonly known: ReadonlySet<unknown>;
}

/** The locations of Oomnitza, and what was not found among them. */
interface Locations {
  readonly entries: readonly Record<string, unknown>[];
  /** The target field; the whole run has one. */
  readonly field: string;
  /** By label field, made when first needed. */
  readonly tables: Map<string, Table>;
  /** Value → how often it was looked up in vain. */
  readonly missing: Map<unknown, number>;
  lookups: number;
}

function readFieldNames(params: ConverterParams): { field: string; label: string } {
  return { field: String(params.field ?? "location_id"), label: String(params.label ?? "name") };
}

async function load(context: ConverterContext): Promise<Record<string, unknown>[]> {
  try {
    const answer = await context.oomnitza.get("/api/v3/locations");
    if (!Array.isArray(answer)) throw new AgentError("the answer is not a list");
    return answer.filter(isObject);
  } catch (error) {
    if (context.signal.aborted) throw error;
    context.log.error(`location: cannot load the locations from Oomnitza: ${messageOf(error)}`);
    return [];
  }
}

function getTable(state: Locations, label: string): Table {
  const made = state.tables.get(label);
  if (made !== undefined) return made;
  const complete = state.entries.filter((entry) =>
    !isEmpty(entry[label]) && !isEmpty(entry[state.field])
  );
  const targets = new Map(complete.map((entry) => [entry[label], entry[state.field]]));
  const table = { targets, known: new Set(targets.values()) };
  state.tables.set(label, table);
  return table;
}

const given =
  "Oomnitza has a location with the name Main Office and the location_id main, and one with the name Annex and the location_id annex";

export const location = defineConverter<Locations>({
  name: "location",
  summary:
    "Turns the name of a location into the identifier that Oomnitza has for it. A name that Oomnitza does not have stays unchanged and is listed at the end of the run.",
  params: {
    field: {
      help: "Field of an Oomnitza location that is the result; one for the whole run.",
      default: "location_id",
    },
    label: {
      help: "Field of an Oomnitza location that the value is compared with.",
      default: "name",
    },
  },
  examples: [
    { call: "location", value: "Main Office", result: "main", given },
    { call: "location", value: "ANNEX", result: "annex", given },
    { call: "location", value: "Elsewhere", result: "Elsewhere", given },
    { call: "location:label=location_id|field=location_id", value: "main", result: "main", given },
    { call: "location", value: "", result: null, given },
  ],
  async prepare(context, calls) {
    const { field } = readFieldNames(calls[0] ?? {});
    const entries = await load(context);
    return { entries, field, tables: new Map(), missing: new Map(), lookups: 0 };
  },
  convert({ value, params }, state) {
    const { field, label } = readFieldNames(params);
    if (field !== state.field) {
      throw new AgentError(`another mapping uses location with the field ${state.field} already`);
    }
    if (isEmpty(value)) return null;
    state.lookups++;
    const { targets, known } = getTable(state, label);
    const found = targets.get(value);
    if (found !== undefined) return found;
    const small = typeof value === "string" ? value.toLowerCase() : value;
    if (known.has(small)) return small;
    state.missing.set(value, (state.missing.get(value) ?? 0) + 1);
    return value;
  },
  finish({ log }, { missing, lookups }) {
    if (missing.size === 0) return;
    const names = [...missing.keys()].map((value) => JSON.stringify(value));
    const counts = [...missing].map(([value, count]) => `${JSON.stringify(value)} (${count})`);
    const vain = [...missing.values()].reduce((sum, count) => sum + count, 0);
    log.error(`location: not found in Oomnitza: ${names.join(", ")}`);
    log.warning(`location: ${vain} of ${lookups} values stay unchanged: ${counts.join(", ")}`);
  },
});
