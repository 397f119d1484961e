/**
 * From an entry of a directory to a record: one text for each attribute, and what bytes mean.
 *
 * @module
 */

import type { SourceRecord } from "../../base/record.ts";
import type { Wanted } from "../source.ts";
import type { LdapEntry } from "./connection.ts";

type Attribute = LdapEntry["attributes"][number];

/** What is asked of each entry and how its record is spelled. */
export interface LdapShape {
  /** Attributes to ask for. */
  readonly attributes: readonly string[];
  /** Lower-case name → the spellings by which the record will be looked at. */
  readonly spellings: ReadonlyMap<string, ReadonlySet<string>>;
  /** Whether an entry with none of the attributes is a record all the same. */
  readonly emptyToo: boolean;
}

/** A part of the values of an attribute (Active Directory, "Searching Using Range Retrieval"). */
export interface LdapRange {
  readonly name: string;
  /** Index of the last value of the part; undefined when it is the last part. */
  readonly last: number | undefined;
}

/** `mail`, `cn;lang-de`, `userCertificate;binary` (RFC 4512, 2.5; names with dots are not paths). */
const attributeName = /^[A-Za-z][A-Za-z0-9-]*(;[A-Za-z0-9-]+)*$/;
/** The only attribute of which a record holds every value. */
const listed = "memberof";

const guids = new Set(["objectguid", "ms-ds-consistencyguid", "msexchmailboxguid", "invocationid"]);
const sids = new Set(["objectsid", "sidhistory", "securityidentifier"]);
/** Attributes of syntaxes that are no text: pictures, sounds, certificates. */
const binaries = new Set([
  "jpegphoto",
  "thumbnailphoto",
  "thumbnaillogo",
  "photo",
  "audio",
  "usercertificate",
  "cacertificate",
  "usersmimecertificate",
  "userpkcs12",
]);
/** Stands for what should be text and is not; the Python connector's word. */
const notText = "*BINARY*";

/**
 * The attributes by which a directory knows an entry for as long as it is there, wherever it moves and
 * whatever it is called: of Active Directory ("objectGUID attribute"), and of others (RFC 4530).
 */
export const idAttributes: readonly string[] = ["objectGUID", "entryUUID"];

/**
 * What to ask the directory for; what an entry is known by is asked for besides, and makes no record.
 *
 * @param wanted What anybody will look at.
 * @param extra Attributes to ask for besides.
 */
export function buildShape(wanted: Wanted, extra: readonly string[]): LdapShape {
  const spellings = new Map<string, Set<string>>();
  for (const path of [...wanted.paths, ...extra]) {
    const [name = ""] = path.split(".", 1);
    const known = spellings.get(name.toLowerCase()) ?? new Set();
    spellings.set(name.toLowerCase(), known.add(name));
  }
  const named = [...spellings]
    .flatMap(([lower, [first = ""]]) => lower !== "dn" && attributeName.test(first) ? [first] : []);
  // Some directories keep memberOf apart, and give it only when it is named.
  const attributes = wanted.everything ? ["*", "memberOf", ...named] : named;
  const ids = idAttributes.filter((name) => !spellings.has(name.toLowerCase()));
  return { attributes: [...attributes, ...ids], spellings, emptyToo: attributes.length === 0 };
}

/** Whether an entry has none of the attributes that somebody will look at. */
export function isEmpty({ attributes }: LdapEntry, { spellings, emptyToo }: LdapShape): boolean {
  if (emptyToo) return false;
  return attributes.every(({ type }) => {
    return idAttributes.includes(type) && !spellings.has(type.toLowerCase());
  });
}

/** Reads `member;range=0-1499`; the range is undefined for any other attribute. */
export function parseRange(attribute: string): LdapRange | undefined {
  const match = /^(.*);range=\d+-(\d+|\*)$/i.exec(attribute);
  if (match === null) return undefined;
  const [, name = "", last = "*"] = match;
  return { name, last: last === "*" ? undefined : Number(last) };
}

/** Whether a record holds every value of that attribute. */
export function isListed(name: string): boolean {
  return name.toLowerCase() === listed;
}

/** The values of an attribute as texts. */
export function decodeTexts({ type, values, parsedBuffers }: Attribute): string[] {
  const name = type.toLowerCase();
  const plain = name.split(";", 1)[0] ?? "";
  if (guids.has(plain)) return parsedBuffers.map(guidText);
  if (sids.has(plain)) return parsedBuffers.map(sidText);
  if (binaries.has(plain) || name.endsWith(";binary")) return parsedBuffers.map(base64);
  return values.map((value) => typeof value === "string" ? value : notText);
}

/** Makes the record of an entry: the first value of each attribute, and `dn`. */
export function toRecord(
  entry: LdapEntry,
  { spellings }: LdapShape,
  lists: ReadonlyMap<string, readonly string[]> = new Map(),
): SourceRecord {
  const pairs: [string, unknown][] = [["dn", entry.name]];
  for (const spelling of spellings.get("dn") ?? []) pairs.push([spelling, entry.name]);
  for (const attribute of entry.attributes) {
    const name = parseRange(attribute.type)?.name ?? attribute.type;
    const lower = name.toLowerCase();
    const texts = lists.get(lower) ?? decodeTexts(attribute);
    // Active Directory gives `memberOf` without values beside `memberOf;range=0-1499`.
    if (texts.length === 0) continue;
    const value = isListed(name) ? texts : texts[0];
    pairs.push([name, value]);
    // Attributes have no case, but paths into records do; and directories add `;binary`.
    const known = spellings.get(lower) ?? spellings.get(lower.replace(/;binary$/, ""));
    for (const spelling of known ?? []) if (spelling !== name) pairs.push([spelling, value]);
  }
  return Object.fromEntries(pairs);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

/** A GUID as Windows writes it: the first three groups are little-endian ([MS-DTYP] 2.3.4). */
function guidText(bytes: Uint8Array): string {
  if (bytes.length !== 16) return base64(bytes);
  const order = [3, 2, 1, 0, -1, 5, 4, -1, 7, 6, -1, 8, 9, -1, 10, 11, 12, 13, 14, 15];
  return order
    .map((index) => index < 0 ? "-" : (bytes[index] ?? 0).toString(16).padStart(2, "0"))
    .join("");
}

/** A security identifier as `S-1-5-21-…` ([MS-DTYP] 2.4.2). */
function sidText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes);
  const count = buffer[1] ?? 0;
  if (buffer.length < 8 || buffer.length !== 8 + 4 * count) return base64(bytes);
  const authority = buffer.readUIntBE(2, 6);
  const high = authority >= 2 ** 32 ? `0x${authority.toString(16).padStart(12, "0")}` : authority;
  const parts = Array.from({ length: count }, (_, index) => buffer.readUInt32LE(8 + 4 * index));
  return ["S", buffer[0], high, ...parts].join("-");
}
