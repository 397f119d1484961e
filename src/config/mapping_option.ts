/**
 * `mapping.FIELD` options of the ini: JSON, a bare source path, or a Python literal as printed in old manuals.
 *
 * @module
 */

import { z } from "zod";
import { parseJson } from "../base/json.ts";
import { isObject } from "../base/record.ts";
import { onErrorChoices } from "../sdk/converter.ts";
import { parseFlag } from "../sdk/option.ts";
import type { MappingSpec } from "../sdk/source.ts";

/** One mapping of a section, with the line that says so. */
export interface IniMapping {
  /** Oomnitza field, upper-case. */
  readonly field: string;
  readonly spec: MappingSpec;
  readonly line: number;
}

/** The outcome of reading one `mapping.*` option. */
export type MappingResult =
  | { readonly ok: true; readonly spec: MappingSpec; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problem: string; readonly hint: string };

const form = 'Write a source path, or JSON such as {"source": "serial", "required": true}';

/**
 * The field that an option key is about: the text between its first and second dot, upper-cased.
 *
 * @returns `undefined` when the key is not a mapping or does not name a field.
 */
export function mappingField(key: string): string | undefined {
  if (!key.startsWith("mapping.")) return undefined;
  const field = key.slice("mapping.".length).split(".", 1)[0]?.trim().toUpperCase();
  return field === "" ? undefined : field;
}

/** Rewrites a flat Python literal (`{'source': "x", 'required': True}`) as JSON text. */
function pythonToJson(text: string): string {
  return text.replace(
    /'((?:[^'\\]|\\.)*)'|"(?:[^"\\]|\\.)*"|\bTrue\b|\bFalse\b|\bNone\b|\bu(?=['"])/g,
    (token, single: string | undefined) => {
      if (single !== undefined) return JSON.stringify(single.replace(/\\(.)/g, "$1"));
      if (token === "True") return "true";
      if (token === "False") return "false";
      if (token === "None") return "null";
      return token === "u" ? "" : token;
    },
  );
}

function textField(key: string) {
  return z.string({ error: `has a ${key} that is not a string` }).nullish()
    .transform((value) => value === "" || value === null ? undefined : value);
}

const mappingShape = z.object({
  source: textField("source"),
  setting: textField("setting"),
  converter: textField("converter"),
  on_error: z.enum(onErrorChoices, {
    error: `has an on_error that is not one of: ${onErrorChoices.join(", ")}`,
  }).optional(),
  hardcoded: z.unknown().optional(),
  required: z.unknown().optional(),
});

function isRequired(value: unknown): boolean {
  return typeof value === "string" ? parseFlag(value) ?? false : Boolean(value);
}

function readSpec(object: Record<string, unknown>): MappingResult {
  const result = mappingShape.safeParse(object);
  if (!result.success) {
    return { ok: false, problem: result.error.issues[0]?.message ?? "is not valid", hint: form };
  }
  const { source, setting, converter, on_error, hardcoded, required } = result.data;
  const spec: MappingSpec = {
    ...(source === undefined ? {} : { source }),
    ...(setting === undefined ? {} : { setting }),
    ...(converter === undefined ? {} : { converter }),
    ...(on_error === undefined ? {} : { on_error }),
    ...(hardcoded === undefined || hardcoded === null ? {} : { hardcoded }),
    ...(required === undefined ? {} : { required: isRequired(required) }),
  };
  const warnings = Object.keys(object)
    .filter((key) => !Object.hasOwn(mappingShape.shape, key))
    .map((key) => `has "${key}", which is unknown and ignored`);
  return { ok: true, spec, warnings };
}

/** Reads the text of a `mapping.*` option. */
export function parseMapping(text: string): MappingResult {
  const trimmed = text.trim();
  if (trimmed === "") return { ok: false, problem: "is empty", hint: form };
  const json = parseJson(trimmed, z.unknown());
  if (json !== undefined) {
    if (isObject(json)) return readSpec(json);
    if (typeof json === "string" && json !== "") return readSpec({ source: json });
    return { ok: false, problem: "is JSON, but neither an object nor a string", hint: form };
  }
  if (!trimmed.startsWith("{")) return readSpec({ source: trimmed });
  const python = parseJson(pythonToJson(trimmed), z.unknown());
  if (isObject(python)) return readSpec(python);
  return { ok: false, problem: "looks like JSON but is not valid", hint: form };
}
