/**
 * `mapping.FIELD` options of the ini: JSON, a bare source path, or a Python literal as printed in old manuals.
 *
 * @module
 */

import { isObject } from "../base/record.ts";
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

const known = new Set(["source", "setting", "hardcoded", "converter", "required"]);
const form = 'Write a source path, or JSON such as {"source": "serial", "required": true}';

/**
 * The field that an option key is about: the text between its first and second dot, upper-cased.
 *
 * @returns `undefined` when the key is not a mapping or names no field.
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

function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function textOf(object: Record<string, unknown>, key: string): { text?: string; wrong?: string } {
  const value = object[key];
  if (value === undefined || value === null || value === "") return {};
  if (typeof value === "string") return { text: value };
  return { wrong: `has a ${key} that is not text` };
}

function isRequired(value: unknown): boolean {
  return typeof value === "string" ? parseFlag(value) ?? false : Boolean(value);
}

function specFrom(object: Record<string, unknown>): MappingResult {
  const spec: { -readonly [K in keyof MappingSpec]: MappingSpec[K] } = {};
  for (const key of ["source", "setting", "converter"] as const) {
    const { text, wrong } = textOf(object, key);
    if (wrong !== undefined) return { ok: false, problem: wrong, hint: form };
    if (text !== undefined) spec[key] = text;
  }
  if (object.hardcoded !== undefined && object.hardcoded !== null) {
    spec.hardcoded = object.hardcoded;
  }
  if (object.required !== undefined) spec.required = isRequired(object.required);
  const warnings = Object.keys(object)
    .filter((key) => !known.has(key))
    .map((key) => `has "${key}", which means nothing here and is ignored`);
  return { ok: true, spec, warnings };
}

/** Reads the text of a `mapping.*` option. */
export function parseMapping(text: string): MappingResult {
  const trimmed = text.trim();
  if (trimmed === "") return { ok: false, problem: "is empty", hint: form };
  const json = parseJson(trimmed);
  if (json !== undefined) {
    if (isObject(json.value)) return specFrom(json.value);
    if (typeof json.value === "string" && json.value !== "") {
      return specFrom({ source: json.value });
    }
    return { ok: false, problem: "is JSON, but neither an object nor a text", hint: form };
  }
  if (!trimmed.startsWith("{")) return specFrom({ source: trimmed });
  const python = parseJson(pythonToJson(trimmed));
  if (python !== undefined && isObject(python.value)) return specFrom(python.value);
  return { ok: false, problem: "looks like JSON but is not valid", hint: form };
}
