/**
 * The fields that the options of a section name: those that it omits when they are empty, and those that
 * are volatile.
 *
 * @module
 */

import type { Finding } from "../base/errors.ts";
import { didYouMean } from "../base/suggest.ts";
import { type FieldMapping, splitFieldNames } from "./mapping.ts";

/** The names in an option, upper-case as fields are. */
export function readFieldNames(text: string): string[] {
  return splitFieldNames(text).map((name) => name.toUpperCase());
}

/** The section whose options are looked at, and its mapping table. */
export interface NamedFieldsInputs {
  readonly section: string;
  readonly file: string;
  readonly line: number;
  readonly settings: { readonly keep_if_empty: string; readonly volatile: string };
  readonly fields: readonly Pick<FieldMapping, "field">[];
  readonly syncFields: readonly string[];
}

/** Names what an option names and nothing maps, and sync fields that are called volatile. */
export function findNamedFieldErrors(inputs: NamedFieldsInputs): Finding[] {
  const { section, file, line, settings, fields, syncFields } = inputs;
  const known = fields.map(({ field }) => field);
  const unmapped = (option: "keep_if_empty" | "volatile", isAllowed: (name: string) => boolean) =>
    readFieldNames(settings[option])
      .filter((name) => !known.includes(name) && !isAllowed(name))
      .map((name): Finding => ({
        ...{ code: "missing", severity: "warning", file, line, section, option },
        message: `names ${name}, which is not mapped`,
        hint: didYouMean(name, known),
      }));
  const synced = readFieldNames(settings.volatile).filter((name) => syncFields.includes(name));
  return [
    ...unmapped("keep_if_empty", (name) => name === "*"),
    ...unmapped("volatile", () => false),
    ...synced.map((name): Finding => ({
      ...{ code: "conflict", severity: "error", file, line, section, option: "volatile" },
      message: `names ${name}, the sync field: a record with another value of it is another record`,
      hint: `Remove ${name} from volatile`,
    })),
  ];
}
