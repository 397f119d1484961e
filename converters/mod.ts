/**
 * The built-in converters: the list that a new one is added to.
 *
 * @module
 */

import type { Converter } from "../src/sdk/mod.ts";
import { capitalize } from "./capitalize.ts";
import { casperExtensionAttribute } from "./casper_extension_attribute.ts";
import { concat } from "./concat.ts";
import { dateFormat } from "./date_format.ts";
import { firstField } from "./first_field.ts";
import { firstFromFull } from "./first_from_full.ts";
import { lastFromFull } from "./last_from_full.ts";
import { ldapTimestamp } from "./ldap_timestamp.ts";
import { ldapUserField } from "./ldap_user_field.ts";
import { location } from "./location.ts";
import { macModelFromSn } from "./mac_model_from_sn.ts";
import { memberOf } from "./member_of.ts";
import { split } from "./split.ts";
import { splitEmail } from "./split_email.ts";
import { timestamp } from "./timestamp.ts";

/** All built-in converters, by name. */
export const converters: readonly Converter[] = [
  capitalize,
  casperExtensionAttribute,
  concat,
  dateFormat,
  firstField,
  firstFromFull,
  lastFromFull,
  ldapTimestamp,
  ldapUserField,
  location,
  macModelFromSn,
  memberOf,
  split,
  splitEmail,
  timestamp,
];

const byName = new Map(converters.map((converter) => [converter.name.toLowerCase(), converter]));

export const converterNames: readonly string[] = converters.map(({ name }) => name);

/** The built-in converter of a name, whatever its case. */
export function findConverter(name: string): Converter | undefined {
  return byName.get(name.toLowerCase());
}
