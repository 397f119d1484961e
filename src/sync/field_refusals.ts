/**
 * Values that Oomnitza will refuse, as far as it tells what its fields take.
 *
 * @module
 */

import { isBlank, type MappedRecord } from "../base/record.ts";
import { stringifyExactJson } from "../base/json.ts";
import type { FieldRule, FieldRules } from "../oomnitza/fields.ts";

/** Records with values that a field does not take. */
export interface FieldRefusal {
  readonly field: string;
  readonly problem: "not_in_list" | "not_a_number" | "not_a_date";
  readonly records: number;
  /** How many values a drop-down field takes. */
  readonly allowed: number | null;
  /** Up to five different values. */
  readonly examples: readonly string[];
}

const maxExamples = 5;
/** Characters of an example that are shown. */
const maxExampleLength = 60;

const isoDate = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d|$)/;

function findProblem(rule: FieldRule, value: unknown): FieldRefusal["problem"] | undefined {
  if (isBlank(value)) return undefined;
  const { type, values } = rule;
  if (values !== undefined) return values.has(textOf(value)) ? undefined : "not_in_list";
  if (type === "number") {
    return typeof value !== "boolean" && Number.isFinite(Number(value))
      ? undefined
      : "not_a_number";
  }
  if (type !== "date" || typeof value === "number") return undefined;
  return typeof value === "string" && (isoDate.test(value) || /^\d+$/.test(value))
    ? undefined
    : "not_a_date";
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : stringifyExactJson(value);
}

/** Counts the records of a section that a field would refuse. */
export class FieldRefusals {
  readonly #rules: Pick<FieldRules, "find">;
  readonly #found = new Map<string, { -readonly [K in keyof FieldRefusal]: FieldRefusal[K] }>();

  constructor(rules: Pick<FieldRules, "find">) {
    this.#rules = rules;
  }

  /** Fields with the most records first. */
  get all(): readonly FieldRefusal[] {
    return [...this.#found.values()].toSorted((one, other) => other.records - one.records);
  }

  look(record: MappedRecord): void {
    for (const [field, value] of Object.entries(record)) {
      const rule = this.#rules.find(field);
      const problem = rule === undefined ? undefined : findProblem(rule, value);
      if (problem !== undefined) this.#add(field, problem, value, rule?.values?.size ?? null);
    }
  }

  #add(
    field: string,
    problem: FieldRefusal["problem"],
    value: unknown,
    allowed: number | null,
  ): void {
    const known = this.#found.get(field) ?? { field, problem, records: 0, allowed, examples: [] };
    const example = textOf(value).slice(0, maxExampleLength);
    const isNew = known.examples.length < maxExamples && !known.examples.includes(example);
    const examples = isNew ? [...known.examples, example] : known.examples;
    this.#found.set(field, { ...known, records: known.records + 1, examples });
  }
}

function describeProblem({ problem, records, allowed }: FieldRefusal): string {
  const isOne = records === 1;
  if (problem === "not_in_list") {
    return `that ${isOne ? "is" : "are"} not in the list of ${allowed}`;
  }
  const what = problem === "not_a_number" ? "number" : "date";
  return isOne ? `that is no ${what}` : `that are no ${what}s`;
}

/** `MODEL: 37 records have values that are not in the list of 212`, without any of the values. */
export function summariseRefusal(refusal: FieldRefusal): string {
  const { field, records } = refusal;
  const who = records === 1 ? "1 record has a value" : `${records} records have values`;
  return `${field}: ${who} ${describeProblem(refusal)}`;
}

/** The same with some of the values: `…: "Tablet", …`. */
export function describeRefusal(refusal: FieldRefusal): string {
  const { examples } = refusal;
  const shown = examples.map((example) => JSON.stringify(example)).join(", ");
  const more = examples.length === maxExamples ? ", …" : "";
  return `${summariseRefusal(refusal)}: ${shown}${more}`;
}
