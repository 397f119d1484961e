/**
 * People from OpenLDAP, Active Directory and other directories that speak LDAP.
 *
 * @module
 */

import {
  checkLdap,
  defineSource,
  idAttributes,
  ldapOptions,
  ldapRule,
  peopleOptions,
  readLdap,
} from "../../sdk/mod.ts";

export const ldap = defineSource({
  name: "ldap",
  title: "LDAP",
  kind: "users",
  summary:
    "People from OpenLDAP, Active Directory or another directory that speaks LDAP: everybody below an entry, or the members of groups.",
  mappingName: "LDAP",
  options: { ...ldapOptions, ...peopleOptions },
  mappings: {
    USER: { source: "uid", converter: "ldap_user_field", required: true },
    FIRST_NAME: { source: "givenName" },
    LAST_NAME: { source: "sn" },
    EMAIL: { source: "mail", required: true },
    PERMISSIONS_ID: { setting: "default_role" },
  },
  fields: {
    "uid": "login name; Active Directory rarely has it, then sAMAccountName is taken for USER",
    "sAMAccountName": "login name in Active Directory",
    "userPrincipalName": "login name in Active Directory, as name@domain",
    "mail": "mail address, the first one",
    "givenName": "first name",
    "sn": "last name",
    "cn": "full name",
    "displayName": "name as it is shown",
    "title": "job title",
    "department": "department",
    "company": "company",
    "employeeNumber": "personnel number",
    "employeeID": "personnel number in Active Directory",
    "telephoneNumber": "phone",
    "mobile": "mobile phone",
    "l": "city",
    "physicalDeliveryOfficeName": "office",
    "manager": "DN of the manager",
    "memberOf": "DNs of the groups, the only field with all its values",
    "objectGUID": "Active Directory's unchanging id of the person",
    "objectSid": "security identifier, S-1-5-21-…",
    "userAccountControl": "flags of the account in Active Directory",
    "lastLogonTimestamp": "last login in Active Directory; the converter ldap_timestamp reads it",
    "dn": "DN of the entry, which is no attribute",
  },
  // Only members of groups are read one by one; a directory answers many such requests at once.
  namedBy: ["dn"],
  vendorId: idAttributes,
  limits: { concurrency: 8 },
  rule: (options) => ldapRule(options),
  check: (context) => checkLdap(context),
  // ldap_user_field looks for it whatever the mappings say.
  records: (context) => readLdap(context, ["sAMAccountName"]),
});
