/**
 * What an instance tells about its fields: their types, and which values drop-down fields take.
 *
 * `GET /api/v3/assets/meta` and `/api/v3/users/meta`. Their answer is not described in public; decision
 * 0081 has the forms that are understood.
 *
 * @module
 */

import { z } from "zod";
import { AgentError } from "../base/errors.ts";
import type { Kind } from "../base/record.ts";
import { retryPolicies } from "../sdk/http/retry.ts";
import type { OomnitzaReader } from "./client.ts";
import { listedName, uploadName } from "./records.ts";

/** What an instance tells about a field. */
export interface FieldRule {
  readonly type: "date" | "number" | "dropdown" | "other";
  /** The values that a drop-down field takes; absent when it takes all. */
  readonly values: ReadonlySet<string> | undefined;
  /** Whether no two records may have the same value; absent when Oomnitza does not say. */
  readonly isUnique: boolean | undefined;
}

/** A field that an instance has. */
export interface ToldField extends FieldRule {
  /** Its name in uploads, upper-case. */
  readonly field: string;
  /** What people call it; blank when the instance does not say. */
  readonly label: string;
}

/** The fields of an instance and their rules, by their names in uploads. */
export interface FieldRules {
  find(field: string): FieldRule | undefined;
  /** All of them, in the order of the instance. */
  readonly all: readonly ToldField[];
}

/** Gives the rules of a kind's fields; undefined when the instance does not tell. */
export type FieldRulesOf = (kind: Kind) => Promise<FieldRules | undefined>;

const word = z.string().min(1).optional().catch(undefined);

const valueAnswer = z.union([
  z.string(),
  z.number().transform(String),
  z.object({ value: z.union([z.string(), z.number()]) }).transform(({ value }) => String(value)),
  z.object({ name: z.string() }).transform(({ name }) => name),
]);

const values = z.array(valueAnswer).optional().catch(undefined);

const fieldAnswer = z.object({
  name: word,
  external_id: word,
  id: word,
  field: word,
  type: word,
  values,
  options: values,
  unique: z.boolean().optional().catch(undefined),
});

function typeOf(text = ""): FieldRule["type"] {
  const name = text.toLowerCase();
  if (name.includes("drop")) return "dropdown";
  if (name.includes("date")) return "date";
  return /^(?:number|integer|int|float|decimal|numeric)$/.test(name) ? "number" : "other";
}

/** A drop-down field takes every value when it is set to "dropdown without value". */
function isOpen(type = ""): boolean {
  return type.toLowerCase().includes("without");
}

async function fetchFieldRules(
  client: Pick<OomnitzaReader, "ask">,
  kind: Kind,
): Promise<FieldRules | undefined> {
  const answer = await client.ask(`/api/v3/${kind}/meta`, {}, retryPolicies.interactive);
  if (answer === "not_reported") return undefined;
  const parsed = z.array(fieldAnswer).safeParse(answer.value);
  if (!parsed.success) return undefined;
  const rules = new Map<string, FieldRule>();
  const labels = new Map<string, string>();
  for (const { name, external_id, id, field, type, values, options, unique } of parsed.data) {
    // The external id is what calls name a field by; an id may be a number of the instance's own.
    const key = external_id ?? field ?? (/^[a-z_]\w*$/i.test(id ?? "") ? id : undefined) ?? name;
    if (key === undefined) continue;
    const listed = isOpen(type) ? undefined : values ?? options;
    labels.set(key.toLowerCase(), name === key ? "" : name ?? "");
    rules.set(key.toLowerCase(), {
      type: typeOf(type),
      // A list without values is none that anybody could choose from.
      values: listed === undefined || listed.length === 0 ? undefined : new Set(listed),
      isUnique: unique,
    });
  }
  const all = [...rules].map(([listed, rule]) => {
    return { field: uploadName(kind, listed), label: labels.get(listed) ?? "", ...rule };
  });
  return rules.size === 0 ? undefined : {
    find: (field) => rules.get(listedName(kind, field)),
    all,
  };
}

/** Asks for the rules of each kind once, when they are needed first; what fails is not told. */
export function createFieldRules(client: Pick<OomnitzaReader, "ask">): FieldRulesOf {
  const asked = new Map<Kind, Promise<FieldRules | undefined>>();
  return (kind) => {
    const known = asked.get(kind);
    if (known !== undefined) return known;
    const rules = fetchFieldRules(client, kind).catch((error) => {
      if (error instanceof AgentError) return undefined;
      throw error;
    });
    asked.set(kind, rules);
    return rules;
  };
}
