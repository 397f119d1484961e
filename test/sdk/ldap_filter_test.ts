/**
 * Filters against RFC 4515: its examples, and what must not pass.
 *
 * @module
 */
import { expect, test } from "bun:test";
import {
  escapeFilterValue,
  fillFilter,
  joinFilters,
  parseFilter,
} from "../../src/sdk/ldap/filter.ts";
import { filterText } from "../support/ber.ts";

function read(text: string): string {
  const { tag, content } = parseFilter(text);
  return filterText({ tag, bytes: content });
}

test.each([
  ["(cn=Babs Jensen)", 'cn = "Babs Jensen"'],
  ["(!(cn=Tim Howes))", 'not(cn = "Tim Howes")'],
  [
    "(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))",
    'and(objectClass = "Person", or(sn = "Jensen", cn like initial "Babs J"))',
  ],
  ["(o=univ*of*mich*)", 'o like initial "univ" any "of" any "mich"'],
  ["(seeAlso=)", 'seeAlso = ""'],
  [
    "(cn:caseExactMatch:=Fred Flintstone)",
    'match(rule "caseExactMatch", type "cn", value "Fred Flintstone")',
  ],
  ["(cn:=Betty Rubble)", 'match(type "cn", value "Betty Rubble")'],
  [
    "(sn:dn:2.4.6.8.10:=Barney Rubble)",
    'match(rule "2.4.6.8.10", type "sn", value "Barney Rubble", dn 0xff)',
  ],
  ["(o:dn:=Ace Industry)", 'match(type "o", value "Ace Industry", dn 0xff)'],
  ["(:1.2.3:=Wilma Flintstone)", 'match(rule "1.2.3", value "Wilma Flintstone")'],
  ["(:DN:2.4.6.8.10:=Dino)", 'match(rule "2.4.6.8.10", value "Dino", dn 0xff)'],
  [
    "(o=Parens R Us \\28for all your parenthetical needs\\29)",
    'o = "Parens R Us (for all your parenthetical needs)"',
  ],
  ["(cn=*\\2A*)", 'cn like any "*"'],
  ["(filename=C:\\5cMyFile)", 'filename = "C:\\\\MyFile"'],
  ["(bin=\\00\\00\\00\\04)", 'bin = "\\u0000\\u0000\\u0000\\u0004"'],
  ["(sn=Lu\\c4\\8di\\c4\\87)", 'sn = "Lučić"'],
  ["(1.3.6.1.4.1.1466.0=\\04\\02\\48\\69)", '1.3.6.1.4.1.1466.0 = "\\u0004\\u0002Hi"'],
])("RFC 4515, 4: %s", (text, expected) => {
  expect(read(text)).toBe(expected);
});

test.each([
  ["(mail=*)", "mail present"],
  ["(mail=**)", "mail present"],
  ["mail=*@example.org", 'mail like final "@example.org"'],
  ["  ( & (a=1) ( ! (b>=2) ) (c<=3)(d~=4) ) ", 'and(a = "1", not(b >= "2"), c <= "3", d ~= "4")'],
  ["(&)", "and()"],
  ["(objectGUID=\\a5\\ff\\00)", "objectGUID = 0xa5ff00"],
  ["(userCertificate;binary=*)", "userCertificate;binary present"],
  ["(cn=a\\*b\\(c\\))", 'cn = "a*b(c)"'],
  ["(cn=a\\\\*)", 'cn like initial "a\\\\"'],
  ["(cn=x=y)", 'cn = "x=y"'],
  ["(cn=Jürgen 🙂)", 'cn = "Jürgen 🙂"'],
  [
    "(memberOf:1.2.840.113556.1.4.1941:=CN=crew,DC=example,DC=org)",
    'match(rule "1.2.840.113556.1.4.1941", type "memberOf", value "CN=crew,DC=example,DC=org")',
  ],
])("what other programs read as well: %s", (text, expected) => {
  expect(read(text)).toBe(expected);
});

test.each([
  ["(cn=x", '")" is missing (at its end)'],
  ["(cn=x))", 'there is text after its end (before ")")'],
  ["(cn=x)(sn=y)", 'there is text after its end (before "(sn=y)")'],
  ["(=x)", "an attribute and a comparison were expected"],
  ["(cn)", "an attribute and a comparison were expected"],
  ["()", "an attribute and a comparison were expected"],
  ["(!)", '"!" is for one filter'],
  ["(!(a=1)(b=2))", '"!" is for one filter'],
  ["(cn=a(b))", 'a "(" in a value is written \\28'],
  ["(cn=a\\zz)", 'a "\\" in a value is written \\5c'],
  ["(cn=a\\", 'a "\\" in a value is written \\5c'],
  ["(:=x)", "neither attribute nor matching rule is named"],
  ["(cn:dn:1.2:3.4:=x)", "there is more than one matching rule"],
  ["(&(cn=x)y)", '")" is missing'],
])("what is no filter is reported with the position: %s", (text, message) => {
  expect(() => parseFilter(text)).toThrow(message);
});

test("a long value has a long length", () => {
  const value = "x".repeat(70_000);
  expect(read(`(description=${value})`)).toBe(`description = "${value}"`);
});

test("a value that goes into a filter stays a value", () => {
  const value = "*)(uid=\\\0x";
  expect(escapeFilterValue(value)).toBe("\\2a\\29\\28uid=\\5c\\00x");
  expect(read(fillFilter("(|(uid={})(cn={}*))", value))).toBe(
    'or(uid = "*)(uid=\\\\\\u0000x", cn like initial "*)(uid=\\\\\\u0000x")',
  );
  expect(fillFilter("(uid={})", "$& $1 {}")).toBe("(uid=$& $1 {})");
});

test("filters are joined with and without their parentheses", () => {
  expect(read(joinFilters("objectClass=person", " (uid=x) "))).toBe(
    'and(objectClass = "person", uid = "x")',
  );
});
