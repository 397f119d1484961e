/**
 * Where the custom converters of the ini are used, and the edits that keep these in step.
 *
 * @module
 */
import type { IniDocument } from "../config/ini.ts";
import type { IniEdit } from "../config/ini_writer.ts";
import { mappingField, parseMapping } from "../config/mapping_option.ts";
import { parseConverterCall } from "../transform/converter_call.ts";

/** A mapping of the ini that calls a converter. */
export interface ConverterUse {
  readonly section: string;
  /** The Oomnitza field. */
  readonly field: string;
  /** Key and value as the ini has them. */
  readonly key: string;
  readonly value: string;
}

function converterIn(value: string): string | undefined {
  const parsed = parseMapping(value);
  if (!parsed.ok || parsed.spec.converter === undefined) return undefined;
  return parseConverterCall(parsed.spec.converter).name.toLowerCase();
}

/** The mappings of the ini that call a converter, in file order. */
export function findConverterUses(document: IniDocument, converter: string): ConverterUse[] {
  const name = converter.toLowerCase();
  return document.sections.flatMap((section) =>
    [...section.options.values()].flatMap(({ key, rawKey, value }) => {
      const field = mappingField(key);
      if (field === undefined || converterIn(value) !== name) return [];
      return [{ section: section.name, field, key: rawKey, value }];
    })
  );
}

/** The value with the name of its converter replaced; the name may occur elsewhere in it as well. */
function renamed(value: string, from: string, to: string): string | undefined {
  const folded = value.toLowerCase();
  let at = folded.lastIndexOf(from.toLowerCase());
  for (; at >= 0; at = at === 0 ? -1 : folded.lastIndexOf(from.toLowerCase(), at - 1)) {
    const text = value.slice(0, at) + to + value.slice(at + from.length);
    if (converterIn(text) === to.toLowerCase()) return text;
  }
  return undefined;
}

/** The edits that let mappings call a converter by its new name. */
export function renameUses(document: IniDocument, from: string, to: string): IniEdit[] {
  return findConverterUses(document, from).flatMap(({ section, key, value: old }): IniEdit[] => {
    const value = renamed(old, from, to);
    return value === undefined ? [] : [{ kind: "set", section, key, value }];
  });
}
