/**
 * The base64, binascii, hashlib, copy, string and types modules.
 *
 * @module
 */

import { m0, m1, m2 } from "./calls.ts";
import { extras } from "./container_methods.ts";
import { dictOf, makeSet } from "./containers.ts";
import { binasciiError, PyError, raise } from "./errors.ts";
import { md5, sha1, sha256 } from "./hashes.ts";
import { typeName, types } from "./kinds.ts";
import { needText, splitText } from "./text.ts";
import { capitalize } from "./title_case.ts";
import {
  addFields,
  addMethods,
  allowsOld,
  type Entry,
  isRecord,
  members,
  newType,
  PyBytes,
  PyDict,
  type PyObject,
  PySet,
  PyTuple,
  type PyType,
  state,
  typeKey,
  type Value,
} from "./types.ts";
import { fromUtf8, utf8 } from "./utf8.ts";

/** One character per byte. */
function bytes(value: Value): string {
  if (value instanceof PyBytes) return value.s;
  if (typeof value === "string" && allowsOld()) return utf8(value);
  return raise("TypeError", `a bytes-like object is required, not '${typeName(value)}'`);
}

/** Bytes in Python 3; in Python 2 the text that the bytes are. */
function result(text: string): Value {
  return state.version === 2
    ? fromUtf8(text, (byte) => String.fromCharCode(byte))
    : new PyBytes(text);
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function b64encode(value: Value): string {
  const text = bytes(value);
  let out = "";
  for (let at = 0; at < text.length; at += 3) {
    const byte = (place: number) => place < text.length ? text.charCodeAt(place) : 0;
    const all = byte(at) << 16 | byte(at + 1) << 8 | byte(at + 2);
    out += alphabet.charAt(all >> 18) + alphabet.charAt(all >> 12 & 63) +
      (at + 1 < text.length ? alphabet.charAt(all >> 6 & 63) : "=") +
      (at + 2 < text.length ? alphabet.charAt(all & 63) : "=");
  }
  return out;
}

function b64decode(value: Value): string {
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
    bits = (bits << 6 | alphabet.indexOf(char)) & 0xffffff;
    size += 6;
    if (size >= 8) {
      size -= 8;
      out += String.fromCharCode(bits >> size & 255);
    }
  }
  return out;
}

const swap = (text: string, from: string, to: string): string =>
  Array.from(text, (char) => from.includes(char) ? to.charAt(from.indexOf(char)) : char).join("");
const asText = (value: Value) => typeof value === "string" ? value : bytes(value);

/** The members of base64. */
export const base64Module = members({
  b64encode: [1, 1, (value) => result(b64encode(value))],
  b64decode: [1, 1, (value) => result(b64decode(value))],
  urlsafe_b64encode: [1, 1, (value) => result(swap(b64encode(value), "+/", "-_"))],
  urlsafe_b64decode: [1, 1, (value) => result(b64decode(swap(asText(value), "-_", "+/")))],
});

const hex = (text: string) =>
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

class Hash implements PyObject {
  declare readonly [typeKey]: PyType;
  declare readonly name: string;
  readonly run: (text: string) => string;
  declare data: string;
  constructor(name: string, run: (text: string) => string, data: string) {
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
addMethods<Hash>(hashType, {
  update: [1, 1, (hash, more) => {
    hash.data += bytes(more);
    return null;
  }],
  hexdigest: [0, 0, (hash) => hex(hash.run(hash.data))],
  digest: [0, 0, (hash) => new PyBytes(hash.run(hash.data))],
});
addFields<Hash>(hashType, { name: (hash) => hash.name });
const hashing = (
  name: string,
  run: (text: string) => string,
): Entry => [0, 1, (data) => new Hash(name, run, data === undefined ? "" : bytes(data))];

/** The members of hashlib. */
export const hashlibModule = members({
  md5: hashing("md5", md5),
  sha1: hashing("sha1", sha1),
  sha256: hashing("sha256", sha256),
});

function copyOf(value: Value): Value {
  if (Array.isArray(value)) return value.slice();
  if (value instanceof PyDict) return Object.assign(dictOf(value), extras(value));
  if (value instanceof PySet) return makeSet(value.m.values());
  return isRecord(value) ? dictOf(value) : value;
}

/** A copy all the way down; records become dicts that can be changed. */
function deepCopy(value: Value, depth = 0): Value {
  if (depth > 200) raise("RecursionError", "maximum recursion depth exceeded");
  const copy = copyOf(value);
  if (Array.isArray(copy)) return copy.map((item) => deepCopy(item, depth + 1));
  if (copy instanceof PyDict) {
    for (const [key, item] of copy.m) copy.m.set(key, deepCopy(item, depth + 1));
  }
  if (copy instanceof PyTuple) {
    const made: PyTuple = Object.create(Object.getPrototypeOf(copy));
    return Object.assign(made, { a: copy.a.map((item) => deepCopy(item, depth + 1)) });
  }
  return copy;
}

/** The members of copy. */
export const copyModule = members({
  copy: [1, 1, copyOf],
  deepcopy: [1, 1, (value) => deepCopy(value)],
});

const lowerLetters = "abcdefghijklmnopqrstuvwxyz";
const upperLetters = lowerLetters.toUpperCase();
const punctuationMarks = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
const space = " \t\n\r\v\f";

function capwords(text: string, separator: Value = null): string {
  return splitText(text, separator, -1).map((word) => capitalize(word)).join(
    separator === null ? " " : needText(separator),
  );
}

/** Python 2 has the methods of texts as functions here. */
const old = (name: string): Entry => [
  1,
  3,
  (text, a, b) =>
    a === undefined ? m0(text, name) : b === undefined ? m1(text, name, a) : m2(text, name, a, b),
];

/** Python 2's string.maketrans: the characters that stand for the first 256. */
function oldTable(from: Value, to: Value): string {
  const [left, right] = [Array.from(needText(from)), Array.from(needText(to))];
  if (left.length !== right.length) {
    raise("ValueError", "maketrans arguments must have same length");
  }
  const table = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
  left.forEach((char, at) => {
    if (char.charCodeAt(0) < 256) table[char.charCodeAt(0)] = right[at] ?? char;
  });
  return table.join("");
}

/** The members of string. */
export const stringModule = members({
  ascii_lowercase: lowerLetters,
  ascii_uppercase: upperLetters,
  ascii_letters: lowerLetters + upperLetters,
  lowercase: lowerLetters,
  uppercase: upperLetters,
  letters: lowerLetters + upperLetters,
  digits: "0123456789",
  hexdigits: "0123456789abcdefABCDEF",
  octdigits: "01234567",
  punctuation: punctuationMarks,
  whitespace: space,
  printable: `0123456789${lowerLetters}${upperLetters}${punctuationMarks}${space}`,
  capwords: [1, 2, capwords],
  maketrans: [2, 2, oldTable],
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
