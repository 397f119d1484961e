/**
 * The modules urllib.parse, urllib and urlparse: texts of addresses, no network.
 *
 * @module
 */
// deno-lint-ignore-file no-control-regex -- control characters in front are left out

import { namedtuple } from "./collections.ts";
import { t } from "./compare.ts";
import { dictSet } from "./containers.ts";
import { dictPairs } from "./dict_items.ts";
import { str } from "./repr.ts";
import { list } from "./sequences.ts";
import { needText } from "./text.ts";
import {
  addFields,
  allowsOld,
  isRecord,
  members,
  PyBytes,
  PyDict,
  PyTuple,
  type PyType,
  type Value,
} from "./types.ts";
import { fromUtf8, utf8 } from "./utf8.ts";

function quote(value: Value, safe: Value = "/"): string {
  const kept = needText(safe);
  const bytes = value instanceof PyBytes ? value.s : utf8(needText(value));
  // Python 2 and old versions of Python 3 escape the tilde too.
  const plain = /[A-Za-z0-9_.\-~]/;
  return Array.from(
    bytes,
    (char) =>
      plain.test(char) || kept.includes(char)
        ? char
        : `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  ).join("");
}

function quotePlus(value: Value, safe: Value = ""): string {
  return quote(value, `${needText(safe)} `).replaceAll(" ", "+");
}

function unquote(value: Value): string {
  const text = needText(value);
  return text.replace(/(?:%[\da-fA-F]{2})+/g, (run) => {
    const bytes = run.replace(/%(..)/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
    return fromUtf8(bytes, (byte) => allowsOld() ? String.fromCharCode(byte) : "\ufffd");
  });
}

function unquotePlus(value: Value): string {
  return unquote(needText(value).replaceAll("+", " "));
}

function urlencode(query: Value, doseq: Value = false): string {
  const pairs = query instanceof PyDict || isRecord(query)
    ? dictPairs(query)
    : list(query).map((pair) => list(pair));
  const text = (value: Value) =>
    quotePlus(value instanceof PyBytes || typeof value === "string" ? value : str(value));
  return pairs.flatMap(([key, value]) => {
    const several = t(doseq) && (Array.isArray(value) || value instanceof PyTuple);
    return (several ? list(value) : [value]).map((one) => `${text(key)}=${text(one)}`);
  }).join("&");
}

const splitType = namedtuple("SplitResult", "scheme netloc path query fragment");
const parseType = namedtuple("ParseResult", "scheme netloc path params query fragment");
for (const type of [splitType, parseType]) {
  addFields<PyTuple>(type, {
    hostname: ({ a }) => hostOf(a)?.toLowerCase() || null,
    port: ({ a }) => {
      const port = /:(\d+)$/.exec(String(a[1]))?.[1];
      return port === undefined ? null : Number(port);
    },
    username: ({ a }) => /^([^:@]*)(?::[^@]*)?@/.exec(String(a[1]))?.[1] ?? null,
    password: ({ a }) => /^[^:@]*:([^@]*)@/.exec(String(a[1]))?.[1] ?? null,
  });
}

function hostOf(parts: readonly Value[]): string | undefined {
  return /^(?:[^@]*@)?(\[[^\]]*\]|[^:]*)/.exec(String(parts[1]))?.[1]?.replace(/^\[|\]$/g, "");
}

function split(value: Value): string[] {
  const match =
    /^(?:([a-zA-Z][a-zA-Z\d+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s
      .exec(needText(value).replace(/^[\x00-\x20]+/, ""));
  const [, scheme = "", host = "", path = "", query = "", fragment = ""] = match ?? [];
  return [scheme.toLowerCase(), host, path, query, fragment];
}

function build(type: PyType, parts: readonly string[]): Value {
  return type(...parts);
}

function parse(value: Value): Value {
  const [scheme = "", host = "", whole = "", query = "", fragment = ""] = split(value);
  const at = whole.indexOf(";", whole.lastIndexOf("/"));
  const path = at < 0 ? whole : whole.slice(0, at);
  const params = at < 0 ? "" : whole.slice(at + 1);
  return build(parseType, [scheme, host, path, params, query, fragment]);
}

function unsplit(value: Value): string {
  const parts = list(value).map((part) => needText(part));
  const [scheme = "", host = "", path = "", query = "", fragment = ""] = parts.length === 6
    ? [parts[0], parts[1], parts[3] ? `${parts[2]};${parts[3]}` : parts[2], parts[4], parts[5]]
    : parts;
  const rooted = host !== "" && path !== "" && !path.startsWith("/") ? `/${path}` : path;
  return `${scheme && `${scheme}:`}${host && `//${host}`}${rooted}${query && `?${query}`}${
    fragment && `#${fragment}`
  }`;
}

function queryPairs(value: Value, keepBlank: Value): [string, string][] {
  return needText(value).split("&").filter((part) => part !== "").flatMap((part) => {
    const at = part.indexOf("=");
    const [key, text] = at < 0 ? [part, ""] : [part.slice(0, at), part.slice(at + 1)];
    if (text === "" && !t(keepBlank)) return [];
    return [[unquotePlus(key), unquotePlus(text)] as [string, string]];
  });
}

function queryLists(value: Value, keepBlank: Value): PyDict {
  const out = new PyDict();
  for (const [key, text] of queryPairs(value, keepBlank)) {
    const known = out.m.get(key);
    if (Array.isArray(known)) known.push(text);
    else dictSet(out, key, [text]);
  }
  return out;
}

function join(base: Value, relative: Value): string {
  const [to, from] = [split(relative), split(base)];
  if (needText(relative) === "") return needText(base);
  if (to[0] !== "" && to[0] !== from[0]) return needText(relative);
  if (to[1] !== "") return unsplit([from[0], ...to.slice(1)]);
  if (to[2] === "") return unsplit([from[0], from[1], from[2], to[3] || from[3], to[4]]);
  const whole = to[2]?.startsWith("/") ? to[2] : `${(from[2] ?? "").replace(/[^/]*$/, "")}${to[2]}`;
  const parts: string[] = [];
  const steps = (whole ?? "").split("/");
  steps.forEach((step, at) => {
    if (step === "..") { if (parts.length > 1) parts.pop(); }
    else if (step !== ".") parts.push(step);
    if ((step === ".." || step === ".") && at === steps.length - 1) parts.push("");
  });
  return unsplit([from[0], from[1], parts.join("/"), to[3], to[4]]);
}

const shared = {
  quote: [1, 2, quote, "string safe"],
  quote_plus: [1, 2, quotePlus, "string safe"],
  unquote: [1, 1, unquote],
  unquote_plus: [1, 1, unquotePlus],
  urlencode: [1, 2, urlencode, "query doseq"],
} as const;
const parts = {
  urlparse: [1, 1, parse],
  urlsplit: [1, 1, (value: Value) => build(splitType, split(value))],
  urlunparse: [1, 1, unsplit],
  urlunsplit: [1, 1, unsplit],
  urljoin: [2, 2, join],
  parse_qs: [1, 2, queryLists, "qs keep_blank_values"],
  parse_qsl: [
    1,
    2,
    (value: Value, keep: Value) => queryPairs(value, keep).map((pair) => new PyTuple(pair)),
    "qs keep_blank_values",
  ],
} as const;

/** The members of urllib.parse. */
export const urlParseModule: Record<string, Value> = members({ ...shared, ...parts });
/** The members of Python 2's urlparse. */
export const oldUrlParseModule: Record<string, Value> = members({ ...parts });
/** The members of Python 2's urllib. */
export const oldUrllibModule: Record<string, Value> = members({ ...shared });
