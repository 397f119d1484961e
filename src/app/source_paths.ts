/**
 * The paths of sampled records: how often each is filled, with what, and what its values look like.
 *
 * @module
 */

import { isBlank, isObject, type SourceRecord } from "../base/record.ts";
import { DistinctTexts } from "./distinct.ts";

/** What a value is, as a record has it. */
export type ValueType = "text" | "number" | "boolean" | "date" | "list" | "object" | "binary";

/** What every text at a path is written like. */
export type TextFormat = "date" | "number" | "boolean" | "email";

/** One path into the records of a source. */
export interface SampledPath {
  readonly path: string;
  /** Records in which it has a value: neither null nor blank. */
  readonly filled: number;
  /** What its values are, the most frequent first; nothing when it has none. */
  readonly types: readonly ValueType[];
  /** What all of its texts are written like; absent when they differ or there are none. */
  readonly format: TextFormat | undefined;
  /** Different values; undefined when there are more than are counted, and for lists and objects only. */
  readonly distinct: number | undefined;
  /** Whether there are more different values than are counted. */
  readonly hasMoreDistinct: boolean;
  /** Shapes of up to three values: letters are x and digits are 9, but for the first of each word. */
  readonly examples: readonly string[];
  /** Some of its values as texts, to compare with what a field takes. Never to be shown. */
  readonly values: readonly string[];
}

/** Levels of objects and lists into which paths are followed. */
const deepest = 16;
/** Paths that are told apart: records that use ids as keys could have any number of them. */
const mostPaths = 5000;
const longestExample = 40;
const mostExamples = 3;
/** Filled records that are looked at for examples and values. */
const examined = 50;
const mostValues = 20;
const longestValue = 60;

/** The shape of a text: enough for a converter's author, without its content. */
export function describeShape(value: unknown): string {
  if (Array.isArray(value)) return `list of ${value.length}`;
  if (typeof value === "boolean") return String(value);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (isObject(value) && !(value instanceof Date)) return "object";
  const text = (value instanceof Date ? value.toISOString() : String(value)).replaceAll(
    /\s+/g,
    " ",
  );
  const shape = text.replaceAll(/[\p{L}\p{M}]+|\d+/gu, (word) => {
    const [first = ""] = word;
    return first + (/\d/.test(first) ? "9" : "x").repeat(Math.max(0, [...word].length - 1));
  });
  return shape.length > longestExample ? `${shape.slice(0, longestExample)}…` : shape;
}

function typeOf(value: unknown): ValueType {
  if (typeof value === "string") return "text";
  if (typeof value === "number" || typeof value === "bigint") return "number";
  if (typeof value === "boolean") return "boolean";
  if (Array.isArray(value)) return "list";
  if (value instanceof Date) return "date";
  return ArrayBuffer.isView(value) ? "binary" : "object";
}

const formats: Readonly<Record<TextFormat, RegExp>> = {
  date: /^(?:\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d\S*)?|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}(?: \d.*)?)$/,
  number: /^[+-]?\d{1,15}(?:[.,]\d+)?$/,
  boolean: /^(?:true|false|yes|no)$/i,
  email: /^[^@\s]+@[^@\s]+\.[^@\s]+$/,
};

const allFormats = Object.keys(formats) as TextFormat[];

/** Whether paths lead into a value; those of an object without keys end there. */
function isInner(value: unknown): value is Record<string, unknown> {
  if (!isObject(value) || value instanceof Date || ArrayBuffer.isView(value)) return false;
  for (const _key in value) return true;
  return false;
}

/** What the values of a path are, in words: `text (date), number`. */
export function describeTypes({ types, format }: Pick<SampledPath, "types" | "format">): string {
  const words = types.map((type) =>
    type === "text" && format !== undefined ? `text (${format})` : type
  );
  return words.join(", ");
}

/** In which part of so many records a path has a value: `98 %`; only all of them are 100 %. */
export function shareOf({ filled }: Pick<SampledPath, "filled">, count: number): string {
  if (count === 0 || filled === 0) return "0 %";
  if (filled === count) return "100 %";
  return `${Math.min(99, Math.max(1, Math.round(filled / count * 100)))} %`;
}

