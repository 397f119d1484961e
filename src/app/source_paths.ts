/**
 * The paths of sampled records: how often each is filled, and what its values look like.
 *
 * @module
 */
import { isEmpty, isObject, type Skipped, type SourceRecord } from "../base/record.ts";

/** One path into the records of a source. */
export interface SourcePath {
  readonly path: string;
  /** What the source's declaration says of it; blank when it says nothing. */
  readonly meaning: string;
  /** Sampled records in which it has a value; absent without a sample. */
  readonly filled?: number | undefined;
  /** The shape of a value: letters are x and digits are 9, but for the first of each word. */
  readonly example?: string | undefined;
}

/** What a sample came to. It holds no record. */
export interface Sample {
  /** Records read. */
  readonly count: number;
  /** What could not be read. */
  readonly unreadable: readonly Skipped[];
  readonly paths: readonly SourcePath[];
}

const deepest = 8;
const mostPaths = 2000;
const longestExample = 40;

/** The shape of a text: enough for a converter's author, without its content. */
export function describeShape(value: unknown): string {
  if (Array.isArray(value)) return `list of ${value.length}`;
  if (typeof value === "boolean") return String(value);
  if (isObject(value)) return "object";
  const text = String(value).replaceAll(/\s+/g, " ");
  const shape = text.replaceAll(/[\p{L}\p{M}]+|\d+/gu, (word) => {
    const [first = ""] = word;
    return first + (/\d/.test(first) ? "9" : "x").repeat(Math.max(0, [...word].length - 1));
  });
  return shape.length > longestExample ? `${shape.slice(0, longestExample)}…` : shape;
}

interface Found {
  filled: number;
  example: string | undefined;
}

function walk(value: unknown, path: string, depth: number, found: Map<string, Found>): void {
  if (isObject(value) && depth < deepest && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value)) {
      walk(inner, path === "" ? key : `${path}.${key}`, depth + 1, found);
    }
    return;
  }
  const known = found.get(path);
  if (known === undefined && found.size >= mostPaths) return;
  const entry = known ?? { filled: 0, example: undefined };
  if (known === undefined) found.set(path, entry);
  if (isEmpty(value)) return;
  entry.filled++;
  entry.example ??= describeShape(value);
}

/** Looks through sampled records; paths that the source declares come with their meaning. */
export function samplePaths(
  records: readonly SourceRecord[],
  fields: Readonly<Record<string, string>>,
  unreadable: readonly Skipped[] = [],
): Sample {
  const found = new Map<string, Found>();
  for (const record of records) walk(record, "", 0, found);
  const paths = [...found].map(([path, { filled, example }]) => {
    return {
      path,
      meaning: Object.hasOwn(fields, path) ? fields[path] ?? "" : "",
      filled,
      example,
    };
  });
  return {
    count: records.length,
    unreadable,
    paths: paths.toSorted((a, b) => a.path < b.path ? -1 : 1),
  };
}

/** Everything that can be suggested: what is declared, and what was sampled. */
export function suggestions(
  sample: Sample | undefined,
  fields: Readonly<Record<string, string>>,
): SourcePath[] {
  const sampled = sample?.paths ?? [];
  const known = new Set(sampled.map(({ path }) => path));
  const declared = Object.entries(fields).filter(([path]) => !known.has(path))
    .map(([path, meaning]) => ({ path, meaning, ...(sample === undefined ? {} : { filled: 0 }) }));
  return [...sampled, ...declared];
}
