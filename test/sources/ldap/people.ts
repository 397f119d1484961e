/**
 * Generated people, groups and a referral for the real server, as LDIF (RFC 2849).
 *
 * @module
 */
import { suffix } from "../../support/slapd.ts";

/** A person as generated. */
export interface Person {
  readonly dn: string;
  readonly attributes: Readonly<Record<string, string | readonly string[]>>;
}

/** Bytes of a picture that are no UTF-8. */
export const picture = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 1, 2, 0xfe]);

/** Beginnings of names with all that RFC 4514 has escaped in a DN. */
const oddNames = [
  "Last, First",
  'The "Quoted" One',
  "a+b=c;d<e>f",
  " space before",
  "#hash",
  "back\\s",
];
const lastNames = ["Lästname", "名字", "O'Neill", "Ünïcödé 🙂"];

/** A value as a DN has it (RFC 4514, 2.4). */
export function escapeDn(value: string): string {
  return value.replace(/[\\,"+<>;=]/g, "\\$&").replace(/^[ #]/, "\\$&").replace(/ $/, "\\ ");
}

/** Login name of a person, by number. */
export function uidOf(index: number): string {
  return `person${`${index}`.padStart(4, "0")}`;
}

/** A person by number: each 7th has two addresses, each 50th a picture, each 10th an odd DN. */
export function person(index: number): Person {
  const uid = uidOf(index);
  const odd = oddNames[(index / 10) % oddNames.length] ?? "";
  const cn = index % 10 === 0 ? `${odd} ${uid}` : uid;
  const rdn = index % 10 === 0 ? `cn=${escapeDn(cn)}` : `uid=${uid}`;
  return {
    dn: `${rdn},ou=people,${suffix}`,
    attributes: {
      objectClass: "inetOrgPerson",
      uid,
      cn,
      givenName: `First${index}`,
      sn: `${lastNames[index % lastNames.length]} ${index}`,
      mail: index % 7 === 0
        ? [`${uid}@example.org`, `another.${uid}@example.org`]
        : `${uid}@example.org`,
      mobile: `+00 ${index}`,
      description: "CORP\\new",
      ...(index % 50 === 0 ? { jpegPhoto: picture.toString("base64") } : {}),
    },
  };
}

/** All people, in the order in which they are stored. */
export function people(count: number): Person[] {
  return Array.from({ length: count }, (_, index) => person(index + 1));
}

function line(name: string, value: string): string {
  if (name === "jpegPhoto") return `${name}:: ${value}`;
  return `${name}:: ${Buffer.from(value).toString("base64")}`;
}

function entry(dn: string, attributes: Person["attributes"]): string {
  const lines = Object.entries(attributes)
    .flatMap(([name, values]) => [values].flat().map((value) => line(name, value)));
  return `${line("dn", dn)}\n${lines.join("\n")}\n\n`;
}

export function groupDn(name: string): string {
  return `cn=${name},ou=groups,${suffix}`;
}

/**
 * So many people, and the groups: `crew` has the first 3,000 of them, `pair` two of them, somebody who
 * does not exist and no person, `logins` names people by login name and is not free of traps, and
 * `nobody` is empty.
 */
export function directoryLdif(count: number): string {
  const all = people(count);
  const crew = all.slice(0, 3000).map(({ dn }) => dn);
  const [first = "", second = ""] = crew;
  const group = { objectClass: "groupOfNames" };
  const logins = { objectClass: "posixGroup", gidNumber: "1" };
  return [
    entry(`ou=people,${suffix}`, { objectClass: "organizationalUnit", ou: "people" }),
    entry(`ou=groups,${suffix}`, { objectClass: "organizationalUnit", ou: "groups" }),
    ...all.map(({ dn, attributes }, index) =>
      entry(
        dn,
        index < 3 ? { ...attributes, memberOf: [groupDn("crew"), groupDn("pair")] } : attributes,
      )
    ),
    entry(groupDn("crew"), { ...group, cn: "crew", member: crew }),
    entry(groupDn("pair"), {
      ...group,
      cn: "pair",
      member: [second, `uid=gone,ou=people,${suffix}`, first, `ou=groups,${suffix}`],
    }),
    entry(groupDn("logins"), {
      ...logins,
      cn: "logins",
      memberUid: [uidOf(2), "person000*", "x)(uid=*", "\\2a", uidOf(10)],
    }),
    entry(groupDn("nobody"), { ...logins, cn: "nobody" }),
    entry(`cn=elsewhere,ou=people,${suffix}`, {
      objectClass: ["referral", "extensibleObject"],
      cn: "elsewhere",
      ref: "ldap://directory.example.net/ou=people,dc=example,dc=net",
    }),
  ].join("");
}
