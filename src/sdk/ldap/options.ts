/**
 * The options of a source that reads a directory, and the rule between them.
 *
 * @module
 */

import { z } from "zod";
import { messageOf } from "../../base/errors.ts";
import { changesOptions } from "../changes.ts";
import { fillFilter, parseFilter } from "./filter.ts";
import { kerberosOptions, kerberosRule } from "../kerberos/kerberos.ts";
import { opt, type Option, type Values } from "../option.ts";
import type { SourceContext } from "../source.ts";

/** Rejects text that is not a filter once it is filled in. */
function filterOption(option: Option<string>, fill: (text: string) => string): Option<string> {
  return {
    ...option,
    schema: z.string().transform((value, context) => {
      try {
        parseFilter(fill(value));
        return value;
      } catch (error) {
        context.addIssue({ code: "custom", message: messageOf(error) });
        return z.NEVER;
      }
    }),
  };
}

/** Where a value goes in `group_member_filter`. */
const hole = "{}";

/** The options of a source that reads a directory. */
export const ldapOptions = {
  url: opt.url(
    "Address of the directory: ldap:// or ldaps://, the host and, if need be, the port.",
    {
      example: "ldap://ldap.forumsys.com:389",
      schemes: ["ldap", "ldaps"],
    },
  ),
  username: opt.text(
    "Account to log in as: a DN, or with Active Directory also DOMAIN\\name or name@domain. anonymous logs in without credentials.",
    { default: "", example: "cn=read-only-admin,dc=example,dc=com" },
  ),
  password: opt.secret("Password of that account.", { default: "" }),
  base_dn: opt.text("DN of the entry to search below.", { example: "dc=example,dc=com" }),
  group_dn: opt.text("DN of a group whose members are read instead of everything below base_dn.", {
    default: "",
  }),
  protocol_version: opt.text(
    "3, or 2 for a directory that cannot answer in pages: 2 also logs in by LDAPv3, as the Python connector does.",
    { default: "3" },
  ),
  filter: filterOption(
    opt.text("Search filter: only entries that match are read.", { default: "(objectClass=*)" }),
    (text) => text,
  ),
  start_tls: opt.flag("Whether a connection to ldap:// is encrypted before the login (StartTLS).", {
    default: false,
    advanced: true,
  }),
  authentication: opt.choice(
    "How to log in: with username and password, by Kerberos, or with the client certificate in user_pem_file.",
    ["Password", "Kerberos", "Certificate"],
    { default: "Password", anyCase: true, advanced: true },
  ),
  ...kerberosOptions,
  server_spn: opt.text(
    "Service principal name of the directory, where Kerberos does not find it as ldap/host. For authentication = Kerberos.",
    { default: "", advanced: true, example: "ldap/dc1.example.org" },
  ),
  groups_dn: opt.json(
    "DNs of several groups, as a JSON list; takes precedence over group_dn.",
    z.array(z.string()),
    { default: [], advanced: true },
  ),
  group_members_attr: opt.text("Attribute of a group that lists its members.", {
    default: "member",
    advanced: true,
  }),
  group_member_filter: filterOption(
    opt.text(
      "Search filter that finds a member below base_dn, with {} instead of its value. By default, the value is the member's DN.",
      { default: "", advanced: true },
    ),
    (text) => fillFilter(text, "x"),
  ),
  ...changesOptions("entries"),
  page_criterium: opt.text("Has no effect; accepted for compatibility with older files.", {
    default: "",
    advanced: true,
  }),
} as const;

/** Which directory is read and how: the values of {@linkcode ldapOptions}. */
export type LdapValues = Values<typeof ldapOptions>;

/** What a source that reads a directory is given. */
export type LdapContext = SourceContext<LdapValues>;

/** The rule between the {@linkcode ldapOptions}: what is wrong, or nothing. */
export function ldapRule(values: LdapValues): string | undefined {
  const { url, start_tls, group_member_filter, authentication, username } = values;
  if (start_tls && /^ldaps:/i.test(url)) {
    return "start_tls is for ldap://: a connection to ldaps:// is encrypted from the start";
  }
  if (authentication === "Password" && username === "") {
    return "authentication = Password needs username; anonymous logs in without credentials";
  }
  if (authentication === "Certificate" && !start_tls && !/^ldaps:/i.test(url)) {
    return "authentication = Certificate needs TLS: start_tls = True, or ldaps:// in url";
  }
  if (authentication === "Kerberos") {
    const problem = kerberosRule(values);
    if (problem !== undefined) return problem;
  }
  if (group_member_filter !== "" && !group_member_filter.includes(hole)) {
    return `group_member_filter has no ${hole} for the member`;
  }
  return undefined;
}
