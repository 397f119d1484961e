/**
 * The options by which a source says how its records are recognised in Oomnitza, and which of them are written.
 *
 * @module
 */

import { opt } from "./option.ts";

/** Field ids in Oomnitza are 32 hex digits; this one is only a sample of their looks. */
const sampleField = "24DCF85294E411E38A52066B556BA4EE";

/** The sync field of an asset section. */
export function syncField(example: string = sampleField) {
  return opt.text(
    "Oomnitza field that identifies a record. It must be mapped. With API v3, several fields may be given, separated by commas.",
    { example },
  );
}

/** What every section of people declares. */
export const peopleOptions = {
  default_role: opt.text("Id of the Oomnitza role that new people get.", {
    example: "25",
    doubt: (text) =>
      /^\s*(\d+\s*)?$/.test(text)
        ? undefined
        : `is "${text}", and ids of roles in Oomnitza are numbers`,
  }),
  default_position: opt.text(
    "Position that people get when the source has none. unused leaves it to the mappings.",
    { example: "Employee" },
  ),
  sync_field: opt.text("Oomnitza field that identifies a person. It must be mapped.", {
    default: "",
    advanced: true,
  }),
} as const;

/** Whether records that Oomnitza does not have, or already has, are written; valid in every section. */
export const writeModeOptions = {
  insert_only: opt.flag("Only create records that Oomnitza does not have yet, never update.", {
    default: false,
    advanced: true,
  }),
  update_only: opt.flag("Only update records that Oomnitza already has, never create.", {
    default: false,
    advanced: true,
  }),
} as const;
