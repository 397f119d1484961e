/**
 * One mapping as a form has it, and as the ini spells it.
 *
 * @module
 */
import { z } from "zod";
import { AgentError } from "../base/errors.ts";
import { parseExactJson, parseJson, stringifyExactJson } from "../base/json.ts";
import { converterNames, findConverter } from "../../converters/mod.ts";
import type { IniSection } from "../config/ini.ts";
import type { IniEdit } from "../config/ini_writer.ts";
import { mappingField, parseMapping } from "../config/mapping_option.ts";
import type { MappingSpec } from "../sdk/source.ts";
import { findCallProblem } from "../transform/check_converters.ts";
import { parseConverterCall } from "../transform/converter_call.ts";
import type { ShownFinding } from "./saving.tsx";

/** Where a value comes from. */
export type From = "source" | "setting" | "hardcoded";

/** A mapping as it is put into the form. */
export interface MappingForm {
  readonly field: string;
  readonly from: From;
  readonly value: string;
  readonly converter: string;
  readonly isRequired: boolean;
}

/** The form of a mapping that is there already. */
export function formOfSpec(field: string, spec: MappingSpec): MappingForm {
  const { source, setting, hardcoded, converter = "", required = false } = spec;
  const from = source !== undefined ? "source" : setting !== undefined ? "setting" : "hardcoded";
  const literal = typeof hardcoded === "string" ? hardcoded : stringifyExactJson(hardcoded ?? "");
  const value = source ?? setting ?? (hardcoded === undefined ? "" : literal);
  return { field, from, value, converter, isRequired: required };
}

/** One change of an editor: a mapping as it is to be, or none any more. */
export interface MappingChange {
  /** Oomnitza field, upper-case. */
  readonly field: string;
  /** Absent when the mapping of the ini is to go. */
  readonly form: MappingForm | undefined;
}

const sentForm = z.object({
  from: z.enum(["source", "setting", "hardcoded"]),
  value: z.string().trim(),
  converter: z.string(),
  isRequired: z.boolean(),
});

const sentChanges = z.array(z.object({ field: z.string(), form: sentForm.nullable() }));

/**
 * Reads the changes that an editor sends, as JSON.
 *
 * @throws {AgentError} when they are none
 */
export function readChanges(text: string): MappingChange[] {
  const changes = parseJson(text, sentChanges);
  if (changes === undefined) throw new AgentError("The changes did not arrive as they were made");
  return changes.map(({ field, form }) => {
    const name = field.trim().toUpperCase();
    return { field: name, form: form === null ? undefined : { field: name, ...form } };
  });
}

/** A literal is JSON when it is written as anything but a plain text. */
function parseLiteral(text: string): unknown {
  if (!/^([[{"]|-?\d|true$|false$)/.test(text)) return text;
  try {
    return parseExactJson(text);
  } catch {
    // A text that only begins like JSON, such as 10.0.0.1.
    return text;
  }
}

function toMappingSpec(
  { from, value, converter, isRequired }: MappingForm,
  onError: MappingSpec["on_error"],
): MappingSpec {
  return {
    [from]: from === "hardcoded" ? parseLiteral(value) : value,
    ...(converter === "" ? {} : { converter }),
    ...(onError === undefined ? {} : { on_error: onError }),
    ...(isRequired ? { required: true } : {}),
  };
}

/** JSON as people write it: a space behind colons and commas. */
function spaced(spec: MappingSpec): string {
  const parts = Object.entries(spec).map(([key, value]) =>
    `"${key}": ${stringifyExactJson(value)}`
  );
  return `{${parts.join(", ")}}`;
}

/** What the ini says for a mapping: a bare path where that is enough. The form has no `on_error`. */
export function mappingText(form: MappingForm, onError?: MappingSpec["on_error"]): string {
  const spec = toMappingSpec(form, onError);
  const isBare = form.from === "source" && Object.keys(spec).length === 1;
  const bare = isBare ? parseMapping(form.value) : undefined;
  return bare?.ok === true && bare.spec.source === form.value ? form.value : spaced(spec);
}

/** The keys under which a section maps fields itself, as written. */
export function ownKeys(section: IniSection | undefined): ReadonlyMap<string, string> {
  const keys = [...section?.options.values() ?? []].flatMap(({ key, rawKey }) => {
    const field = mappingField(key);
    return field === undefined ? [] : [[field, rawKey] as const];
  });
  return new Map(keys);
}

/** The edit that sets a mapping. */
export function mappingEdits(
  name: string,
  section: IniSection | undefined,
  form: MappingForm,
): IniEdit[] {
  const key = ownKeys(section).get(form.field) ?? `mapping.${form.field}`;
  const old = section?.options.get(key.toLowerCase())?.value;
  const before = old === undefined ? undefined : parseMapping(old);
  const same = before?.ok === true &&
    mappingText(formOfSpec(form.field, before.spec)) === mappingText(form);
  // Written otherwise, but with the same meaning: it stays as it is written.
  const onError = before?.ok === true ? before.spec.on_error : undefined;
  return same ? [] : [{ kind: "set", section: name, key, value: mappingText(form, onError) }];
}

/** What has to be edited in the ini, of a section that may not be in it yet. */
export function changeEdits(
  name: string,
  section: IniSection | undefined,
  changes: readonly MappingChange[],
): IniEdit[] {
  const keys = ownKeys(section);
  return changes.flatMap(({ field, form }): IniEdit[] => {
    if (form !== undefined) return mappingEdits(name, section, form);
    const key = keys.get(field);
    return key === undefined ? [] : [{ kind: "remove", section: name, key }];
  });
}

/**
 * What is wrong with changes before the ini is looked at. A finding names its place as
 * `mapping.FIELD.value`; the part is that of the form.
 */
export function checkChanges(
  changes: readonly MappingChange[],
  custom: ReadonlySet<string>,
): ShownFinding[] {
  return changes.flatMap(({ field, form }) =>
    form === undefined ? [] : checkMappingForm(form, custom).map((finding) => ({
      ...finding,
      field: `mapping.${field}.${finding.field}`,
    }))
  );
}

/** What is wrong with a form before the ini is looked at. */
export function checkMappingForm(form: MappingForm, custom: ReadonlySet<string>): ShownFinding[] {
  const errors: ShownFinding[] = [];
  const report = (field: string, text: string) => errors.push({ severity: "error", field, text });
  if (!/^[\w-]+$/.test(form.field)) {
    report("field", "Enter the name of an Oomnitza field: letters, digits and underscores.");
  }
  if (form.value === "" && form.from !== "hardcoded") {
    report("value", "Enter where the value comes from.");
  }
  const { name } = parseConverterCall(form.converter);
  const isKnown = findConverter(name) !== undefined || custom.has(name.toLowerCase());
  if (form.converter !== "" && !isKnown) report("converter", `There is no converter "${name}".`);
  const lookup = { find: findConverter, names: converterNames, custom };
  const problem = isKnown ? findCallProblem(form.converter, lookup) : undefined;
  if (problem !== undefined) report("converter", `It ${problem.message}.`);
  return errors;
}
