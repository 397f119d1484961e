/**
 * OneLogin's answers, and the names of its own fields.
 *
 * @module
 */

import { z } from "zod";
import { isObject, type SourceRecord, type XmlElement } from "../../sdk/mod.ts";

const user = z.record(z.string(), z.unknown());

/** What API 1 says of a request. */
const status = z.object({ error: z.boolean(), code: z.number(), message: z.string().nullish() });

/** API 1, "Get Users". */
export const usersV1 = z.object({
  status: status.optional(),
  pagination: z.object({ after_cursor: z.string().nullish() }).nullish(),
  data: z.array(user).optional(),
});

/** API 2, "List Users": the cursor is in a header. */
export const usersV2 = z.array(user);

const listXml = z.custom<XmlElement | null>((value) => value === null || isObject(value));

/** The XML API, "Get Users"; Ruby on Rails has another name for a list with nothing in it. */
export const usersXml = z.object({ users: listXml }).or(z.object({ "nil-classes": z.null() }));

/** "User Resource" of API 2. */
const fieldsV2 = `activated_at comment company created_at department directory_id distinguished_name
  email external_id firstname group_id id invalid_login_attempts invitation_sent_at last_login
  lastname locked_until manager_ad_id manager_user_id member_of password_changed_at phone
  preferred_locale_code role_ids samaccountname state status title trusted_idp_id updated_at
  username userprincipalname`.split(/\s+/);

/** The same with those that only API 1 has. */
const ownFields: ReadonlySet<string> = new Set([
  ...fieldsV2,
  "locale_code",
  "openid_name",
  "role_id",
]);

/** "User Resource" of the XML API. */
const ownXmlFields: ReadonlySet<string> = new Set(
  `activated-at created-at directory-id distinguished-name email external-id firstname group-id id
  invalid-login-attempts invitation-sent-at last-login lastname locale-code locked-until member-of
  openid-name password-changed-at phone status updated-at username`.split(/\s+/),
);

/** What API 2 gives of a person when no `fields` are asked for ("List Users"). */
const plainFields: ReadonlySet<string> = new Set(
  `activated_at created_at directory_id distinguished_name email external_id firstname group_id id
  invalid_login_attempts invitation_sent_at last_login lastname locked_until member_of
  password_changed_at phone samaccountname state status updated_at username`.split(/\s+/),
);

/** The `fields` of API 2, where more than the usual ones is looked at. */
export function fieldsFor(paths: readonly string[], everything: boolean): string | undefined {
  const isPlain = (path: string) => plainFields.has(path.split(".", 1)[0] ?? path);
  if (!everything && paths.every(isPlain)) return undefined;
  return [...fieldsV2, "custom_attributes"].join(",");
}

/** The record with more names for what it has; its own names and OneLogin's fields win. */
function withShortNames(
  record: SourceRecord,
  more: Iterable<[string, unknown]>,
  own: ReadonlySet<string>,
): SourceRecord {
  const added = [...more].filter(([name]) => !own.has(name) && !Object.hasOwn(record, name));
  return added.length === 0 ? record : { ...Object.fromEntries(added), ...record };
}

/** Custom attributes can be mapped with their prefix and without: `office` is `custom_attributes.office`. */
export function withCustomAttributes(record: SourceRecord): SourceRecord {
  const { custom_attributes: custom } = record;
  if (!isObject(custom)) return record;
  return withShortNames(record, Object.entries(custom), ownFields);
}

const xmlPrefix = "custom_attribute_";

/** The same for the XML API, where `office` is `custom_attribute_office`. */
export function withXmlCustomAttributes(record: SourceRecord): SourceRecord {
  const custom = Object.entries(record).filter(([name]) => name.startsWith(xmlPrefix))
    .map(([name, value]): [string, unknown] => [name.slice(xmlPrefix.length), value]);
  return withShortNames(record, custom, ownXmlFields);
}
