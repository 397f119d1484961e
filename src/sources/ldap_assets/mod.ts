/**
 * Assets from OpenLDAP, Active Directory and other directories that speak LDAP.
 *
 * @module
 */

import {
  checkLdap,
  defineSource,
  idAttributes,
  ldapOptions,
  ldapRule,
  readLdap,
  syncField,
} from "../../sdk/mod.ts";

/** Reads assets, such as computers, out of a directory. */
export const ldapAssets = defineSource({
  name: "ldap_assets",
  title: "LDAP assets",
  kind: "assets",
  summary:
    "Assets, such as computers, from OpenLDAP, Active Directory or another directory that speaks LDAP.",
  mappingName: "LDAP_assets",
  options: { ...ldapOptions, sync_field: syncField() },
  mappings: {},
  fields: {
    "cn": "name",
    "dNSHostName": "name in DNS",
    "serialNumber": "serial number, where somebody keeps it there",
    "description": "description",
    "operatingSystem": "operating system, in Active Directory",
    "operatingSystemVersion": "its version",
    "location": "place",
    "managedBy": "DN of who is responsible",
    "memberOf": "DNs of the groups, the only field with all its values",
    "objectGUID": "Active Directory's unchanging id of the computer",
    "objectSid": "security identifier, S-1-5-21-…",
    "whenCreated": "when the entry was made, such as 20250228093000.0Z",
    "lastLogonTimestamp": "last login in Active Directory; the converter ldap_timestamp reads it",
    "dn": "DN of the entry, which is no attribute",
  },
  // Attributes have no case.
  isSerial: (path) => path.toLowerCase() === "serialnumber",
  // Only members of groups are read one by one; a directory answers many such requests at once.
  namedBy: ["dn"],
  vendorId: idAttributes,
  limits: { concurrency: 8 },
  rule: (options) => ldapRule(options),
  check: (context) => checkLdap(context),
  records: (context) => readLdap(context),
});
