/**
 * One mapping as a form has it, and as the ini spells it.
 *
 * @module
 */
import { parseExactJson, stringifyExactJson } from "../base/json.ts";
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

/** Reads a sent form. */
export function readMappingForm(form: URLSearchParams): MappingForm {
  const from = form.get("from");
  return {
    field: (form.get("field") ?? "").trim().toUpperCase(),
    from: from === "setting" || from === "hardcoded" ? from : "source",
    value: (form.get("value") ?? "").trim(),
    converter: (form.get("converter") ?? "").trim(),
    isRequired: form.get("required") === "yes",
  };
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

/** The key under which a section maps a field itself, as written; absent when it does not. */
export function ownKey(section: IniSection | undefined, field: string): string | undefined {
  const options = [...section?.options.values() ?? []];
  return options.findLast(({ key }) => mappingField(key) === field)?.rawKey;
}

/** The edit that sets a mapping. */
export function mappingEdits(
  name: string,
  section: IniSection | undefined,
  form: MappingForm,
): IniEdit[] {
  const key = ownKey(section, form.field) ?? `mapping.${form.field}`;
  const old = section?.options.get(key.toLowerCase())?.value;
  const before = old === undefined ? undefined : parseMapping(old);
  const same = before?.ok === true &&
    mappingText(formOfSpec(form.field, before.spec)) === mappingText(form);
  // Written otherwise, but with the same meaning: it stays as it is written.
  const onError = before?.ok === true ? before.spec.on_error : undefined;
  return same ? [] : [{ kind: "set", section: name, key, value: mappingText(form, onError) }];
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
