/**
 * The filter language of a stand-in's lists: comparisons such as `(serial_number eq 'C02X')`, joined
 * by `and`, as Oomnitza's "Filtering data using the Oomnitza REST API" has them.
 *
 * @module
 */
import { toText } from "./batch.ts";
import { Refusal } from "./refusal.ts";

const operators = {
  eq: (order: number) => order === 0,
  gt: (order: number) => order > 0,
  gte: (order: number) => order >= 0,
  lt: (order: number) => order < 0,
  lte: (order: number) => order <= 0,
} as const satisfies Readonly<Record<string, (order: number) => boolean>>;

interface Comparison {
  readonly field: string;
  readonly holds: (order: number) => boolean;
  readonly value: string | number;
}

/** Whether a record fits; `read` gives the value of one of its fields, by its name in lower case. */
export type Filter = (read: (field: string) => unknown) => boolean;

const comparison =
  /^\s*(?:(\()\s*)?([A-Za-z_]\w*)\s+([A-Za-z]+)\s+(?:'((?:[^']|'')*)'|"([^"]*)"|(-?\d+(?:\.\d+)?))\s*(\))?\s*/;

/** The order of two values: of numbers as numbers, of everything else as text. */
export function compareValues(one: unknown, other: unknown): number {
  const order = typeof one === "number" && typeof other === "number"
    ? one - other
    : Buffer.compare(Buffer.from(textOf(one)), Buffer.from(textOf(other)));
  return order;
}

function textOf(value: unknown): string {
  return value === undefined || value === null ? "" : toText(value);
}

/**
 * Reads a filter.
 *
 * @throws {Refusal} 400 when it is not one
 */
export function parseFilter(text: string): Filter {
  const all: Comparison[] = [];
  let rest = text;
  while (true) {
    const found = comparison.exec(rest);
    const holds = found === null ? undefined : findOperator(found[3] ?? "");
    if (
      found === null || holds === undefined || (found[1] === undefined) !== (found[7] === undefined)
    ) {
      throw new Refusal(400, "filter is not a filter");
    }
    const [matched, , field = "", , single, double, number] = found;
    const value = number === undefined
      ? single?.replaceAll("''", "'") ?? double ?? ""
      : Number(number);
    all.push({ field: field.toLowerCase(), holds, value });
    rest = rest.slice(matched.length);
    if (rest === "") break;
    const and = /^and\b/i.exec(rest);
    if (and === null) throw new Refusal(400, "filter is not a filter");
    rest = rest.slice(and[0].length);
  }
  return (read) => all.every(({ field, holds, value }) => fits(read(field), holds, value));
}

function findOperator(name: string): ((order: number) => boolean) | undefined {
  const key = name.toLowerCase();
  return Object.hasOwn(operators, key) ? operators[key as keyof typeof operators] : undefined;
}

function fits(stored: unknown, holds: Comparison["holds"], value: string | number): boolean {
  if (stored === undefined || stored === null) return false;
  const wanted = typeof stored === "number" ? Number(value) : value;
  return holds(compareValues(stored, wanted));
}
