/**
 * `casper_extension_attribute`: a Jamf Pro extension attribute by its name.
 *
 * @module
 */

import { AgentError, defineConverter, isObject } from "../src/sdk/mod.ts";

const record = { extension_attributes: [{ name: "A", value: 1 }, { name: "Empty", value: "" }] };

export const casperExtensionAttribute = defineConverter({
  name: "casper_extension_attribute",
  summary:
    "Looks up an extension attribute of a Jamf Pro (Casper) record by its name; the mapping's own value is not used.",
  params: {
    attr: { help: "Name of the extension attribute, as spelled in Jamf Pro." },
    default: { help: "The result for records that lack the attribute; null when not given." },
  },
  examples: [
    { call: "casper_extension_attribute:attr=A", record, result: 1 },
    { call: "casper_extension_attribute:attr=B|default=z", record, result: "z" },
    { call: "casper_extension_attribute:attr=B", record, result: null },
    { call: "casper_extension_attribute:attr=Empty|default=z", record, result: "" },
    {
      call: "casper_extension_attribute:attr=A",
      record: { extension_attributes: null },
      result: null,
      fails: true,
    },
  ],
  reads: () => ["extension_attributes"],
  convert({ record, params }) {
    const { extension_attributes: attributes = [] } = record;
    if (!Array.isArray(attributes)) {
      throw new AgentError("extension_attributes of the record is not a list");
    }
    for (const attribute of attributes) {
      if (isObject(attribute) && attribute.name === params.attr) return attribute.value ?? null;
    }
    return params.default ?? null;
  },
});
