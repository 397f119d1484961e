/** The base64, binascii, hashlib, copy, string and types modules. @module */

import { m1, m2 } from "./calls.js";
import { fromUtf8, utf8 } from "./codecs.js";
import { extras } from "./container_methods.js";
import { dictOf } from "./containers.js";
import { binasciiError, PyError, raise } from "./errors.js";
import { md5, sha1, sha256 } from "./hashes.js";
import { typeName, types } from "./kinds.js";
import { splitText } from "./text.js";
import {
  addMethods,
  isRecord,
  members,
  newType,
  PyBytes,
  PyDict,
  PySet,
  PyTuple,
  state,
} from "./types.js";

/** One character per byte. */
function bytes(value) {
  if (value instanceof PyBytes) return value.s;
  if (typeof value === "string" && state.version === 2) return utf8(value);
  return raise("TypeError", `a bytes-like object is required, not '${typeName(value)}'`);
}

/** Bytes in Python 3; in Python 2 the text that the bytes are. */
function result(text) {
  return state.version === 2
    ? fromUtf8(text, (byte) => String.fromCharCode(byte))
    : new PyBytes(text);
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function b64encode(value) {
  const text = bytes(value);
  let out = "";
  for (let at = 0; at < text.length; at += 3) {
    const [a, b, c] = [0, 1, 2].map((next) =>
      at + next < text.length ? text.charCodeAt(at + next) : 0
    );
    const all = a << 16 | b << 8 | c;
    out += ALPHABET[all >> 18] + ALPHABET[all >> 12 & 63] +
      (at + 1 < text.length ? ALPHABET[all >> 6 & 63] : "=") +
      (at + 2 < text.length ? ALPHABET[all & 63] : "=");
  }
  return out;
}

function b64decode(value) {
  const text = (typeof value === "string" ? value : bytes(value)).replace(/[^A-Za-z0-9+/=]/g, "");
  const plain = text.replace(/=.*$/s, "");
  const padding = text.length - plain.length;
  if (plain.length % 4 === 1) {
    throw new PyError(binasciiError, [
      `Invalid base64-encoded string: number of data characters (${plain.length}) cannot be 1 more than a multiple of 4`,
    ]);
  }
  if (
    (plain.length + padding) % 4 !== 0 && padding < 4 - plain.length % 4 && plain.length % 4 !== 0
  ) {
    throw new PyError(binasciiError, ["Incorrect padding"]);
  }
  let out = "";
  let bits = 0;
  let size = 0;
  for (const char of plain) {
    bits = (bits << 6 | ALPHABET.indexOf(char)) & 0xffffff;
    size += 6;
    if (size >= 8) {
      size -= 8;
      out += String.fromCharCode(bits >> size & 255);
    }
  }
  return out;
}

const swap = (text, from, to) =>
  Array.from(text, (char) => from.includes(char) ? to[from.indexOf(char)] : char).join("");
const asText = (value) => typeof value === "string" ? value : bytes(value);

/** The members of base64. */
export const base64Module = members({
  b64encode: [1, 1, (value) => result(b64encode(value))],
  b64decode: [1, 1, (value) => result(b64decode(value))],
  urlsafe_b64encode: [1, 1, (value) => result(swap(b64encode(value), "+/", "-_"))],
  urlsafe_b64decode: [1, 1, (value) => result(b64decode(swap(asText(value), "-_", "+/")))],
});

const hex = (text) =>
  Array.from(text, (char) => char.charCodeAt(0).toString(16).padStart(2, "0")).join("");

/** The members of binascii. */
export const binasciiModule = members({
  hexlify: [1, 1, (value) => result(hex(bytes(value)))],
  unhexlify: [1, 1, (value) => {
    const text = asText(value);
    if (text.length % 2 === 1) throw new PyError(binasciiError, ["Odd-length string"]);
    if (/[^\da-fA-F]/.test(text)) throw new PyError(binasciiError, ["Non-hexadecimal digit found"]);
    return result(text.replace(/../g, (pair) => String.fromCharCode(parseInt(pair, 16))));
  }],
  Error: binasciiError,
});

class Hash {
  constructor(name, run, data) {
    this.name = name;
    this.run = run;
    this.data = data;
  }
}
const hashType = newType(
  "_hashlib.HASH",
  undefined,
  () => raise("TypeError", "cannot create '_hashlib.HASH' instances"),
  Hash.prototype,
);
addMethods(hashType, {
  update: [1, 1, (hash, more) => {
    hash.data += bytes(more);
    return null;
  }],
  hexdigest: [0, 0, (hash) => hex(hash.run(hash.data))],
  digest: [0, 0, (hash) => new PyBytes(hash.run(hash.data))],
});
hashType.$info.fields.name = (hash) => hash.name;
const hashing = (
  name,
  run,
) => [0, 1, (data) => new Hash(name, run, data === undefined ? "" : bytes(data))];

/** The members of hashlib. */
export const hashlibModule = members({
  md5: hashing("md5", md5),
  sha1: hashing("sha1", sha1),
  sha256: hashing("sha256", sha256),
});

function copyOf(value) {
  if (Array.isArray(value)) return value.slice();
  if (value instanceof PyDict) return Object.assign(dictOf(value), extras(value));
  if (value instanceof PySet) return types.set.$info.methods.copy(value);
  return isRecord(value) ? dictOf(value) : value;
}

/** A copy all the way down; records become dicts that can be changed. */
function deepCopy(value, depth = 0) {
  if (depth > 200) raise("RecursionError", "maximum recursion depth exceeded");
  const copy = copyOf(value);
  if (Array.isArray(copy)) return copy.map((item) => deepCopy(item, depth + 1));
  if (copy instanceof PyDict) {
    for (const [key, item] of copy.m) copy.m.set(key, deepCopy(item, depth + 1));
  }
  if (copy instanceof PyTuple) {
    return Object.assign(Object.create(Object.getPrototypeOf(copy)), {
      a: copy.a.map((item) => deepCopy(item, depth + 1)),
    });
  }
  return copy;
}

/** The members of copy. */
export const copyModule = members({
  copy: [1, 1, copyOf],
  deepcopy: [1, 1, (value) => deepCopy(value)],
});

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
const PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
const SPACE = " \t\n\r\v\f";

function capwords(text, separator = null) {
  const capitalize = types.str.$info.methods.capitalize;
  return splitText(text, separator, -1).map((word) => capitalize(word)).join(separator ?? " ");
}

/** Python 2 has the methods of texts as functions here. */
const old = (
  name,
) => [
  1,
  3,
  (text, a, b) =>
    a === undefined
      ? types.str.$info.methods[name](text)
      : b === undefined
      ? m1(text, name, a)
      : m2(text, name, a, b),
];

/** The members of string. */
export const stringModule = members({
  ascii_lowercase: LOWER,
  ascii_uppercase: UPPER,
  ascii_letters: LOWER + UPPER,
  lowercase: LOWER,
  uppercase: UPPER,
  letters: LOWER + UPPER,
  digits: "0123456789",
  hexdigits: "0123456789abcdefABCDEF",
  octdigits: "01234567",
  punctuation: PUNCTUATION,
  whitespace: SPACE,
  printable: `0123456789${LOWER}${UPPER}${PUNCTUATION}${SPACE}`,
  capwords: [1, 2, capwords],
  join: [1, 2, (items, separator = " ") => m1(separator, "join", items)],
  split: old("split"),
  replace: [3, 4, (text, a, b) => m2(text, "replace", a, b)],
  strip: old("strip"),
  lstrip: old("lstrip"),
  rstrip: old("rstrip"),
  lower: old("lower"),
  upper: old("upper"),
  find: old("find"),
  zfill: old("zfill"),
  capitalize: old("capitalize"),
  atoi: [1, 2, (text, base) => types.int(text, base)],
  atof: [1, 1, (text) => types.float(text)],
});

/** The members of types: Python 2's names of types. */
export const typesModule = members({
  BooleanType: types.bool,
  DictType: types.dict,
  FloatType: types.float,
  IntType: types.int,
  ListType: types.list,
  LongType: types.int,
  NoneType: types.NoneType,
  StringType: types.str,
  StringTypes: new PyTuple([types.str]),
  TupleType: types.tuple,
  UnicodeType: types.str,
});
