/**
 * The uuid module, without what is random.
 *
 * @module
 */

import { raise } from "./errors.ts";
import { md5, sha1 } from "./hashes.ts";
import { isInt } from "./numbers.ts";
import { needText } from "./text.ts";
import {
  addFields,
  addHooks,
  members,
  newType,
  PyBytes,
  type PyObject,
  PyTuple,
  type PyType,
  typeKey,
  type Value,
} from "./types.ts";
import { utf8 } from "./utf8.ts";

/** A UUID, as its 32 hexadecimal digits. */
class Uuid implements PyObject {
  declare readonly [typeKey]: PyType;
  declare readonly digits: string;
  constructor(digits: string) {
    this.digits = digits;
  }
}

const names = ["hex", "bytes", "bytes_le", "fields", "int", "version"];
const uuidType: PyType = newType("uuid.UUID", undefined, (...args) => make(args), Uuid.prototype);
Object.assign(uuidType, { $name: "UUID", $least: 0, $most: 6, $names: names });

function make([text, bytes, , , number]: Value[]): Uuid {
  if (bytes instanceof PyBytes) return new Uuid(digitsOf(bytes.s));
  if (isInt(number)) return new Uuid(BigInt(number).toString(16).padStart(32, "0"));
  const digits = needText(text).replace("urn:", "").replace("uuid:", "")
    .replace(/^[{}]+|[{}]+$/g, "").replaceAll("-", "");
  if (!/^[\da-f]{32}$/i.test(digits)) {
    raise("ValueError", "badly formed hexadecimal UUID string");
  }
  return new Uuid(digits.toLowerCase());
}

function digitsOf(bytes: string): string {
  return Array.from(bytes, (char) => char.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

function bytesOf(digits: string): string {
  return digits.replace(/../g, (pair) => String.fromCharCode(parseInt(pair, 16)));
}

function text({ digits }: Uuid): string {
  const cuts = [0, 8, 12, 16, 20, 32];
  return cuts.slice(1).map((end, at) => digits.slice(cuts[at], end)).join("-");
}

/** A number as Python has it. */
function whole(digits: string): number | bigint {
  const value = BigInt(`0x${digits}`);
  return value <= 9007199254740991n ? Number(value) : value;
}

addFields<Uuid>(uuidType, {
  hex: ({ digits }) => digits,
  int: ({ digits }) => whole(digits),
  bytes: ({ digits }) => new PyBytes(bytesOf(digits)),
  urn: (self) => `urn:uuid:${text(self)}`,
  version: ({ digits }) => /[89ab]/.test(digits.charAt(16)) ? Number(digits.charAt(12)) : null,
  fields: ({ digits }) =>
    new PyTuple(
      [[0, 8], [8, 12], [12, 16], [16, 18], [18, 20], [20, 32]].map(([from, to]) =>
        whole(digits.slice(from, to))
      ),
    ),
});
addHooks<Uuid>(uuidType, {
  text,
  repr: (self) => `UUID('${text(self)}')`,
  equal: (a, b) => a.digits === b.digits,
  key: ({ digits }) => `uuid${digits}`,
  compare: (a, b) => a.digits < b.digits ? -1 : a.digits > b.digits ? 1 : 0,
});

/** A UUID from a namespace and a name, by a digest. */
function named(version: number, digest: (bytes: string) => string) {
  return (namespace: Value, name: Value): Uuid => {
    if (!(namespace instanceof Uuid)) raise("TypeError", "the namespace must be a UUID");
    const bytes = name instanceof PyBytes ? name.s : utf8(needText(name));
    const digits = digitsOf(digest(bytesOf(namespace.digits) + bytes)).slice(0, 32);
    const variant = (parseInt(digits.charAt(16), 16) & 3 | 8).toString(16);
    return new Uuid(
      digits.slice(0, 12) + version + digits.slice(13, 16) + variant + digits.slice(17),
    );
  };
}

const namespace = (start: string) => new Uuid(`${start}9dad11d180b400c04fd430c8`);

/** The members of uuid. */
export const uuidModule: Record<string, Value> = members({
  UUID: uuidType,
  uuid3: [2, 2, named(3, md5), "namespace name"],
  uuid5: [2, 2, named(5, sha1), "namespace name"],
  NAMESPACE_DNS: namespace("6ba7b810"),
  NAMESPACE_URL: namespace("6ba7b811"),
  NAMESPACE_OID: namespace("6ba7b812"),
  NAMESPACE_X500: namespace("6ba7b814"),
});
