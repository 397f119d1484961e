/**
 * `ldap_user_field`: the login, with Active Directory's attribute as second choice.
 *
 * @module
 */

import { defineConverter, isEmpty } from "../src/sdk/mod.ts";

const call = "ldap_user_field";

export const ldapUserField = defineConverter({
  name: call,
  summary: "Keeps the value if there is one, else takes sAMAccountName of the record.",
  params: {},
  examples: [
    { call, value: null, record: { sAMAccountName: "jd" }, result: "jd" },
    { call, value: "u", record: { sAMAccountName: "jd" }, result: "u" },
    { call, value: "", record: {}, result: null },
  ],
  reads: () => ["sAMAccountName"],
  convert({ value, record }) {
    return isEmpty(value) ? record.sAMAccountName ?? null : value;
  },
});
