/**
 * What becomes of records after they were taken in: some are refused or left out, with a text.
 *
 * @module
 */
import { type Kind, type MappedRecord, ownEntry } from "../base/record.ts";
import { toText } from "./batch.ts";
import { type FieldDefinitions, findInvalidField } from "./fields.ts";

/** Which records end otherwise than stored. */
export interface ProcessingRule {
  readonly outcome: "failed" | "skipped";
  /** What the run log says. `{key}` stands for the values of the sync fields, `{value}` for the field's. */
  readonly text: string;
  /** Field to look at. With values, the rule is for records that have one of them in it. */
  readonly field?: string | undefined;
  readonly values?: readonly (string | number)[] | undefined;
  /** The rule is for this share of the records that it would be for, 0 to 1. */
  readonly share?: number | undefined;
}

/** How records of API v3 are processed. */
export interface ProcessingOptions {
  /** Milliseconds between taking records in and processing them; 0, the default, does both at once. */
  readonly delayMs?: number | undefined;
  readonly rules?: readonly ProcessingRule[] | undefined;
}

/** Why a record is not stored. */
export interface Decision {
  readonly outcome: ProcessingRule["outcome"];
  readonly text: string;
}

interface CountedRule {
  readonly rule: ProcessingRule;
  readonly values: ReadonlySet<string> | undefined;
  /** How much of one record the share has added up to. */
  due: number;
}

/** Decides about records, one after the other. */
export class Processing {
  readonly delayMs: number;
  readonly fields: FieldDefinitions;
  readonly #rules: readonly CountedRule[];

  constructor(options: ProcessingOptions = {}, fields: FieldDefinitions = {}) {
    this.delayMs = options.delayMs ?? 0;
    this.fields = fields;
    this.#rules = (options.rules ?? []).map((rule) => ({
      rule,
      values: rule.values === undefined ? undefined : new Set(rule.values.map(String)),
      due: 0,
    }));
  }

  /** Why a record is not stored; undefined when it is. `key` is the text of its sync values. */
  decide(kind: Kind, record: MappedRecord, key: string): Decision | undefined {
    for (const counted of this.#rules) {
      if (!applies(counted, record)) continue;
      const { rule: { outcome, text, field } } = counted;
      const value = field === undefined ? "" : toText(ownEntry(record, field));
      return { outcome, text: text.replaceAll("{key}", key).replaceAll("{value}", value) };
    }
    const mistake = findInvalidField(this.fields, kind, record);
    return mistake === undefined ? undefined : { outcome: "failed", text: `${key}: ${mistake}` };
  }
}

function applies(counted: CountedRule, record: MappedRecord): boolean {
  const { rule: { field, share }, values } = counted;
  if (field !== undefined && !Object.hasOwn(record, field)) return false;
  if (field !== undefined && values !== undefined && !values.has(toText(record[field]))) {
    return false;
  }
  if (share === undefined) return true;
  counted.due += share;
  if (counted.due < 1) return false;
  counted.due -= 1;
  return true;
}
