/**
 * The modules os and os.path, as far as they only look at texts: paths as Unix writes them.
 *
 * @module
 */

import { list } from "./sequences.ts";
import { needText } from "./text.ts";
import { members, PyTuple, type Value } from "./types.ts";

function splitPath(value: Value): [string, string] {
  const path = needText(value);
  const at = path.lastIndexOf("/") + 1;
  const head = path.slice(0, at);
  return [/^\/*$/.test(head) ? head : head.replace(/\/+$/, ""), path.slice(at)];
}

function splitExtension(value: Value): [string, string] {
  const path = needText(value);
  const name = path.lastIndexOf("/") + 1;
  const dot = path.lastIndexOf(".");
  // Dots at the front of a name begin no extension.
  if (dot <= name || /^\.*$/.test(path.slice(name, dot))) return [path, ""];
  return [path.slice(0, dot), path.slice(dot)];
}

function joinPaths(first: Value, ...others: Value[]): string {
  let path = needText(first);
  for (const other of others.map((one) => needText(one))) {
    if (other.startsWith("/")) path = other;
    else path += path === "" || path.endsWith("/") ? other : `/${other}`;
  }
  return path;
}

function normalize(value: Value): string {
  const path = needText(value);
  if (path === "") return ".";
  const root = /^\/\/(?!\/)/.test(path) ? "//" : path.startsWith("/") ? "/" : "";
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    const above = parts.at(-1);
    if (part !== ".." || above === ".." || (above === undefined && root === "")) parts.push(part);
    else parts.pop();
  }
  return root + parts.join("/") || ".";
}

function commonPrefix(values: Value): string {
  const texts = list(values).map((one) => needText(one));
  const [first = "", ...others] = texts;
  let length = first.length;
  for (const other of others) {
    while (!other.startsWith(first.slice(0, length))) length--;
  }
  return first.slice(0, length);
}

/** The members of os.path. */
export const pathModule: Record<string, Value> = members({
  basename: [1, 1, (path) => splitPath(path)[1]],
  dirname: [1, 1, (path) => splitPath(path)[0]],
  split: [1, 1, (path) => new PyTuple(splitPath(path))],
  splitext: [1, 1, (path) => new PyTuple(splitExtension(path))],
  join: [1, Infinity, joinPaths],
  normpath: [1, 1, normalize],
  normcase: [1, 1, (path) => needText(path)],
  isabs: [1, 1, (path) => needText(path).startsWith("/")],
  commonprefix: [1, 1, commonPrefix],
  sep: "/",
  extsep: ".",
});
