/**
 * What Python bodies are given besides Python: their parameters and the agent's names. The names
 * are defined in `guest/python/names.ts`.
 *
 * @module
 */

import type { TranslateOptions } from "../python/mod.ts";

const shared = {
  record: "record",
  names: new Set(["converter", "cae", "cea", "get_field_value", "LOG", "DynamicException"]),
  lookups: {
    cae: { field: "extension_attributes" },
    cea: { field: "extension_attributes" },
    get_field_value: "path",
  },
} satisfies Partial<TranslateOptions>;

/** By kind of body. */
export const pythonSettings: Readonly<Record<"converter" | "filter", TranslateOptions>> = {
  converter: { ...shared, parameters: ["record", "field", "value", "params"] },
  filter: { ...shared, parameters: ["record"], openKeys: true },
};