/** A key of the records, and what is below it. */
class PathNode {
  readonly path: string;
  readonly children = new Map<string, PathNode>();
  /** Records in which a path ends here. */
  ends = 0;
  filled = 0;
  readonly #types = new Map<ValueType, number>();
  readonly #distinct = new DistinctTexts();
  readonly #examples = new Set<string>();
  readonly #values = new Set<string>();
  #formats: readonly TextFormat[] = allFormats;

  constructor(path: string) {
    this.path = path;
  }

  note(value: unknown): void {
    this.ends++;
    if (isBlank(value)) return;
    this.filled++;
    const type = typeOf(value);
    this.#types.set(type, (this.#types.get(type) ?? 0) + 1);
    if (this.filled <= examined && this.#examples.size < mostExamples) {
      this.#examples.add(describeShape(value));
    }
    if (type !== "list" && type !== "object" && type !== "binary") this.#noteText(value);
  }

  #noteText(value: unknown): void {
    const text = typeof value === "string" ? value : String(value);
    this.#distinct.add(text);
    if (typeof value === "string" && this.#formats.length > 0) {
      const fits = this.#formats.every((format) => formats[format].test(value));
      if (!fits) this.#formats = this.#formats.filter((format) => formats[format].test(value));
    }
    const isKept = this.filled <= examined && this.#values.size < mostValues;
    if (isKept && text.length <= longestValue) this.#values.add(text);
  }

  describe(): SampledPath {
    const types = [...this.#types].sort(([, a], [, b]) => b - a).map(([type]) => type);
    const { count } = this.#distinct;
    return {
      path: this.path,
      filled: this.filled,
      types,
      format: types.includes("text") ? this.#formats[0] : undefined,
      distinct: count === 0 && this.filled > 0 ? undefined : count,
      hasMoreDistinct: count === undefined,
      examples: [...this.#examples],
      values: [...this.#values],
    };
  }
}

/**
 * Gathers the paths of records, one record after another; of the records themselves it keeps some values
 * for {@linkcode SampledPath.values}. Of a list, the list itself is a path, and what is in its first
 * element: `disks` and `disks.0.size`.
 */
export class PathSample {
  readonly #root = new PathNode("");
  #nodes = 0;
  #count = 0;
  #hasMore = false;

  look(record: SourceRecord): void {
    this.#count++;
    for (const key in record) {
      const node = this.#child(this.#root, key);
      if (node !== undefined) this.#walk(record[key], node, 1);
    }
  }

  /** Records that were looked at. */
  get count(): number {
    return this.#count;
  }

  /** Whether the records have more paths than are told apart. */
  get hasMore(): boolean {
    return this.#hasMore;
  }

  /** The paths in the order of their names; one that is empty wherever others go on below it is none. */
  paths(): SampledPath[] {
    const found: SampledPath[] = [];
    function gather(node: PathNode): void {
      const isPath = node.filled > 0 || (node.ends > 0 && node.children.size === 0);
      if (isPath) found.push(node.describe());
      for (const child of node.children.values()) gather(child);
    }
    for (const node of this.#root.children.values()) gather(node);
    return found.sort((a, b) => a.path < b.path ? -1 : 1);
  }

  #walk(value: unknown, node: PathNode, depth: number): void {
    if (Array.isArray(value)) {
      node.note(value);
      const first = value.length === 0 || depth >= deepest ? undefined : this.#child(node, "0");
      if (first !== undefined) this.#walk(value[0], first, depth + 1);
      return;
    }
    if (depth >= deepest || !isInner(value)) {
      node.note(value);
      return;
    }
    for (const key in value) {
      const child = this.#child(node, key);
      if (child !== undefined) this.#walk(value[key], child, depth + 1);
    }
  }

  #child(node: PathNode, key: string): PathNode | undefined {
    const known = node.children.get(key);
    if (known !== undefined) return known;
    if (this.#nodes >= mostPaths) {
      this.#hasMore = true;
      return undefined;
    }
    this.#nodes++;
    const child = new PathNode(node === this.#root ? key : `${node.path}.${key}`);
    node.children.set(key, child);
    return child;
  }
}

/** The paths of some records. */
export function listPaths(records: readonly SourceRecord[]): string[] {
  const sample = new PathSample();
  for (const record of records) sample.look(record);
  return sample.paths().map(({ path }) => path);
}
